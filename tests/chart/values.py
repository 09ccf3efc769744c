"""values.yaml as data: each key with its default, its sentence and its type.

A sentence is a comment that begins with ``# --``; ``# @schema {…}`` adds to what the default says
of the type, and makes a leaf of a map.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SENTENCE, SCHEMA = "# -- ", "# @schema "


@dataclass(frozen=True)
class Value:
    """A key of values.yaml; ``schema`` is what its comment adds."""

    path: tuple[str, ...]
    default: Any
    sentence: str
    schema: dict[str, Any] | None

    @property
    def is_leaf(self) -> bool:
        """Tell whether its content is one value rather than a section of values."""
        return bool(self.schema) or not (isinstance(self.default, dict) and self.default)

    @property
    def is_needed(self) -> bool:
        """Tell whether null cannot stand for it: it is a section, or its default is something."""
        is_nullable = "null" in (self.schema or {}).get("type", ())
        is_map = bool(self.schema) and isinstance(self.default, dict)
        return not (is_nullable or is_map or self.default in (None, "", []))


def read_values(path: Path) -> list[Value]:
    """Return every key down to the leaves, in the order of the file."""
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        message = f"{path}: not a map"
        raise TypeError(message)
    return list(_values(root, yaml.safe_load(text), text.splitlines(), ()))


def _values(
    node: yaml.MappingNode, data: dict[str, Any], lines: list[str], above: tuple[str, ...]
) -> Iterator[Value]:
    for key, child in node.value:
        comment = _comment(lines, key.start_mark.line)
        sentence = " ".join(line[len(SENTENCE) :] for line in comment if line.startswith(SENTENCE))
        schemas = [line[len(SCHEMA) :] for line in comment if line.startswith(SCHEMA)]
        schema = yaml.safe_load(schemas[0]) if schemas else None
        value = Value((*above, key.value), data[key.value], sentence, schema)
        yield value
        if not value.is_leaf:
            yield from _values(child, data[key.value], lines, value.path)


def _comment(lines: list[str], end: int) -> list[str]:
    """The comment right above a line."""
    begin = end
    while begin and lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return [line.strip() for line in lines[begin:end]]

"""Write the parts of the repository that are generated, or check that they are as they would be.

docs/settings.md and the chart's schema come from the settings models, the chart's table of values
from its values.yaml, k8s/rendered from helm, docs/answers.md's tables from what the tests try.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chart.files import before_helm, of_helm
from tests.unit.answer_match import table as answer_table

from gabarito.pipeline.schema import Pipeline

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "docs/settings.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def settings_sections() -> str:
    """Return a table of the settings of the whole file, then one for each section."""
    schema = Pipeline.model_json_schema()
    defs, fields = schema["$defs"], schema["properties"]
    own = [(name, field) for name, field in fields.items() if not section_of(field, defs)]
    parts = ["## The whole file", table(own)]
    for name, field in fields.items():
        section = section_of(field, defs)
        if section:
            rows = walk(section, defs, f"{name}.")
            parts += [f"## {name}", field["description"], table(rows)]
            parts += [part for path, list_ in rows for part in kinds_of(path, list_, defs)]
    return "\n\n".join(parts)


def kinds_of(path: str, field: dict[str, Any], defs: dict[str, Any]) -> Iterator[str]:
    """Yield a table for each kind of entry of a list, where there are several."""
    kinds = field.get("items", {}).get("discriminator", {}).get("mapping", {})
    for name, reference in kinds.items():
        kind = defs[reference.rsplit("/", 1)[-1]]
        yield f"### {path}, type {name}"
        yield kind["description"]
        yield table([row for row in walk(kind, defs, "") if row[0] != "type"])


def table(settings: list[tuple[str, Any]]) -> str:
    """Return a table with a row for each setting."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for path, field in settings:
        default = field.get("default")
        shown = "–" if default in (None, "") else f"`{shortened(default)}`"
        rows.append(f"| `{path}` | {shown} | {field.get('description', '')} |")
    return "\n".join(rows)


def walk(schema: dict[str, Any], defs: dict[str, Any], path: str) -> list[tuple[str, Any]]:
    """List every setting below a section with its path."""
    found: list[tuple[str, Any]] = []
    for name, field in schema.get("properties", {}).items():
        place = f"{path}{name}"
        inner = section_of(field, defs)
        found += walk(inner, defs, f"{place}.") if inner else [(place, field)]
    return found


def section_of(field: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the section that a field holds, if it is one; it may be left out."""
    choices = [one for one in field.get("anyOf", ()) if one != {"type": "null"}]
    reference = (choices[0] if len(choices) == 1 else field).get("$ref")
    section = defs.get(reference.rsplit("/", 1)[-1]) if reference else None
    return section if section and "properties" in section else None


def shortened(default: object) -> str:
    """Return a default as one short line."""
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return text if len(text) <= 40 else text[:37] + "…"


def settings_page() -> str:
    """Return docs/settings.md as it should be."""
    text = SETTINGS.read_text(encoding="utf-8")
    block = f"{BEGIN}\n\n{settings_sections()}\n\n{END}"
    return re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL)


def main() -> int:
    """Write or check; the exit status is 1 if a check finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    try:
        differing = [path for path, text in generated() if not is_as(path, text, check=check)]
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in differing:
        sys.stderr.write(f"{path.relative_to(ROOT)}: differs; run make generate\n")
    return bool(differing)


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and its text; what helm makes comes after what it reads."""
    yield SETTINGS, settings_page()
    yield answer_table.DOCUMENT, answer_table.document()
    yield from before_helm()
    yield from of_helm()


def is_as(path: Path, text: str, *, check: bool) -> bool:
    """Tell whether a file holds a text; write it unless that is only checked."""
    if check:
        return path.exists() and path.read_text(encoding="utf-8") == text
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())

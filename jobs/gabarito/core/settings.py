"""Settings: closed models, and every mistake of a file reported at once."""

import difflib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args
from urllib.parse import unquote

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from gabarito.core.errors import SettingsError
from gabarito.core.mistakes import sentence_of
from gabarito.core.secrets import without_userinfo
from gabarito.core.text import printable

BUILTIN = "gabarito:"
"""How the address of a file or folder inside the package begins."""

BUCKET = "s3://"
"""How the address of a bucket, or of what is in one, begins."""

MAX_SHOWN_CHARS = 200
MAX_VALUES = 100_000
"""Most values in a YAML file, those behind aliases counted each time."""

NOT_UTF8 = "not a text in UTF-8; save it as one"

_FILE_URL = "^file:(//(localhost(?=/))?)?"

HOLDS_SECRET = "holds_secret"
"""The type of a mistake (``PydanticCustomError``) whose input must not be shown."""


class Settings(BaseModel):
    """A section of the settings: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    renamed: ClassVar[dict[str, str]] = {}
    """Settings of this section under an earlier name, and what they are called now; those of
    the classes it is made from count, too."""


class StageSettings(Settings):
    """What every stage's section has."""

    renamed: ClassVar[dict[str, str]] = {"again": "rerun"}

    rerun: int = Field(
        default=0, ge=0, description="Raise it to run the stage anew with the same settings."
    )


@dataclass(frozen=True)
class InputFile:
    """Marks a setting that names a file or folder whose content decides the result.

    With ``or_id`` a value that does not look like a path is an id of the model hub.
    """

    or_id: bool = False


@dataclass(frozen=True)
class Operational:
    """Marks a setting that does not change what a stage produces (addresses, limits, speed)."""


def is_path(reference: str) -> bool:
    """Tell whether a model reference is a path rather than an id of the model hub."""
    return reference.startswith((".", "/", "~", BUILTIN, BUCKET))


def _refuse_addresses(path: str) -> None:
    if path[:6].lower() == "file:/":
        plain = unquote(re.sub(_FILE_URL, "", path, flags=re.IGNORECASE))
        raise ValueError(f"a path is not written as a URL here; give {plain!r}")
    scheme, mark, _ = path.partition("://")
    if not mark or scheme == "s3" or "/" in scheme:
        return
    if scheme in ("http", "https"):
        raise ValueError(
            "an address is no path; give a page as a source of type urls, or fetch the file and "
            "name it"
        )
    raise ValueError(f"scheme {scheme!r} is not read here; give a path or s3://bucket/prefix")


def _resolve(path: str, info: ValidationInfo) -> str:
    _refuse_addresses(path)
    if path.startswith(BUCKET) and {"@", ":"} & set(path.split("/")[2]):
        raise ValueError("must be s3://bucket/prefix without a user name, password or port")
    folder = (info.context or {}).get("folder")
    if folder is None or not path or path.startswith((BUILTIN, BUCKET)):
        return path
    if isinstance(folder, str):
        return path if path.startswith(("/", "~")) else _below(folder, path)
    whole = Path(folder) / _expanded(path)
    try:
        return str(whole.resolve())
    except RuntimeError as error:
        raise ValueError("its links lead in a circle; write another path") from error


def _below(folder: str, path: str) -> str:
    """Return a path that is taken from a folder of a bucket."""
    bucket, _, prefix = folder.removeprefix(BUCKET).partition("/")
    key = posixpath.normpath(posixpath.join(prefix, path))
    if key.split("/")[0] == "..":
        raise ValueError("it leads out of the bucket; write s3://bucket/prefix")
    return f"{BUCKET}{bucket}/{key}".removesuffix("/.")


def _resolve_reference(reference: str, info: ValidationInfo) -> str:
    if is_path(reference):
        return _resolve(reference, info)
    if "://" in reference:
        raise ValueError(
            "an address is no model; give a folder, s3://bucket/prefix or an id of the hub"
        )
    return reference


InputPath = Annotated[str, AfterValidator(_resolve), InputFile()]
"""A path: absolute, relative to the pipeline file, ``s3://…``, or ``gabarito:…``."""

ModelReference = Annotated[str, AfterValidator(_resolve_reference), InputFile(or_id=True)]
"""A path as above that begins with ``.``, ``/`` or ``~``, or an id of the model hub."""

S = TypeVar("S", bound=BaseModel)


def local_path(path: str) -> Path:
    """Return where ``path`` lies on this machine; ``gabarito:x`` lies inside the package.

    Raises:
        SettingsError: if it begins with the home folder of nobody.
    """
    if path.startswith(BUILTIN):
        return Path(str(files("gabarito"))) / path.removeprefix(BUILTIN)
    try:
        return _expanded(path)
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error


def parse(model: type[S], data: object, name: str, folder: Path | str | None = None) -> S:
    """Return ``data`` as settings; relative paths are taken from ``folder``.

    That is a folder of this machine, or as a text ``s3://bucket/prefix``.

    Raises:
        SettingsError: names every mistake with its path, one a line.
    """
    try:
        return model.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        lines = [f"{name} is not valid:", *(f"  {line}" for line in _mistakes(error, model))]
        raise SettingsError("\n".join(lines)) from error


def renamed_to(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """Return what the setting at ``loc``, of an earlier version, is called now, or ``""``."""
    kinds = (kind for section in _models_at(model, loc[:-1]) for kind in section.__mro__)
    earlier = (kind.renamed for kind in kinds if issubclass(kind, Settings))
    return next((names[str(loc[-1])] for names in earlier if loc[-1] in names), "")


def read_yaml(path: Path) -> object:
    """Return what a YAML file holds.

    Raises:
        SettingsError: if there is no such file or it is not YAML.
    """
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        SettingsError: if there is no such file or it is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file; give the path of a pipeline file") from error
    except IsADirectoryError as error:
        raise SettingsError(
            f"{path}: a folder; name the pipeline file in it, or let gabarito init write one"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: {NOT_UTF8}") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingsError(f"{str(path)[:MAX_SHOWN_CHARS]}: cannot be read: {why}") from error
    except ValueError as error:
        raise _not_yaml(str(path), error) from error


def parse_yaml(text: str, where: str) -> object:
    """Return what a text in YAML holds.

    Raises:
        SettingsError: if it is not YAML.
    """
    try:
        return yaml.load(text, Loader=_ClosedLoader)
    except (yaml.YAMLError, *NOT_MEANT) as error:
        raise _not_yaml(where, error) from error


def _not_yaml(where: str, error: Exception) -> SettingsError:
    said = without_userinfo(" ".join(str(error).split()))  # it shows the line
    said = said.replace(' in "<unicode string>", line', " at line")
    return SettingsError(f"{where}: not a YAML file: {said}; correct it")


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError("no user has that home folder; write the path out") from error


_MERGE = "tag:yaml.org,2002:merge"

NOT_MEANT = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What PyYAML also raises where a value is not what its tag says, or lies too deep."""


class BoundedLoader(yaml.SafeLoader):
    """YAML with a bound on what its aliases expand to: a short text may stand for gigabytes."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._sizes: dict[int, int] = {}
        """Number of values in each node that is composed, those behind aliases included."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:  # noqa: ANN401
        """Refuse a node that is too large, or an alias of what it stands in."""
        is_alias = self.check_event(yaml.AliasEvent)
        node: yaml.Node = super().compose_node(parent, index)  # type: ignore[assignment]
        if is_alias and id(node) not in self._sizes:
            raise yaml.composer.ComposerError(
                None, None, "alias of what it stands in", node.start_mark
            )
        if not is_alias:
            self._sizes[id(node)] = 1 + sum(self._sizes[id(inner)] for inner in _inner(node))
        if self._sizes[id(node)] > MAX_VALUES:
            problem = f"aliases expand to more than {MAX_VALUES} values"
            raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
        return node


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


class _ClosedLoader(BoundedLoader):
    """YAML in which a key given twice is an error."""

    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        """Look at the keys as they are written: merging adds keys, and may come first."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[object] = set()
        for key, _ in node.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            name = self.construct_object(key)
            if name in seen:
                problem = f"key {name!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return node


def _mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    # a default that is made of a setting has no mistake of its own
    mistakes = [one for one in error.errors() if one["type"] != "default_factory_not_called"]
    for mistake in mistakes:
        if mistake["type"] == "too_short" and _is_told_within(mistake["loc"], mistakes):
            continue  # pydantic counts no entry that has a mistake
        path = ".".join(_without_tags(model, mistake["loc"])) or "file"
        if mistake["type"] == "union_tag_not_found":
            yield f"{path}.{_tag_name(mistake)}: missing; it has no default"
        elif mistake["type"] == "union_tag_invalid":
            known = mistake["ctx"]["expected_tags"]
            got = printable(repr(mistake["ctx"]["tag"]), MAX_SHOWN_CHARS)
            yield f"{path}.{_tag_name(mistake)}: must be one of {known}, got {got}"
        elif mistake["type"] == "extra_forbidden":
            yield f"{path}: unknown setting{_suggestion(model, mistake['loc'])}"
        elif mistake["type"] == "missing":
            yield f"{path}: missing; it has no default"
        elif mistake["type"] == HOLDS_SECRET:
            yield f"{path}: {mistake['msg']}"
        else:
            got = printable(without_userinfo(repr(mistake["input"])), MAX_SHOWN_CHARS)
            yield f"{path}: {sentence_of(mistake)}, got {got}{_quotes(mistake)}"


def _quotes(mistake: ErrorDetails) -> str:
    """Return the cure for what YAML reads as a number, a date or a truth value, if it is that."""
    is_read_otherwise = isinstance(mistake["input"], bool | int | float | date)
    return "; write it in quotes" if mistake["type"] == "string_type" and is_read_otherwise else ""


def _tag_name(mistake: ErrorDetails) -> str:
    """Return the setting that tells of which kind a section is."""
    name: str = mistake["ctx"]["discriminator"].strip("'")
    return name


def _without_tags(model: type[BaseModel], loc: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the parts of a path as they are written: the kind of an entry of several is not."""
    for at, part in enumerate(loc):
        if not (at and isinstance(loc[at - 1], int) and len(_models_at(model, loc[:at])) > 1):
            yield str(part)


def _is_told_within(loc: tuple[int | str, ...], mistakes: list[ErrorDetails]) -> bool:
    """Tell whether there is a mistake in an entry of the list at ``loc``."""
    depth = len(loc)
    return any(len(one["loc"]) > depth and one["loc"][:depth] == loc for one in mistakes)


def _suggestion(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    if name := renamed_to(model, loc):
        return f"; it is called {name} now"
    sections = _models_at(model, loc[:-1])
    known = {name for section in sections for name in section.model_fields}
    close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known here: {', '.join(sorted(known))}" if known else ""


def _models_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Models that may stand at ``loc``; parts that are no field (indexes, tags) are skipped."""
    models = [model]
    for part in loc:
        if len(models) > 1:
            models = [kind for kind in models if _has_tag(kind, part)] or models
            continue
        inner = [
            found
            for section in models
            if isinstance(part, str) and part in section.model_fields
            for found in _models_in(section.model_fields[part].annotation)
        ]
        models = inner or models
    return models


def _has_tag(kind: type[BaseModel], tag: int | str) -> bool:
    field = kind.model_fields.get("type")
    return field is not None and tag in get_args(field.annotation)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]

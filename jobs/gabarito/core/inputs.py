"""What decides a stage's result: its settings, and the files that they name."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gabarito.core.config import InputFile, Operational, is_path, local_path
from gabarito.core.errors import DataError, MissingError
from gabarito.core.lines import read_object
from gabarito.core.store import open_store


def input_digests(settings: BaseModel) -> dict[str, str]:
    """Return the SHA-256 of each file or folder that these settings name.

    An id of the model hub stands for itself.

    Raises:
        MissingError: if one of them is not there.
        DataError: if one of them may not be read.
    """
    found = dict(_inputs(settings, None))
    return {path: _digest(path, mark) for path, mark in sorted(found.items())}


def content_settings(settings: BaseModel, digests: dict[str, str]) -> dict[str, Any]:
    """Return the settings that decide a result, as JSON values.

    Operational settings are left out, and the digest of its content stands for each file.
    """
    return {
        name: _content(getattr(settings, name), digests, _mark(field))
        for name, field in type(settings).model_fields.items()
        if not any(isinstance(mark, Operational) for mark in _marks(field))
    }


def digest_of_path(path: str) -> str:
    """Return the SHA-256 of a file, or of the names and digests of the files of a folder.

    Raises:
        MissingError: if there is nothing at ``path``.
        DataError: if it cannot be read.
    """
    if path.startswith("s3://"):
        return _digest_of_bucket(path)
    local = local_path(path)
    if not local.exists():
        message = f"{path}: no such file or folder; check the path in the settings"
        raise MissingError(message)
    try:
        return _digest_of_file(local) if local.is_file() else _digest_of_folder(local)
    except PermissionError as error:
        message = f"{error.filename}: may not be read by this user; change its permissions"
        raise DataError(message) from error


def _digest(path: str, mark: InputFile) -> str:
    return f"hub:{path}" if mark.or_id and not is_path(path) else digest_of_path(path)


def _digest_of_bucket(url: str) -> str:
    entries = sorted(open_store(url).list(""), key=lambda entry: entry.key)
    if not entries:
        return hashlib.sha256(read_object(url)).hexdigest()
    lines = (f"{entry.key} {entry.size} {entry.version}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_of_folder(folder: Path) -> str:
    found = sorted(entry for entry in folder.rglob("*") if entry.is_file())
    lines = (f"{entry.relative_to(folder)} {_digest_of_file(entry)}\n" for entry in found)
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(value: object, digests: dict[str, str], mark: InputFile | None) -> object:
    if isinstance(value, BaseModel):
        return content_settings(value, digests)
    if isinstance(value, tuple | list):
        return [_content(item, digests, mark) for item in value]
    if isinstance(value, dict):
        return {str(key): _content(item, digests, mark) for key, item in value.items()}
    if mark and isinstance(value, str) and value:
        return digests[value]
    return value


def _inputs(value: object, mark: InputFile | None) -> Iterator[tuple[str, InputFile]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _inputs(getattr(value, name), _mark(field))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inputs(item, mark)
    elif mark and isinstance(value, str) and value:
        yield value, mark


def _mark(field: FieldInfo) -> InputFile | None:
    return next((mark for mark in _marks(field) if isinstance(mark, InputFile)), None)


def _marks(field: FieldInfo) -> list[object]:
    """Marks of a field, those inside ``X | None`` and ``tuple[X, ...]`` included."""
    return [*field.metadata, *_marks_in(field.annotation)]


def _marks_in(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _marks_in(part)

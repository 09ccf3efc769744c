"""What decides a stage's result: its settings, and the files that they name."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gabarito.core.config import InputFile, Operational, is_path, local_path
from gabarito.core.errors import DataError, MissingError
from gabarito.core.lines import read_object
from gabarito.core.store import open_store


@dataclass(frozen=True)
class Entry:
    """A file below a folder, or what else lies there that cannot be read, and why."""

    path: Path
    status: os.stat_result | None
    flaw: str = ""


def entries_below(folder: Path) -> list[Entry]:
    """Return all that lies below a folder, except for the folders that can be listed.

    Raises:
        OSError: if the folder itself cannot be listed.
    """
    refused: list[OSError] = []
    walk = os.walk(folder, onerror=refused.append)
    paths = [Path(place, name) for place, folders, files in walk for name in (*folders, *files)]
    flaws = {Path(error.filename): error for error in refused}
    if folder in flaws:
        raise flaws[folder]
    unlisted = [Entry(path, None, str(error.strerror)) for path, error in flaws.items()]
    found = (_entry(path) for path in paths if path not in flaws)
    return [*unlisted, *filter(None, found)]


def _entry(path: Path) -> Entry | None:
    """Return what lies at ``path``, unless it is a folder."""
    try:
        status = path.stat()
    except OSError as error:
        return Entry(path, None, f"{'a link: ' if path.is_symlink() else ''}{error.strerror}")
    if stat.S_ISREG(status.st_mode):
        return Entry(path, status)
    if not stat.S_ISDIR(status.st_mode):
        return Entry(path, status, "neither a file nor a folder")
    return Entry(path, status, "a link to a folder is not followed") if path.is_symlink() else None


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
    try:
        if local.is_file():
            return _digest_of_file(local)
        if local.is_dir():
            return _digest_of_folder(local)
    except PermissionError as error:
        message = f"{error.filename}: may not be read by this user; change its permissions"
        raise DataError(message) from error
    message = f"{path}: no such file or folder; check the path in the settings"
    raise MissingError(message)


def _digest(path: str, mark: InputFile) -> str:
    return f"hub:{path}" if mark.or_id and not is_path(path) else digest_of_path(path)


def _digest_of_bucket(url: str) -> str:
    entries = sorted(open_store(url).list(""), key=lambda entry: entry.key)
    if not entries:
        return hashlib.sha256(read_object(url)).hexdigest()
    lines = (f"{entry.key} {entry.size} {entry.version}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_of_folder(folder: Path) -> str:
    found = sorted(entries_below(folder), key=lambda entry: entry.path)
    lines = (f"{entry.path.relative_to(folder)} {_digest_of_entry(entry)}\n" for entry in found)
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _digest_of_entry(entry: Entry) -> str:
    """Return a file's digest, or nothing for what cannot be read: its name alone counts."""
    try:
        return "" if entry.flaw else _digest_of_file(entry.path)
    except PermissionError:
        return ""


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

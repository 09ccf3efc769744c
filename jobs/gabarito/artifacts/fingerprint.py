"""What decides a stage's result: its settings, and the files that they name."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, get_args, runtime_checkable

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gabarito.artifacts.jsonl import read_object
from gabarito.core.errors import DataError, MissingError
from gabarito.core.settings import BUCKET, InputFile, Operational, is_path, local_path
from gabarito.store.base import PRIVATE
from gabarito.store.open import open_bucket

Wish = Callable[[str], bool]
"""Tells whether a file below a folder counts, by its path from there."""


@runtime_checkable
class Selective(Protocol):
    """Settings that name a folder and want some of its files only."""

    def is_wanted(self, below: str) -> bool:
        """Tell whether a file counts, by its path below the folder."""
        ...


@dataclass(frozen=True)
class _Named:
    setting: str
    path: str
    mark: InputFile
    is_wanted: Wish


def _wants_all(_below: str) -> bool:
    return True


@dataclass(frozen=True)
class FolderEntry:
    """A file below a folder, or what else lies there that cannot be read, and why."""

    path: Path
    status: os.stat_result | None
    flaw: str = ""


def entries_below(folder: Path, *, follow_out: bool) -> list[FolderEntry]:
    """Return all that lies below a folder, except for the folders that can be listed.

    A store is left out: what is written there while a run goes on is none of its sources.
    ``follow_out`` tells whether links may lead out of the folder: those in the hub's cache
    of a model do, while those among documents of strangers may name any file of this machine.

    Raises:
        OSError: if the folder itself cannot be listed.
    """
    refused: list[OSError] = []
    paths = []
    for place, folders, files in os.walk(folder, onerror=refused.append):
        if PRIVATE in folders:
            folders.clear()
        else:
            paths += [Path(place, name) for name in (*folders, *files)]
    flaws = {Path(error.filename): error for error in refused}
    if folder in flaws:
        raise flaws[folder]
    unlisted = [FolderEntry(path, None, str(error.strerror)) for path, error in flaws.items()]
    top = None if follow_out else folder.resolve()
    found = (_entry(path, top) for path in paths if path not in flaws)
    return [*unlisted, *filter(None, found)]


def _entry(path: Path, top: Path | None) -> FolderEntry | None:
    """Return what lies at ``path``, unless it is a folder; a link may not lead out of ``top``."""
    try:
        status = path.stat()
        if top and path.is_symlink() and not path.resolve().is_relative_to(top):
            return FolderEntry(path, None, "a link that leads out of the source is not followed")
    except OSError as error:
        return FolderEntry(path, None, f"{'a link: ' if path.is_symlink() else ''}{error.strerror}")
    if stat.S_ISREG(status.st_mode):
        return FolderEntry(path, status)
    if not stat.S_ISDIR(status.st_mode):
        return FolderEntry(path, status, "neither a file nor a folder")
    return (
        FolderEntry(path, status, "a link to a folder is not followed")
        if path.is_symlink()
        else None
    )


def input_digests(settings: BaseModel, section: str) -> dict[str, str]:
    """Return the SHA-256 of each file or folder that the settings of a section name.

    An id of the model hub stands for itself.

    Raises:
        MissingError: if one of them is not there.
        DataError: if one of them may not be read.
    """
    found = sorted(_inputs(settings, section, None, _wants_all), key=lambda named: named.path)
    digests = {}
    for path, alike in groupby(found, key=lambda named: named.path):
        named = list(alike)
        if named[0].mark.or_id and not is_path(path):
            digests[path] = f"hub:{path}"
        else:
            is_wanted = _any_of([one.is_wanted for one in named])
            try:
                digests[path] = digest_of_path(path, is_wanted, follow_out=named[0].mark.or_id)
            except DataError as error:
                where = ", ".join(dict.fromkeys(one.setting for one in named))
                raise type(error)(f"{where}: {error}") from error
    return digests


def content_settings(settings: BaseModel, digests: dict[str, str]) -> dict[str, Any]:
    """Return the settings that decide a result, as JSON values.

    Operational settings are left out, and the digest of its content stands for each file.
    """
    return {
        name: _content(getattr(settings, name), digests, _mark(field))
        for name, field in type(settings).model_fields.items()
        if not any(isinstance(mark, Operational) for mark in _marks(field))
    }


def digest_of_path(path: str, is_wanted: Wish = _wants_all, *, follow_out: bool = True) -> str:
    """Return the SHA-256 of a file, or of the names and digests of the wanted files of a folder.

    ``follow_out`` is that of ``entries_below``.

    Raises:
        MissingError: if there is nothing at ``path``.
        DataError: if it cannot be read.
    """
    if path.startswith(BUCKET):
        return _digest_of_bucket(path, is_wanted)
    local = local_path(path)
    try:
        if local.is_file():
            return _digest_of_file(local)
        if local.is_dir():
            return _digest_of_folder(entries_below(local, follow_out=follow_out), local, is_wanted)
    except PermissionError as error:
        raise DataError(
            f"{error.filename}: may not be read by this user; change its permissions"
        ) from error
    raise MissingError(f"{path}: no such file or folder; correct the path")


def _digest_of_bucket(url: str, is_wanted: Wish) -> str:
    entries = sorted(open_bucket(url).list(""), key=lambda entry: entry.key)
    if not entries:
        return hashlib.sha256(read_object(url)).hexdigest()
    wanted = (entry for entry in entries if is_wanted(entry.key))
    lines = (f"{entry.key} {entry.size} {entry.version}\n" for entry in wanted)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_of_folder(entries: list[FolderEntry], folder: Path, is_wanted: Wish) -> str:
    found = {entry.path.relative_to(folder): entry for entry in entries}
    wanted = (below for below in sorted(found) if is_wanted(below.as_posix()))
    lines = (f"{below} {_digest_of_entry(found[below])}\n" for below in wanted)
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _digest_of_entry(entry: FolderEntry) -> str:
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


def _inputs(
    value: object, setting: str, mark: InputFile | None, is_wanted: Wish
) -> Iterator[_Named]:
    if isinstance(value, BaseModel):
        wish = value.is_wanted if isinstance(value, Selective) else _wants_all
        for name, field in type(value).model_fields.items():
            yield from _inputs(getattr(value, name), f"{setting}.{name}", _mark(field), wish)
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from _inputs(item, f"{setting}.{number}", mark, is_wanted)
    elif mark and isinstance(value, str) and value:
        yield _Named(setting, value, mark, is_wanted)


def _any_of(wishes: Sequence[Wish]) -> Wish:
    return lambda below: any(wish(below) for wish in wishes)


def _mark(field: FieldInfo) -> InputFile | None:
    return next((mark for mark in _marks(field) if isinstance(mark, InputFile)), None)


def _marks(field: FieldInfo) -> list[object]:
    """Marks of a field, those inside ``X | None`` and ``tuple[X, ...]`` included."""
    return [*field.metadata, *_marks_in(field.annotation)]


def _marks_in(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _marks_in(part)

"""Find and open the files of a source, on this machine or in a bucket."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from gabarito.artifacts.fingerprint import FolderEntry, entries_below
from gabarito.core.errors import DataError, MissingError, ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.settings import local_path
from gabarito.ingest.config import FilesSource
from gabarito.ingest.outcomes import Dropped
from gabarito.store.base import Entry, Store
from gabarito.store.open import open_bucket


@dataclass(frozen=True)
class SourceFile:
    """A file that was found: nothing of it is read before ``read`` is called."""

    name: str
    """Its source's last part and its path below: the same on every machine."""
    place: str
    """Where it lies, for people."""
    url: str
    size: int
    modified: datetime
    source: FilesSource
    below: str
    """Its path below the source, for patterns."""
    read: Callable[[], bytes]
    flaw: str = ""
    """Why it is out of reach, if it is; it may be a folder."""

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def is_wanted(self) -> bool:
        """Tell whether the source's patterns let it through; a folder may hold what is wanted."""
        source = self.source
        return not source.is_excluded(self.below) if self.flaw else source.is_wanted(self.below)


def find_files(sources: Sequence[FilesSource]) -> list[SourceFile]:
    """Return the files of all sources: in the order of sources, then of paths.

    Raises:
        MissingError: if there is nothing at a source's path.
        DataError: if a source is an empty folder, or one that may not be listed.
    """
    return [file for source in sources for file in _files_of(source)]


def _files_of(source: FilesSource) -> list[SourceFile]:
    is_bucket = source.path.startswith("s3://")
    found = list(_in_bucket(source) if is_bucket else _in_folder(source))
    if not found:
        raise DataError(
            f"{source.path}: holds no files; "
            "put md, txt, html, pdf or docx files there, or correct ingest.sources"
        )
    return sorted(found, key=_order)


def _order(file: SourceFile) -> tuple[str, str, str]:
    """Order by folder, name and ending, so that ``plan.md`` comes before ``plan-old.md``."""
    path = PurePosixPath(file.below)
    return path.parent.as_posix(), path.stem, path.suffix


def _in_folder(source: FilesSource) -> Iterator[SourceFile]:
    top = local_path(source.path)
    for entry in _entries(top, source):
        path, status = entry.path, entry.status
        below = _printable(path.relative_to(top) if path != top else Path(path.name))
        yield SourceFile(
            name=below if path == top else f"{_printable(Path(top.resolve().name))}/{below}",
            place=_printable(path),
            url="",
            size=status.st_size if status else 0,
            modified=datetime.fromtimestamp(status.st_mtime if status else 0, UTC),
            source=source,
            below=below,
            read=partial(_read, path),
            flaw=entry.flaw,
        )


def _entries(top: Path, source: FilesSource) -> list[FolderEntry]:
    try:
        if top.is_dir():
            return entries_below(top, follow_out=False)
        if top.is_file():
            return [FolderEntry(top, top.stat())]
    except PermissionError as error:
        raise DataError(
            f"{source.path}: may not be listed by this user; change its permissions"
        ) from error
    raise MissingError(f"{source.path}: no such file or folder; correct ingest.sources")


def _in_bucket(source: FilesSource) -> Iterator[SourceFile]:
    store = open_bucket(source.path)
    url = source.path.rstrip("/")
    for entry in store.list(""):
        yield SourceFile(
            name=f"{PurePosixPath(url).name}/{entry.key}",
            place=f"{url}/{entry.key}",
            url=f"{url}/{entry.key}",
            size=entry.size,
            modified=datetime.fromtimestamp(entry.modified, UTC),
            source=source,
            below=entry.key,
            read=partial(_fetch, store, entry),
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise Dropped(IngestReason.OUT_OF_REACH, str(error.strerror)) from error
    except FileNotFoundError as error:
        raise MissingError(f"{path}: gone since the folder was listed; run again") from error
    except OSError as error:
        raise ServiceError(
            f"{path}: could not be read: {error.strerror}; check the disk and run again"
        ) from error


def _fetch(store: Store, entry: Entry) -> bytes:
    stored = store.read(entry.key)
    if stored.version != entry.version:
        raise DataError(f"{store.url}/{entry.key}: changed since the bucket was listed; run again")
    return stored.data


def _printable(path: Path) -> str:
    """Return a path as text, also where its bytes are no UTF-8."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")

"""Find and open the files of a source, on this machine or in a bucket."""

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from gabarito.artifacts.fingerprint import FolderEntry, entries_below
from gabarito.core.errors import DataError, MissingError, ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.settings import BUCKET, local_path
from gabarito.ingest.config import READABLE
from gabarito.ingest.outcomes import Dropped, PageFate
from gabarito.ingest.sources import FilesSource, Source
from gabarito.ingest.web_sources.manners import WebSource
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
    source: FilesSource | WebSource
    below: str
    """Its path below the source, for patterns."""
    read: Callable[[], bytes]
    folder: Path | None = None
    """The folder that it lies in, if that is part of the source and on this machine."""
    flaw: str = ""
    """Why it is out of reach, if it is; it may be a folder."""
    remark: str = ""
    """What is odd about its name, and what to do about it."""
    ending: str = ""
    """As what it is read; empty where its name says so."""
    encoding: str | None = None
    title: str = ""
    date: str = ""
    """What its source says of it, where it does not say so itself."""
    page: PageFate | None = None
    """How it was come by, if it is a page of the web."""
    order: tuple[int, int] = (0, 0)
    """The place of its source in the settings, and its own place within the source."""

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case."""
        return self.ending or PurePosixPath(self.name).suffix.lower()

    @property
    def is_hidden(self) -> bool:
        """Tell whether its name, or that of a folder it lies in, is one for programs."""
        return any(part.startswith((".", "~$")) for part in PurePosixPath(self.below).parts)

    @property
    def is_wanted(self) -> bool:
        """Tell whether the source's patterns let it through; a folder may hold what is wanted."""
        source = self.source
        if not isinstance(source, FilesSource):
            return True
        return not source.is_excluded(self.below) if self.flaw else source.is_wanted(self.below)


def find_files(
    sources: Sequence[Source], setting: str = "ingest.sources", kinds: str = READABLE
) -> list[SourceFile]:
    """Return the files of all sources of files: in the order of sources, then of paths.

    ``setting`` is what named them, and ``kinds`` what they may be, for messages.

    Raises:
        MissingError: if there is nothing at a source's path.
        DataError: if a source is an empty folder, or one that may not be listed.
    """
    files: list[SourceFile] = []
    for place, source in enumerate(sources):
        if not isinstance(source, FilesSource):
            continue
        is_bucket = source.path.startswith(BUCKET)
        found = list(_in_bucket(source) if is_bucket else _in_folder(source, setting))
        if not found:
            raise DataError(
                f"{setting}: {source.path!r} holds no files; put {kinds} files there, or name "
                "another folder"
            )
        ordered = enumerate(sorted(found, key=_order))
        files += (replace(file, order=(place, at)) for at, file in ordered)
    return list(_remarked(files))


def _remarked(files: Sequence[SourceFile]) -> Iterator[SourceFile]:
    """Yield files, with a remark on those whose name not every machine can hold."""
    alike = [unicodedata.normalize("NFC", file.place).casefold() for file in files]
    first: dict[str, SourceFile] = {}
    for file, name in zip(files, alike, strict=True):
        other = first.setdefault(name, file)
        if other.place != file.place:
            said = "its name differs from {} in case or accents only; rename one of them"
            yield replace(file, remark=said.format(other.name))
        else:
            yield file


def _order(file: SourceFile) -> tuple[str, str, str]:
    """Order by folder, name and ending, so that ``plan.md`` comes before ``plan-old.md``."""
    path = PurePosixPath(file.below)
    return path.parent.as_posix(), path.stem, path.suffix


def _in_folder(source: FilesSource, setting: str) -> Iterator[SourceFile]:
    top = local_path(source.path)
    for entry in _entries(top, f"{setting}: {source.path!r}"):
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
            read=partial(_read, path, status),
            folder=None if path == top else path.parent,
            flaw=entry.flaw,
            remark="" if _is_utf8(path) else "its name is no UTF-8; rename it",
            encoding=source.encoding,
        )


def _entries(top: Path, named: str) -> list[FolderEntry]:
    try:
        if top.is_dir():
            return entries_below(top, follow_out=False)
        if top.is_file():
            return [FolderEntry(top, top.stat())]
    except PermissionError as error:
        raise DataError(
            f"{named} may not be listed by this user; change its permissions"
        ) from error
    raise MissingError(f"{named}: no such file or folder; correct it")


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
            encoding=source.encoding,
        )


def _read(path: Path, listed: os.stat_result | None) -> bytes:
    try:
        data, now = path.read_bytes(), path.stat()
    except PermissionError as error:
        raise Dropped(IngestReason.OUT_OF_REACH, str(error.strerror)) from error
    except FileNotFoundError as error:
        raise MissingError(f"{path}: gone since the folder was listed; run again") from error
    except OSError as error:
        raise ServiceError(
            f"{path}: could not be read: {error.strerror}; check the disk and run again"
        ) from error
    if listed and (now.st_mtime_ns, now.st_size) != (listed.st_mtime_ns, listed.st_size):
        raise DataError(f"{path}: changed since the folder was listed; run again")
    return data


def _fetch(store: Store, entry: Entry) -> bytes:
    stored = store.read(entry.key)
    if stored.version != entry.version:
        raise DataError(f"{store.url}/{entry.key}: changed since the bucket was listed; run again")
    return stored.data


def _printable(path: Path) -> str:
    r"""Return a path as text; bytes that are no UTF-8 are spelled out (``\xe7``)."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _is_utf8(path: Path) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in str(path))

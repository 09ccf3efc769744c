"""The store in a folder: each object is a file, and its key is the file's path.

<root>/<key>
<root>/.gabarito/staging/…   objects while they are written
                 lock        held while an object is replaced
"""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from gabarito.core.errors import MissingError, SettingsError
from gabarito.core.settings import local_path
from gabarito.store.base import (
    PRIVATE,
    Entry,
    FileInfo,
    PartialUpload,
    Stored,
    checked_key,
    checked_prefix,
    conflict,
    missing,
)
from gabarito.store.disk import (
    atomic_write,
    chunks_of,
    disk_errors,
    sync_folder,
    temporary,
    write_synced,
)

STALE_S = 24 * 3600.0
"""Age of a staged file whose writer is taken for dead."""

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What ``link`` says where there are none: FAT says it is not permitted."""

_LOCALHOST = "file://localhost/"

_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStore:
    """A store in a folder, which is made with the first write."""

    def __init__(self, url: str) -> None:
        """Open the store at ``file:///folder``, ``file://relative`` or a plain path.

        Raises:
            SettingsError: if the URL names no folder, or something else lies there.
        """
        path = _path_of(url)
        if not path:
            raise SettingsError(f"store {url!r}: names no folder; write file:///path/of/a/folder")
        self.root = local_path(path).absolute()
        self.url = "file://" + str(self.root).replace("%", "%25")
        with disk_errors(self.url):
            nearest = next(place for place in (self.root, *self.root.parents) if place.exists())
        if not nearest.is_dir():
            raise SettingsError(f"store {self.url!r}: {nearest} is not a folder; give another path")

    def read(self, key: str) -> Stored:
        """Return an object; its version is the SHA-256 of its content."""
        with self._reading(key) as path:
            data = path.read_bytes()
        return Stored(data, hashlib.sha256(data).hexdigest())

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        """Write an object and return its version."""

        def place(staged: Path, path: Path) -> bool:
            if if_absent:
                return _link(staged, path)
            return self._replace(staged, path, if_match)

        info, is_placed = self._put(key, iter((data,)), place)
        if not is_placed and not self._holds(key, data):
            raise conflict(self._name(key))
        return info.sha256

    def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        with disk_errors(self._name(key)):
            return self._path(key).is_file()

    def list(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects whose keys begin with ``prefix``, in the order of their keys."""
        folder = checked_prefix(prefix).rpartition("/")[0]
        with disk_errors(f"{self.url}/{folder}"):
            keys = sorted(key for key in self._keys(folder) if key.startswith(prefix))
            for key in keys:
                try:
                    status = (self.root / key).stat()
                except _ABSENT:
                    continue  # deleted meanwhile
                version = f"{status.st_mtime_ns}-{status.st_size}"
                yield Entry(key, status.st_size, version, status.st_mtime)

    def upload(self, path: Path, key: str) -> FileInfo:
        """Write a file's content as an object and return its size and digest."""
        with disk_errors(str(path)), path.open("rb") as file:
            info, _ = self._put(key, chunks_of(file), self._replace)
        return info

    def download(self, key: str, path: Path, expected: FileInfo | int) -> None:
        """Write an object's content to ``path``, which appears only when it is whole."""
        with (
            self._reading(key) as source,
            source.open("rb") as file,
            atomic_write(path, expected, self._name(key)) as copy,
        ):
            copy.writelines(chunks_of(file))

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        path = self._path(key)
        with disk_errors(self._name(key)):
            if path.is_file():
                with self._locked():
                    path.unlink(missing_ok=True)

    def partial_uploads(self) -> Iterator[PartialUpload]:
        """Yield nothing: files half written lie in the staging folder, which cleans itself."""
        return iter(())

    def abort(self, upload: PartialUpload) -> None:
        """Do nothing: there is none."""

    def _put(
        self, key: str, chunks: Iterator[bytes], place: Callable[[Path, Path], bool]
    ) -> tuple[FileInfo, bool]:
        path = self._path(key)
        with disk_errors(self._name(key)), temporary(self._staging) as staged:
            info = write_synced(staged, chunks)
            path.parent.mkdir(parents=True, exist_ok=True)
            is_placed = place(staged, path)
            sync_folder(path.parent)
        return info, is_placed

    def _replace(self, staged: Path, path: Path, if_match: str | None = None) -> bool:
        with self._locked():
            if if_match is not None and _version(path) != if_match:
                return False
            staged.replace(path)
        return True

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self.read(key).data == data
        except MissingError:
            return False

    def _keys(self, folder: str) -> Iterator[str]:
        for place, folders, names in os.walk(self.root / folder, onerror=_raise_unless_absent):
            below = Path(place).relative_to(self.root)
            if place == str(self.root) and PRIVATE in folders:
                folders.remove(PRIVATE)
            yield from ((below / name).as_posix() for name in names)

    @contextmanager
    def _reading(self, key: str) -> Iterator[Path]:
        with disk_errors(self._name(key)):
            try:
                yield self._path(key)
            except _ABSENT as error:
                raise missing(self._name(key)) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._staging.parent / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @cached_property
    def _staging(self) -> Path:
        staging = self.root / PRIVATE / "staging"
        staging.mkdir(parents=True, exist_ok=True)
        for left in staging.iterdir():
            with suppress(FileNotFoundError):  # another process may be done with it
                if time.time() - left.stat().st_mtime > STALE_S:
                    left.unlink()
        return staging

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _name(self, key: str) -> str:
        return f"{self.url}/{key}"


def _path_of(url: str) -> str:
    """Return the path that a ``file:`` URL names, or a plain path as it is.

    Raises:
        SettingsError: if it is not clear which of two folders is meant.
    """
    written = url.removeprefix("file:").removeprefix("//")
    if url.startswith(_LOCALHOST):  # RFC 8089: it is /folder, not localhost/folder
        written = written.removeprefix("localhost")
    if written == url:
        return url
    path = unquote(written, errors="surrogateescape")  # a path may be of any bytes
    if path != written and local_path(written).exists() and not local_path(path).exists():
        raise SettingsError(
            f"store {url!r}: as a URL it names {path!r}, which is not there, and {written!r} is; "
            "give the path that you mean without file://"
        )
    return path


def _link(staged: Path, path: Path) -> bool:
    """Give the staged file its name unless the name is taken: only one of many succeeds."""
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise SettingsError(
            f"{path}: the file system has no hard links, by which one of two writers at once is "
            "told that it lost; put the store on another disk or in a bucket"
        ) from error
    return True


def _version(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except _ABSENT:
        return None


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, _ABSENT):
        raise error

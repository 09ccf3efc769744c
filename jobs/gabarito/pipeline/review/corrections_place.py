"""Where a file of corrections lies: on this machine, or in a bucket."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from gabarito.core.errors import ConflictError, DataError, MissingError, SettingsError
from gabarito.core.settings import BUCKET
from gabarito.store.disk import disk_errors, whole_file
from gabarito.store.open import open_bucket

LOOK_S = 5.0
"""How long an object is taken to be as it was; a write finds out at once if it is not."""


class CorrectionsPlace(Protocol):
    """A file as its lines are written; nothing that somebody else wrote meanwhile is lost."""

    name: str

    def changed(self) -> bytes | None:
        """Return what is there, or None if that was read or written here last."""
        ...

    def forget(self) -> None:
        """Take what is there for new: it could not be made sense of."""
        ...

    def append(self, line: bytes) -> None:
        """Write a line at the end.

        Raises:
            ConflictError: if somebody else wrote since; nothing was written, read again.
        """
        ...

    def replace(self, data: bytes) -> None:
        """Write all of it anew.

        Raises:
            ConflictError: as ``append``.
        """
        ...


class LocalPlace:
    """A file of this machine, which no other review writes while its lock is held."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._seen: tuple[int, ...] = ()

    def changed(self) -> bytes | None:
        """Return what is there, or None if that was read or written here last."""
        with disk_errors(self.name):
            now = _state(self._path)
            if now == self._seen:
                return None
            data = self._path.read_bytes() if now else b""
        self._seen = now
        return data

    def forget(self) -> None:
        """Take what is there for new."""
        self._seen = ()

    def append(self, line: bytes) -> None:
        """Write a line at the end, in one write that goes through to the disk."""
        with disk_errors(self.name), self._path.open("ab+") as file:
            file.write(_line_end_before(file) + line)
            file.flush()
            os.fsync(file.fileno())
            self._seen = _state(self._path)

    def replace(self, data: bytes) -> None:
        """Write all of it beside the old file, which it then replaces."""
        with whole_file(self._path) as file:
            file.write(data)
        with disk_errors(self.name):
            self._seen = _state(self._path)


class BucketPlace:
    """An object of a bucket: each write names the version that it follows, and needs no lock."""

    def __init__(self, url: str) -> None:
        bucket, _, self._key = url.removeprefix(BUCKET).partition("/")
        if not bucket or not self._key or self._key.endswith("/"):
            raise DataError(f"{url}: names no object; write s3://bucket/corrections.jsonl")
        self.name = url
        self._store = open_bucket(f"{BUCKET}{bucket}")
        self._version: str | None = None
        self._data = b""
        self._looked_at = 0.0

    def refuse_lost_writes(self) -> None:
        """Try with an object beside it, which goes again, whether two writers are told apart.

        Raises:
            SettingsError: if they are not.
            AccessError: if the bucket may not be written.
        """
        beside = f"{self._key}.{secrets.token_hex(4)}"
        try:
            self._store.write(beside, b"1", if_absent=True)
            self._store.write(beside, b"2", if_absent=True)
        except ConflictError:
            return
        finally:
            self._store.delete(beside)
        raise SettingsError(
            f"{self.name}: this bucket ignores the conditions of writes, so that of two people's "
            "decisions one could be lost; write to a file with --to, and copy it there"
        )

    def changed(self) -> bytes | None:
        """Return what is there, or None if that was read or written here, or just now."""
        now = time.monotonic()
        if self._version is not None and now - self._looked_at < LOOK_S:
            return None
        try:
            stored = self._store.read(self._key)
            data, version = stored.data, stored.version
        except MissingError:
            data, version = b"", ""
        self._looked_at = now
        if version == self._version:
            return None
        self._version, self._data = version, data
        return data

    def forget(self) -> None:
        """Take what is there for new."""
        self._version = None

    def append(self, line: bytes) -> None:
        """Write the object anew with one line more."""
        end = b"" if not self._data or self._data.endswith(b"\n") else b"\n"
        self.replace(self._data + end + line)

    def replace(self, data: bytes) -> None:
        """Write the object anew, unless somebody else wrote since."""
        try:
            if self._version:
                version = self._store.write(self._key, data, if_match=self._version)
            else:
                version = self._store.write(self._key, data, if_absent=True)
        except ConflictError:
            self.forget()
            raise
        self._version, self._data = version, data


@contextmanager
def open_local(path: Path) -> Iterator[LocalPlace]:
    """Open a file, or one that is not there yet, for this process alone.

    Raises:
        ConflictError: if another process has it open.
        AccessError: if it may not be read or written.
    """
    if path.is_dir():
        raise DataError(
            f"{path}: a folder; name a file in it, such as {path / 'corrections.jsonl'}"
        )
    target = path.resolve()
    with _locked(target.with_name(f".{target.name}.lock"), path):
        was_there = target.exists()
        with disk_errors(str(path)):
            target.open("ab").close()  # told now, not at the first decision
        try:
            yield LocalPlace(path)
        finally:
            if not was_there and target.exists() and not target.stat().st_size:
                target.unlink()


@contextmanager
def _locked(lock: Path, path: Path) -> Iterator[None]:
    """Hold the lock beside a file; the system lets go of it when this process is killed."""
    with disk_errors(str(path)):
        held = lock.open("ab")
    with held:
        with disk_errors(str(path)):
            is_ours = _is_locked_by_us(held, lock)
        if not is_ours:
            raise ConflictError(
                f"{path}: another gabarito review writes to it; go on there, stop it, or name "
                "another file with --to"
            )
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _is_locked_by_us(held: BinaryIO, lock: Path) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # another process that ended may have removed the name between opening and locking
    return lock.exists() and os.path.samestat(os.fstat(held.fileno()), lock.stat())


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _line_end_before(file: BinaryIO) -> bytes:
    """Return the end of line that the last line lacks, if a person's editor left it out."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"

"""The store: one flat space of keys, on a disk or in an S3 bucket.

Every promise here is tested on a directory and on real S3 servers (``tests/contract``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gabarito.core.errors import BugError, ConflictError, MissingError

PRIVATE = ".gabarito"
"""First part of the names that a store keeps for itself."""


@dataclass(frozen=True)
class Entry:
    """One object of a listing: its key, size in bytes, version and age."""

    key: str
    size: int
    version: str
    """Changes when the content does; not one to name in ``if_match``."""
    modified: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class PartialUpload:
    """An upload that was begun and not finished: its parts take space and are no object."""

    key: str
    id: str
    began: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class FileInfo:
    """Size in bytes and hexadecimal SHA-256 of a file's content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """An object's content, and the version to name in ``if_match``."""

    data: bytes
    version: str


class Store(Protocol):
    """What ``file://`` and ``s3://`` both promise.

    Keys are relative, with ``/`` between their parts. A write is atomic: a reader sees the
    old object, the new one or none. Every method raises ``ServiceError`` when the store does
    not answer or is full, ``AccessError`` when it refuses the credentials or may not be
    written, and ``SettingsError`` when the bucket does not exist. One store may be used by
    many threads.
    """

    url: str

    def read(self, key: str) -> Stored:
        """Return an object.

        Raises:
            MissingError: if there is none.
        """
        ...

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        """Write an object and return its version.

        Raises:
            ConflictError: if ``if_absent`` and there is one with other content, or
                ``if_match`` is not the present version. Content equal to ``data`` is success:
                a lost response must not make our own write look like somebody else's.
                Writers that compete must therefore write what tells them apart.
        """
        ...

    def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects whose keys begin with ``prefix``, in the order of their keys."""
        ...

    def upload(self, path: Path, key: str) -> FileInfo:
        """Write a file's content as an object and return its size and digest."""
        ...

    def download(self, key: str, path: Path, expected: FileInfo | int) -> None:
        """Write an object's content to ``path``, which appears only when it is whole.

        Of what others wrote only the size may be known.

        Raises:
            MissingError: if there is no such object.
            DataError: if size or digest is not the expected one.
        """
        ...

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        ...

    def partial_uploads(self) -> Iterator[PartialUpload]:
        """Yield the uploads that are not finished; a folder has none."""
        ...

    def abort(self, upload: PartialUpload) -> None:
        """Delete the parts of an upload; one that is finished or aborted is no error."""
        ...


def is_key(key: str) -> bool:
    """Tell whether ``key`` is relative, without empty parts, ``.``, ``..`` or private names."""
    parts = key.split("/")
    return parts[0] != PRIVATE and "\0" not in key and not {"", ".", ".."} & set(parts)


def checked_key(key: str) -> str:
    """Return ``key``.

    Raises:
        BugError: if it is not a key.
    """
    if not is_key(key):
        raise BugError(f"key {key!r}: a part is empty, '.', '..' or private; report this")
    return key


def checked_prefix(prefix: str) -> str:
    """Return the beginning of a key, which may end anywhere.

    Raises:
        BugError: if no key begins like that.
    """
    if prefix:
        checked_key(f"{prefix}x")
    return prefix


def missing(where: str) -> MissingError:
    """Return the error for an object that is not there."""
    return MissingError(f"{where}: no such object; check the URL of the store")


def conflict(where: str) -> ConflictError:
    """Return the error for a condition that does not hold."""
    return ConflictError(f"{where}: somebody else wrote it first; look at it and start again")

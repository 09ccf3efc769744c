"""Files on a disk: written whole or not at all, and the disk's errors translated."""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gabarito.core.errors import AccessError, DataError, GabaritoError, ServiceError
from gabarito.store.base import FileInfo

CHUNK_BYTES = 2**20

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_PATH = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
_MAX_SHOWN = 300
_IN_RUST = re.compile(r"\(os error (\d+)\)$")


@contextmanager
def disk_errors(where: str) -> Iterator[None]:
    """Translate the disk's errors; ``where`` is named if the error itself names no file.

    Raises:
        AccessError: if the place may not be read or written.
        ServiceError: if the disk is full or does not work.
    """
    try:
        yield
    except OSError as error:
        raise _translated(error, str(error.filename or where)) from error
    except Exception as error:  # safetensors and tokenizers, in Rust, raise no OSError
        found = _IN_RUST.search(str(error))
        if found is None or isinstance(error, GabaritoError):
            raise
        number = int(found[1])
        raise _translated(OSError(number, os.strerror(number)), where) from error


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """Yield an unused path in ``folder``, and remove the file there at the end."""
    path = folder / f".{secrets.token_hex(8)}.part"
    try:
        yield path
    finally:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write to, which replaces what is at ``path`` at the end, if all went well.

    A link stays one, and so do the permissions; a terminal or a pipe is written to as it is.

    Raises:
        DataError: if it is a folder, or in none.
        AccessError: if it may not be written there.
        ServiceError: if the disk is full.
    """
    target = path.resolve()
    with disk_errors(str(path)):
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        with temporary(target.parent) as part:
            with _opened(part, path) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                part.chmod(target.stat().st_mode & 0o777)
            part.replace(target)
            sync_folder(target.parent)


def _opened(part: Path, path: Path) -> BinaryIO:
    """Open what is written beside ``path``, which is what a person knows."""
    try:
        return part.open("xb")
    except OSError as error:
        error.filename = str(path)
        raise


@contextmanager
def atomic_write(path: Path, expected: FileInfo | int, where: str) -> Iterator[BinaryIO]:
    """Yield a file to write to, which becomes ``path`` if its content, or size, is as expected.

    Raises:
        DataError: if it is not; nothing remains then.
    """
    with disk_errors(str(path)), temporary(path.parent) as part:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            yield file
        _refuse_other(part, expected, where)
        part.replace(path)


def _refuse_other(part: Path, expected: FileInfo | int, where: str) -> None:
    if isinstance(expected, int):
        size = part.stat().st_size
        if size != expected:
            raise DataError(f"{where}: changed while it was read: {size} bytes, not {expected}")
        return
    got = info_of(part)
    if got != expected:
        raise DataError(
            f"{where}: damaged: got {got.size} bytes with sha256 {got.sha256}, "
            f"not {expected.size} with {expected.sha256}"
        )


def write_synced(path: Path, chunks: Iterator[bytes]) -> FileInfo:
    """Write a new file through to the disk and return its size and digest."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
        file.flush()
        os.fsync(file.fileno())
        return FileInfo(size=file.tell(), sha256=digest.hexdigest())


def sync_folder(folder: Path) -> None:
    """Write the names in a folder through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a file, piece by piece."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def info_of(path: Path) -> FileInfo:
    """Return size and digest of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FileInfo(size=file.tell(), sha256=sha256)


def _translated(error: OSError, where: str) -> GabaritoError:
    reason = (error.strerror or str(error)).lower()
    if error.errno in _FULL:
        return ServiceError(f"{where}: disk is full ({reason}); free space or use another disk")
    if error.errno in _REFUSED:
        cure = "change its permissions or owner, or use another folder"
        return AccessError(f"{where}: may not be read or written ({reason}); {cure}")
    if isinstance(error, FileNotFoundError):
        return DataError(f"{where}: no such file; check the path")
    if isinstance(error, NotADirectoryError):
        return DataError(f"{where}: a part of the path is no folder; check the path")
    if isinstance(error, IsADirectoryError):
        return DataError(f"{where}: is a folder; name a file in it")
    if error.errno in _NO_PATH:
        return DataError(f"{where[:_MAX_SHOWN]}: no path can be so ({reason}); give another path")
    return ServiceError(f"{where}: disk does not work ({reason}); check it or use another folder")

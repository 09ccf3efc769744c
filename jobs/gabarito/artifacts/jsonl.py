"""Files of JSON lines that people write and settings name."""

from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from gabarito.core.errors import DataError, MissingError
from gabarito.core.records import numbered_jsonl
from gabarito.core.settings import BUCKET, local_path
from gabarito.store.open import open_bucket

R = TypeVar("R", bound=BaseModel)


def read_lines(path: str, model: type[R]) -> list[R]:
    """Return the records of a file: a local path, ``gabarito:…`` or ``s3://bucket/key``.

    Raises:
        MissingError: if there is no such file.
        DataError: if it is not UTF-8 text; names the line that is no such record.
    """
    return [record for _, record in read_numbered(path, model)]


def read_numbered(path: str, model: type[R]) -> list[tuple[int, R]]:
    """Return the same, each with the number of its line, from 1."""
    try:
        text = read_object(path).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a UTF-8 text file: {error}; save it as UTF-8") from error
    lines = text.split("\n")  # splitlines also splits at U+2028
    return list(numbered_jsonl(lines, model, path))


def read_object(path: str) -> bytes:
    """Return the content of one file or object.

    Raises:
        MissingError: if there is none.
        DataError: if it is a folder, or may not be read.
    """
    return _read_from_bucket(path) if path.startswith(BUCKET) else _read_file(local_path(path))


def _read_from_bucket(url: str) -> bytes:
    bucket, _, key = url.removeprefix(BUCKET).partition("/")
    with suppress(MissingError):
        if key:
            return open_bucket(f"{BUCKET}{bucket}").read(key).data
    raise MissingError(f"{url}: no objects there; check the bucket and the key")


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingError(f"{path}: no such file; check its path") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: a folder; name a file in it") from error
    except PermissionError as error:
        raise DataError(f"{path}: may not be read by this user; change its permissions") from error

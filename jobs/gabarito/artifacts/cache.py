"""Finished items, kept for the next attempt and the next run: ``<store>/cache/<stage>/…``."""

import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from gabarito.artifacts.artifact import Key
from gabarito.artifacts.claims import Claims
from gabarito.core.errors import DataError, MissingError
from gabarito.store.base import FileInfo, Store

T = TypeVar("T")

DIGEST_CHARS = 64
FILES = ".files/"
"""Parts a folder's key from the copies of it: each is whole before the key names it."""

_INDEX = TypeAdapter(dict[Key, tuple[Key, int, str]])
"""Of a stored folder: name of each file -> its key in the store, size in bytes and SHA-256."""


class Cache:
    """Items by the key of their inputs; a damaged item counts as missing."""

    def __init__(self, store: Store, stage: str) -> None:
        self._store = store
        self._stage = stage
        self._prefix = f"cache/{stage}"

    def get(self, key: str) -> bytes | None:
        """Return an item, or None."""
        try:
            framed = self._store.read(self._place(key)).data
        except MissingError:
            return None
        digest, data = framed[:DIGEST_CHARS], framed[DIGEST_CHARS:]
        return data if hashlib.sha256(data).hexdigest().encode() == digest else None

    def get_json(self, key: str, kind: TypeAdapter[T]) -> T | None:
        """Return an item of JSON as ``kind``, or None: one of another shape is none of ours."""
        data = self.get(key)
        try:
            return None if data is None else kind.validate_json(data)
        except ValidationError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Store an item, over an older one."""
        digest = hashlib.sha256(data).hexdigest().encode()
        self._store.write(self._place(key), digest + data)

    def keys(self, beginning: str) -> list[str]:
        """Return the keys of the items that begin so, in order."""
        place = self._place("")
        return sorted(
            entry.key.removeprefix(place) for entry in self._store.list(self._place(beginning))
        )

    def delete(self, key: str) -> None:
        """Remove an item; one that is not there is gone already."""
        self._store.delete(self._place(key))

    def claims(self, pause: Callable[[float], None]) -> Claims:
        """Return the claims by which one process makes an item that several need."""
        return Claims(self._store, self._stage, pause)

    def save_folder(self, key: str, folder: Path) -> None:
        """Store the files of a folder, over an older one; it is there only when all are."""
        before = self._index(key)
        below = f"{self._place(key)}{FILES}{secrets.token_hex(8)}"
        index = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            info = self._store.upload(path, f"{below}/{name}")
            index[name] = (f"{below}/{name}", info.size, info.sha256)
        self.put(key, json.dumps(index).encode())
        for place, _, _ in before.values():
            self._store.delete(place)

    def objects_of(self, key: str) -> set[str]:
        """Return the keys in the store of a stored folder's files."""
        return {place for place, _, _ in self._index(key).values()}

    def files_of(self, key: str) -> dict[str, FileInfo]:
        """Return size and digest of each file of a stored folder; nothing if there is none."""
        index = self._index(key)
        return {name: FileInfo(size=size, sha256=sha) for name, (_, size, sha) in index.items()}

    def load_folder(
        self, key: str, folder: Path, is_wanted: Callable[[str], bool] = lambda _: True
    ) -> bool:
        """Write the files of a stored folder below ``folder``; False if there is none.

        Of names for which ``is_wanted`` is false nothing is written.
        """
        whole = self._index(key)
        index = {name: entry for name, entry in whole.items() if is_wanted(name)}
        try:
            for name, (place, size, sha256) in index.items():
                self._store.download(place, folder / name, FileInfo(size=size, sha256=sha256))
        except DataError:
            for name in index:
                (folder / name).unlink(missing_ok=True)
            return self._index(key) != whole and self.load_folder(key, folder, is_wanted)
        return bool(index)

    def _index(self, key: str) -> dict[str, tuple[str, int, str]]:
        """Return a stored folder's index, empty if it names a file that lies elsewhere.

        Whoever may write to the store may write an index, with a digest that is right: without
        these checks its names would lead to any file of this machine.
        """
        index = self.get_json(key, _INDEX) or {}
        below = f"{self._place(key)}{FILES}"
        return index if all(place.startswith(below) for place, _, _ in index.values()) else {}

    def _place(self, key: str) -> str:
        return f"{self._prefix}/{key}"

"""Artifacts: addressed by their inputs, finished by a manifest.

<store>/artifacts/<stage>/<fingerprint>/manifest.json   written last, only if absent
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from gabarito.core.errors import DataError, MissingError
from gabarito.core.records import Record, read_jsonl
from gabarito.core.store import FileInfo, Store, is_key

R = TypeVar("R", bound=BaseModel)


def _key(key: str) -> str:
    if not is_key(key):
        message = f"{key!r} is not a key"
        raise ValueError(message)
    return key


Key = Annotated[str, AfterValidator(_key)]
"""A relative key without ``..``: what a manifest lists never lies outside of a folder."""


@dataclass(frozen=True)
class Address:
    """Where an artifact lies; ``shard`` is ``""`` or a part such as ``"2-of-8"``."""

    stage: str
    fingerprint: str
    shard: str = ""

    @property
    def prefix(self) -> str:
        """The artifact's place in the store."""
        whole = f"artifacts/{self.stage}/{self.fingerprint}"
        return f"{whole}/shards/{self.shard}" if self.shard else whole

    @property
    def manifest(self) -> str:
        """The key of the manifest."""
        return f"{self.prefix}/manifest.json"


class FileEntry(Record):
    """A file of an artifact: its key, size in bytes and SHA-256."""

    key: Key
    size: int
    sha256: str


class Manifest(Record):
    """What a finished artifact holds, and what it was made from.

    ``inputs`` maps each stage that was read to the SHA-256 of its manifest.
    """

    stage: str
    fingerprint: str
    attempt: str
    files: dict[Key, FileEntry]
    counts: dict[str, float]
    inputs: dict[str, str]
    settings: dict[str, Any]
    versions: dict[str, str]
    started_at: datetime
    finished_at: datetime


class Artifact:
    """A finished artifact: what is read from it is verified."""

    def __init__(self, store: Store, address: Address, manifest: Manifest, digest: str) -> None:
        self.store = store
        self.address = address
        self.manifest = manifest
        self.digest = digest
        """SHA-256 of the manifest."""

    def read(self, name: str) -> bytes:
        """Return the content of one file.

        Raises:
            DataError: if the manifest lists no such file, or its content is not what it lists.
        """
        entry = self._entry(name)
        with self._cure():
            data = self.store.read(entry.key).data
            if hashlib.sha256(data).hexdigest() != entry.sha256:
                message = f"{self.store.url}/{entry.key}: content is not what the manifest lists"
                raise DataError(message)
        return data

    def records(self, name: str, model: type[R]) -> Iterator[R]:
        """Yield the records of one file of JSON lines."""
        lines = self.read(name).decode().split("\n")  # splitlines also splits at U+2028
        return read_jsonl(lines, model, f"{self.address.prefix}/{name}")

    def fetch(self, folder: Path, below: str = "") -> Path:
        """Download the files whose names begin with ``below`` into ``folder`` and return it."""
        for name, entry in self.manifest.files.items():
            if name.startswith(below):
                expected = FileInfo(size=entry.size, sha256=entry.sha256)
                with self._cure():
                    self.store.download(entry.key, folder / name.removeprefix(below), expected)
        return folder

    @contextmanager
    def _cure(self) -> Iterator[None]:
        try:
            yield
        except DataError as error:
            stage = self.address.stage
            message = f"{error}; raise {stage}.again to make it and all that follows anew"
            raise DataError(message) from error

    def _entry(self, name: str) -> FileEntry:
        entry = self.manifest.files.get(name)
        if entry is None:
            listed = ", ".join(sorted(self.manifest.files))
            message = f"{self.address.manifest}: lists no file {name!r}; it lists {listed}"
            raise DataError(message)
        return entry


def open_artifact(store: Store, address: Address) -> Artifact | None:
    """Return the artifact at ``address``, or None if it is not finished.

    Raises:
        DataError: if the manifest is damaged.
    """
    try:
        data = store.read(address.manifest).data
    except MissingError:
        return None
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        message = f"{store.url}/{address.manifest}: not a manifest; delete it and run again"
        raise DataError(message) from error
    return Artifact(store, address, manifest, hashlib.sha256(data).hexdigest())

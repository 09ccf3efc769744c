"""Artifacts: addressed by their inputs, finished by a manifest.

<store>/artifacts/<stage>/<fingerprint>/manifest.json   written last, only if absent
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from gabarito.core.errors import DataError, MissingError
from gabarito.core.mistakes import first_mistake
from gabarito.core.records import Record, read_jsonl
from gabarito.store.base import FileInfo, Store, is_key
from gabarito.store.model_cache import model_folder

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


def _key(key: str) -> str:
    if not is_key(key):
        raise ValueError(f"{key!r} is not a key")
    return key


Key = Annotated[str, AfterValidator(_key)]
"""A relative key without ``..``: what a manifest lists never lies outside of a folder."""

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-z-]+$")]
"""A fingerprint that a record names: one part of a key, so that it leads to an artifact alone."""


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
    started_at: AwareDatetime
    finished_at: AwareDatetime


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
        with self._cure():
            entry = self.manifest.files.get(name)
            if entry is None:
                listed = ", ".join(sorted(self.manifest.files))
                raise DataError(
                    f"{self.address.manifest}: lists no file {name!r}; it lists {listed}"
                )
            data = self.store.read(entry.key).data
            if hashlib.sha256(data).hexdigest() != entry.sha256:
                raise DataError(
                    f"{self.store.url}/{entry.key}: content is not what the manifest lists"
                )
        return data

    def records(self, name: str, model: type[R]) -> Iterator[R]:
        """Yield the records of one file of JSON lines.

        Raises:
            DataError: if it is not UTF-8 text; names the line that is no such record.
        """
        where = f"{self.address.prefix}/{name}"
        data = self.read(name)
        with self._cure():
            try:
                text = data.decode()
            except UnicodeDecodeError as error:
                raise DataError(f"{where}: not a UTF-8 text file: {error}") from error
            yield from read_jsonl(text.split("\n"), model, where)  # splitlines splits at U+2028

    def read_json(self, name: str, kind: TypeAdapter[T]) -> T:
        """Return one file of JSON as ``kind``.

        Raises:
            DataError: if it has another shape.
        """
        data = self.read(name)
        with self._cure():
            try:
                return kind.validate_json(data)
            except ValidationError as error:
                said = first_mistake(error, "content")
                where = f"{self.address.prefix}/{name}"
                raise DataError(f"{where}: not what {self.address.stage} writes: {said}") from error

    def record(self, name: str, model: type[R]) -> R:
        """Return the one record that a file holds.

        Raises:
            DataError: if it is no such record.
        """
        return self.read_json(name, TypeAdapter(model))

    def fetch(self, folder: Path, below: str = "", without: str | None = None) -> Path:
        """Download the files whose names begin with ``below`` into ``folder`` and return it.

        Those whose names end with ``without`` are left out.
        """
        for name, entry in self.manifest.files.items():
            if name.startswith(below) and not (without and name.endswith(without)):
                expected = FileInfo(size=entry.size, sha256=entry.sha256)
                with self._cure():
                    self.store.download(entry.key, folder / name.removeprefix(below), expected)
        return folder

    @contextmanager
    def model(self, below: str) -> Iterator[Path]:
        """Give a folder with the files whose names begin with ``below``, cached near the pod.

        Nothing may be written to it.
        """
        files = {
            name.removeprefix(below): FileInfo(size=entry.size, sha256=entry.sha256)
            for name, entry in self.manifest.files.items()
            if name.startswith(below)
        }
        with model_folder(files, partial(self.fetch, below=below), self.address.stage) as folder:
            yield folder

    @contextmanager
    def _cure(self) -> Iterator[None]:
        try:
            yield
        except DataError as error:
            stage = self.address.stage
            raise DataError(
                f"{error}; raise {stage}.rerun to make it and all that follows anew"
            ) from error


def open_artifact(store: Store, address: Address) -> Artifact | None:
    """Return the artifact at ``address``, or None if it is not finished.

    Raises:
        DataError: if the manifest is damaged, or is that of another artifact.
    """
    try:
        data = store.read(address.manifest).data
    except MissingError:
        return None
    where = f"{store.url}/{address.manifest}"
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise DataError(f"{where}: not a manifest; delete it and run again") from error
    if (manifest.stage, manifest.fingerprint) != (address.stage, address.fingerprint):
        got = f"{manifest.stage}/{manifest.fingerprint}"
        raise DataError(
            f"{where}: manifest of another artifact, {got!r:.90}; delete it and run again"
        )
    below = f"{address.prefix}/attempts/{manifest.attempt}/"
    for entry in manifest.files.values():
        if not entry.key.startswith(below):
            place = f"{entry.key!r}, not below its attempt"
            raise DataError(f"{where}: lists {place}; delete it and run again")
    return Artifact(store, address, manifest, hashlib.sha256(data).hexdigest())


def finished_artifact(store: Store, address: Address) -> Artifact:
    """Return an artifact that a record names.

    Raises:
        DataError: if it is gone.
    """
    artifact = open_artifact(store, address)
    if artifact is None:
        raise DataError(
            f"{store.url}/{address.manifest}: does not exist any more; run the pipeline again"
        )
    return artifact

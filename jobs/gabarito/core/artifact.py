"""Artifacts: addressed by their inputs, written in attempts, finished by a manifest.

<store>/artifacts/<stage>/<fingerprint>/attempts/<attempt>/…   private to one attempt
                                        manifest.json          written last, only if absent
                                        progress.json          overwritten while it runs
"""

import hashlib
import json
import logging
import platform
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from gabarito import __version__
from gabarito.core.cache import Cache
from gabarito.core.disk import disk_errors, temporary_folder
from gabarito.core.errors import ConflictError, DataError, GabaritoError, MissingError
from gabarito.core.ledger import Ledger
from gabarito.core.log import Progress
from gabarito.core.records import Record, read_jsonl
from gabarito.core.store import FileInfo, Store, is_key

R = TypeVar("R", bound=BaseModel)

log = logging.getLogger("gabarito.artifact")


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


class Attempt:
    """One try of a stage: all that a stage reads and writes goes through it.

    A stage writes into ``folder``; ``publish`` uploads what is there and ends the artifact.
    """

    def __init__(
        self,
        store: Store,
        address: Address,
        folder: Path,
        *,
        inputs: dict[str, Artifact],
        settings: dict[str, Any],
    ) -> None:
        self.store = store
        self.address = address
        self.name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"
        self.folder = folder
        """The files of the artifact, while they are written."""
        self.inputs = inputs
        self.settings = settings
        self.counts: dict[str, float] = {}
        """Figures for the manifest and for people."""
        self.versions = {"gabarito": __version__, "python": platform.python_version()}
        self.started_at = datetime.now(UTC)
        self.ledger = Ledger(address.stage, folder / "ledger.jsonl")
        self.cache = Cache(store, address.stage)
        self.progress = Progress(address.stage, self._mirror)

    def write(self, name: str, lines: Iterable[str]) -> int:
        """Write lines of text as the file ``name`` and return their number."""
        count = 0
        with (
            disk_errors(str(self.folder)),
            self._path(name).open("w", encoding="utf-8", newline="\n") as file,
        ):
            for count, line in enumerate(lines, start=1):  # noqa: B007  # counted
                file.write(line + "\n")
        return count

    def write_text(self, name: str, text: str) -> None:
        """Write one text as the file ``name``."""
        with disk_errors(str(self.folder)):
            self._path(name).write_text(text, encoding="utf-8")

    def publish(self) -> Artifact:
        """Upload the files, write the manifest, and return the finished artifact.

        If another attempt finished first, its artifact is returned and ours stays inert.
        """
        self.ledger.close()
        self.counts |= {f"rejected.{reason}": n for reason, n in self.ledger.counts.items()}
        files = {name: self._upload(name, path) for name, path in self._written()}
        manifest = Manifest(
            stage=self.address.stage,
            fingerprint=self.address.fingerprint,
            attempt=self.name,
            files=files,
            counts=self.counts,
            inputs={stage: artifact.digest for stage, artifact in self.inputs.items()},
            settings=self.settings,
            versions=self.versions,
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
        )
        try:
            data = manifest.model_dump_json(indent=1).encode()
            self.store.write(self.address.manifest, data, if_absent=True)
        except ConflictError:
            pass
        return self._finished()

    def _finished(self) -> Artifact:
        artifact = open_artifact(self.store, self.address)
        if artifact is None:
            message = f"{self.store.url}/{self.address.manifest}: gone right after it was written"
            raise DataError(message)
        return artifact

    def _path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _written(self) -> list[tuple[str, Path]]:
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return [(path.relative_to(self.folder).as_posix(), path) for path in paths]

    def _upload(self, name: str, path: Path) -> FileEntry:
        key = f"{self.address.prefix}/attempts/{self.name}/{name}"
        info = self.store.upload(path, key)
        return FileEntry(key=key, size=info.size, sha256=info.sha256)

    def _mirror(self, state: dict[str, object]) -> None:
        data = json.dumps({"attempt": self.name, **state}).encode()
        try:
            self.store.write(f"{self.address.prefix}/progress.json", data)
        except GabaritoError as error:  # nothing depends on it
            log.warning("progress not written", extra={"reason": str(error)})


@contextmanager
def new_attempt(
    store: Store,
    address: Address,
    *,
    inputs: dict[str, Artifact],
    settings: dict[str, Any],
) -> Iterator[Attempt]:
    """Give a fresh attempt whose files lie in a temporary folder."""
    with temporary_folder(f"gabarito-{address.stage}-") as folder:
        work = Attempt(store, address, folder, inputs=inputs, settings=settings)
        with closing(work.ledger):
            yield work

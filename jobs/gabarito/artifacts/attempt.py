"""Attempts: one try of a stage, whose files become an artifact when it is published.

<store>/artifacts/<stage>/<fingerprint>/attempts/<attempt>/…   private to one attempt
                                        progress.json          overwritten while it runs
"""

import logging
import platform
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gabarito import __version__
from gabarito.artifacts.artifact import Address, Artifact, FileEntry, Manifest, open_artifact
from gabarito.artifacts.cache import Cache
from gabarito.artifacts.ledger import Ledger
from gabarito.core.errors import ConflictError, DataError, GabaritoError
from gabarito.core.log import ProgressReporter
from gabarito.core.rank import is_first_process
from gabarito.core.records import ATTEMPT_BEGAN, Progress
from gabarito.store.base import Store
from gabarito.store.disk import disk_errors
from gabarito.store.scratch import temporary_folder

log = logging.getLogger("gabarito.attempt")

MIRROR_SHARE = 0.05
"""Of the time, what may be lost on telling progress to a store that hangs: 80 seconds a try."""


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
        self.name = f"{time.strftime(ATTEMPT_BEGAN, time.gmtime())}-{secrets.token_hex(4)}"
        self.folder = folder
        """The files of the artifact, while they are written."""
        self.inputs = inputs
        self.settings = settings
        self.counts: dict[str, float] = {}
        """Figures for the manifest and for people."""
        self.versions = {"gabarito": __version__, "python": platform.python_version()}
        self.started_at = datetime.now(UTC)
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.cache = Cache(store, address.stage)
        self.progress = ProgressReporter(address.stage, self._mirror)
        self._mirrors_again = 0.0

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
        files = {}
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            name = path.relative_to(self.folder).as_posix()
            key = f"{self.address.prefix}/attempts/{self.name}/{name}"
            info = self.store.upload(path, key)
            files[name] = FileEntry(key=key, size=info.size, sha256=info.sha256)
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
        with suppress(ConflictError):
            data = manifest.model_dump_json(indent=1).encode()
            self.store.write(self.address.manifest, data, if_absent=True)
        artifact = open_artifact(self.store, self.address)
        if artifact is None:
            raise DataError(
                f"{self.store.url}/{self.address.manifest}: gone right after it was written"
            )
        return artifact

    def _path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _mirror(self, state: dict[str, object]) -> None:
        if not is_first_process():
            return
        data = Progress.model_validate({"attempt": self.name, **state}).model_dump_json().encode()
        began = time.monotonic()
        if began < self._mirrors_again:
            return
        try:
            self.store.write(f"{self.address.prefix}/progress.json", data)
        except GabaritoError as error:  # nothing depends on it
            log.warning("progress not written", extra={"reason": str(error)})
            now = time.monotonic()
            self._mirrors_again = now + (now - began) / MIRROR_SHARE


@contextmanager
def new_attempt(
    store: Store,
    address: Address,
    *,
    inputs: dict[str, Artifact],
    settings: dict[str, Any],
) -> Iterator[Attempt]:
    """Start an attempt in a temporary folder, which is removed at the end."""
    with temporary_folder(address.stage) as folder:
        work = Attempt(store, address, folder, inputs=inputs, settings=settings)
        with closing(work.ledger):
            yield work

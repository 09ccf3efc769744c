"""The command on a pipeline file whose source lies on a server of a test."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.stage.ingest.web.loopback import LoopbackSite

from gabarito.artifacts.jsonl import read_lines
from gabarito.core.records import Document, Rejection

WAIT_S = 300


class WebProject:
    """A pipeline file, a store, and real processes of ``gabarito run --until ingest``."""

    def __init__(self, folder: Path, source: dict[str, Any]) -> None:
        self._folder = folder
        self._source = {"allow_private": True, **source}

    def run(self, rerun: int = 0) -> int:
        """Run to the end and return the exit code; what was printed is in ``printed``."""
        with self._started(rerun) as process:
            return process.wait(WAIT_S)

    def run_killed(self, site: LoopbackSite, requests: int) -> None:
        """Run until the site was asked so many things in all, and kill the processes of the run."""
        with self._started(rerun=0) as process:
            deadline = time.monotonic() + WAIT_S
            while len(site.asked) < requests and process.poll() is None:
                assert time.monotonic() < deadline, self.printed
                time.sleep(0.001)
            os.killpg(process.pid, signal.SIGKILL)

    @property
    def printed(self) -> str:
        return (self._folder / "printed").read_text(encoding="utf-8")

    @property
    def documents(self) -> dict[str, Document]:
        """The documents of the newest artifact, by their sources."""
        return {one.source: one for one in read_lines(self._newest("documents.jsonl"), Document)}

    @property
    def ledger(self) -> list[Rejection]:
        """The ledger of the newest artifact."""
        return read_lines(self._newest("ledger.jsonl"), Rejection)

    def _newest(self, name: str) -> str:
        found = self._folder.glob("store/artifacts/ingest/*/manifest.json")
        newest = max(found, key=lambda path: path.stat().st_mtime)
        return str(next(newest.parent.glob(f"attempts/*/{name}")))

    @contextmanager
    def _started(self, rerun: int) -> Iterator[subprocess.Popen[bytes]]:
        path = self._folder / "pipeline.yaml"
        ingest = {"sources": [self._source], "rerun": rerun, "min_chars": 50}
        ingest["web"] = {"delay_s": 0, "retries": 2}
        path.write_text(yaml.safe_dump({"name": "web", "ingest": ingest}), encoding="utf-8")
        options = ["--until", "ingest", "--store", str(self._folder / "store")]
        command = [sys.executable, "-m", "gabarito", "run", str(path), *options]
        with (
            (self._folder / "printed").open("wb") as out,
            subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True) as process,
        ):
            yield process


def run_with_kills(project: WebProject, site: LoopbackSite, kills: int, expected: int) -> int:
    """Kill a run so many times at random moments before it has asked ``expected`` times in all,
    and run it to the end; return the exit code."""
    for requests in sorted(random.sample(range(1, expected), kills)):
        project.run_killed(site, requests)
    return project.run()

"""Two attempts that finish one artifact: one manifest, and both have it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.store.base import Store
from gabarito.store.open import open_store

ADDRESS = Address("ingest", "f" * 64)
RACER = """
import sys, time
from pathlib import Path
from gabarito.artifacts.artifact import Address
from gabarito.artifacts.attempt import new_attempt
from gabarito.store.open import open_store

url, name, flags = sys.argv[1], sys.argv[2], Path(sys.argv[3])
address = Address("ingest", "f" * 64)
with new_attempt(open_store(url), address, inputs={}, settings={}) as work:
    work.write("who.txt", [name])
    (flags / name).touch()
    while not (flags / "go").exists():
        time.sleep(0.001)
    print(work.publish().digest)
"""


def run_attempt(store: Store, name: str, start: Barrier) -> Artifact:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        work.write("who.txt", [name])
        start.wait(10)
        return work.publish()


def test_attempts_that_race_share_one_artifact(url: str) -> None:
    start = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        racers = [
            pool.submit(run_attempt, open_store(url), f"racer {number}", start)
            for number in range(4)
        ]
    artifacts = [racer.result() for racer in racers]
    assert len({artifact.digest for artifact in artifacts}) == 1
    assert len({artifact.read("who.txt") for artifact in artifacts}) == 1
    keys = [entry.key for entry in open_store(url).list("artifacts/")]
    assert [key for key in keys if key.endswith("manifest.json")] == [ADDRESS.manifest]
    assert len([key for key in keys if key.endswith("who.txt")]) == 4


def test_processes_that_race_share_one_artifact_and_end_well(url: str, tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACER, url, name, str(tmp_path)],
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    while not ((tmp_path / "one").exists() and (tmp_path / "two").exists()):
        assert all(racer.poll() is None for racer in racers)
        time.sleep(0.01)
    (tmp_path / "go").touch()
    said = {racer.communicate(timeout=30)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0]
    assert len(said) == 1

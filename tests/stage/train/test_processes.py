"""Several processes, as torchrun starts them, train what one trains alone, and one of them writes.

They meet on the loopback device by gloo and have a thread each.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.cache import Cache
from gabarito.core.errors import Interrupted, SettingsError
from gabarito.core.log import TERMINATION_LOG
from gabarito.pipeline.run_stage import perform
from gabarito.pipeline.runs import Run, freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.train.checkpoint import Checkpoint, Checkpoints, StepMetrics
from gabarito.train.processes import Processes

from .test_resume import METHODS, stop_at, tensors_of

GABARITO = Path(__file__).parent / "in_float32.py"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
START_S = 400


@dataclass(frozen=True)
class Training:
    """The stage train of a run in a store."""

    store: Store
    run: Run

    def start(self, said: Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start two processes of it, whose lines are written to a file."""
        command = [str(GABARITO), "train", "--store", self.store.url, "--run", self.run.run]
        with said.open("wb") as log:
            return subprocess.Popen(
                [*TORCHRUN, "--", *command],  # or torchrun takes --run for one of its own options
                env=os.environ | {"OMP_NUM_THREADS": "1", "NO_PROXY": "*"} | environment,
                stdout=log,
                stderr=log,
            )

    def alone(self) -> Artifact:
        """Make it in this process."""
        made = perform(self.store, self.run, "train")
        assert made
        return made

    @property
    def kept(self) -> Checkpoint | None:
        """The latest checkpoint."""
        cache = Cache(self.store, "train")
        return Checkpoints(cache, self.run.fingerprints["train"]).load(lambda _: True)

    def stopped_from(self, step: int, said: Path) -> Checkpoint:
        """Let two processes train until a checkpoint of that step, and tell torchrun to stop."""
        process, began = self.start(said), time.monotonic()
        while process.poll() is None and time.monotonic() - began < START_S:
            if (checkpoint := self.kept) and checkpoint.step >= step:
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.2)
        process.wait(START_S)
        kept = self.kept
        assert kept, said.read_text()
        return kept


@pytest.fixture
def training(
    tmp_path: Path, settings: dict[str, Any], dataset: Callable[..., Artifact]
) -> Callable[..., Training]:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").write_text("O Lille fez 7 gols.")

    def of(store: Store, **changes: object) -> Training:
        pipeline = {
            "name": "gols",
            "ingest": {"sources": [{"type": "files", "path": "pages"}]},
            "generate": {"teacher": {"model": "some-model"}},
            "train": settings | changes,
        }
        (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump(pipeline))
        run = new_run(read_pipeline(tmp_path / "pipeline.yaml"))
        freeze(store, run)
        dataset(run.fingerprints["curate"], store=store)
        return Training(store, run)

    return of


@pytest.fixture
def another_store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/another")


def assert_alike(one: Artifact, other: Artifact) -> None:
    curves = [
        [point.loss for point in a.records("curves.jsonl", StepMetrics)] for a in (one, other)
    ]
    assert curves[0] == pytest.approx(curves[1], abs=1e-4)
    steps = [json.loads(made.read("choice.json"))["step"] for made in (one, other)]
    assert steps[0] == steps[1]
    tensors = tensors_of(other)
    for name, tensor in tensors_of(one).items():
        torch.testing.assert_close(tensor, tensors[name], rtol=1e-2, atol=1e-3)


@pytest.mark.usefixtures("in_float32")
def test_where_one_process_stopped_two_go_on_to_the_same_adapter_and_the_first_one_writes(
    training: Callable[..., Training],
    store: Store,
    another_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = training(another_store), training(store)
    with monkeypatch.context() as patched:
        stop_at(3, patched, signal.SIGTERM)
        with pytest.raises(Interrupted, match="stopped after step 3"):
            two.alone()
    said, word = tmp_path / "said", tmp_path / "word"
    process = two.start(said, **{TERMINATION_LOG: str(word)})
    assert process.wait(START_S) == 0, said.read_text()
    made, whole = two.alone(), one.alone()
    assert_alike(made, whole)
    assert made.manifest.counts == whole.manifest.counts
    assert made.read("missed.jsonl") == whole.read("missed.jsonl")
    assert json.loads(word.read_text())["counts"] == made.manifest.counts
    keys = [entry.key for entry in store.list(f"{made.address.prefix}/attempts/")]
    assert {key.split("/")[4] for key in keys} == {made.manifest.attempt}
    assert said.read_text().count('"event": "published"') == 1


@pytest.mark.usefixtures("in_float32")
def test_where_two_processes_stopped_one_goes_on_to_the_same_adapter(
    training: Callable[..., Training], store: Store, another_store: Store, tmp_path: Path
) -> None:
    changes = {"steps": 200, "choice": {"every": 50, "questions": 4, "focus": 0.5}}
    whole = training(another_store, **changes).alone()
    two, said = training(store, limits={"checkpoint_every_s": 0.1}, **changes), tmp_path / "said"
    kept = two.stopped_from(60, said)
    assert f"stopped after step {kept.step}; start again" in said.read_text()
    assert open_artifact(store, two.run.address("train")) is None
    made = two.alone()
    assert list(made.records("curves.jsonl", StepMetrics))[: kept.step] == kept.curve
    assert_alike(made, whole)


@pytest.mark.usefixtures("in_float32")
def test_two_processes_train_the_layers_themselves_as_one_does(
    training: Callable[..., Training], store: Store, another_store: Store, tmp_path: Path
) -> None:
    both, one = (training(place, **METHODS["full"]) for place in (store, another_store))
    said = tmp_path / "said"
    assert both.start(said).wait(START_S) == 0, said.read_text()
    made = open_artifact(store, both.run.address("train"))
    assert made
    assert_alike(made, one.alone())


def test_processes_that_read_different_checkpoints_do_not_train(
    training: Callable[..., Training], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AnotherReadStep4(Processes):
        def gathered(self, items: Sequence[Any]) -> list[Any]:
            return [*items, 4]

    monkeypatch.setattr("gabarito.train.loop.Processes", AnotherReadStep4)
    with pytest.raises(Interrupted, match="read checkpoints of steps 0, 4; start again"):
        training(store).alone()


def test_more_processes_than_rows_are_refused(
    training: Callable[..., Training], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "count", 7)
    with pytest.raises(SettingsError, match="6 rows are too few for 7 processes; raise it"):
        training(store).alone()

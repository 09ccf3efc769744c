"""A training that was stopped continues to the same numbers."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.cache import Cache
from gabarito.core.errors import Interrupted, ServiceError, SettingsError
from gabarito.store.base import Store
from gabarito.store.local import LocalStore
from gabarito.train import job
from gabarito.train.checkpoint import Checkpoint, Checkpoints, StepMetrics
from gabarito.train.saving import Clock

Train = Callable[..., Artifact]
Figures = Callable[[], dict[str, float]]
EVERY_STEP = {"checkpoint_every_s": 0}
TRAINEE = Path(__file__).parent / "trainee.py"
START_S = 120


METHODS: dict[str, dict[str, Any]] = {
    "lora": {"dropout": 0.1},
    "full": {"method": "full", "rank": None, "learning_rate": 1e-3},
}


def tensors_of(trained: Artifact) -> dict[str, torch.Tensor]:
    [name] = [name for name in trained.manifest.files if name.endswith(".safetensors")]
    return load(trained.read(name))


def assert_same(one: Artifact, other: Artifact) -> None:
    for name, tensor in tensors_of(one).items():
        assert torch.equal(tensor, tensors_of(other)[name]), name
    curves = [
        [(p.loss, p.learning_rate) for p in a.records("curves.jsonl", StepMetrics)]
        for a in (one, other)
    ]
    assert curves[0] == curves[1]
    assert one.read("choice.json") == other.read("choice.json")


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """Send ourselves a signal when a step is reported."""
    report = job._report

    def reported(
        work: Attempt, figures: Figures, what: str, steps: int, point: StepMetrics
    ) -> None:
        if point.step == step:
            os.kill(os.getpid(), number)
        report(work, figures, what, steps, point)

    monkeypatch.setattr(job, "_report", reported)


@pytest.mark.parametrize(
    ("number", "method"),
    [(signal.SIGTERM, METHODS["lora"]), (signal.SIGINT, METHODS["full"])],
    ids=METHODS,
)
def test_a_stop_saves_the_step_and_the_next_start_goes_on(
    train: Train,
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    method: dict[str, Any],
) -> None:
    whole = train(dataset(), fingerprint="u" * 64, **method)
    stop_at(5, monkeypatch, number)
    with pytest.raises(Interrupted, match="stopped after step 5; start again"):
        train(dataset(), **method)
    monkeypatch.undo()
    assert_same(train(dataset(), **method), whole)


@pytest.mark.parametrize("step", [15, 21])
def test_a_stop_changes_neither_what_is_drawn_of_missed_facts_nor_the_early_end(
    train: Train,
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    choice = {"every": 10, "questions": 4, "focus": 0.8, "patience": 1}
    given = partial(train, dataset(), steps=60, batch_size=4, choice=choice)
    with monkeypatch.context() as graded:
        graded.setattr(AnswerKey, "is_right", lambda _self, _said, one: one.answer == "7 gols")
        whole = given(fingerprint="u" * 64)
        with monkeypatch.context() as stopped:
            stop_at(step, stopped, signal.SIGTERM)
            with pytest.raises(Interrupted, match=f"stopped after step {step}; start again"):
                given()
        assert_same(given(), whole)
    assert whole.manifest.counts["steps"] == 22  # flat at 20, and a tenth to come down


def test_what_was_trained_before_a_kill_is_not_trained_again(
    train: Train, dataset: Callable[..., Artifact], store: Store, settings: dict[str, Any]
) -> None:
    steps, given = 60, dataset()
    written = json.dumps(settings | {"steps": steps, "limits": EVERY_STEP})
    process = subprocess.Popen([sys.executable, str(TRAINEE), store.url, written])
    wait_for_steps(store, process, 3)
    process.kill()
    process.wait()
    kept = Checkpoints(Cache(store, "train"), "t" * 64).load(lambda _: True)
    assert kept is not None
    assert kept.step < steps
    resumed = train(given, steps=steps)
    curve = list(resumed.records("curves.jsonl", StepMetrics))
    assert curve[: kept.step] == kept.curve  # their speeds too: not made anew
    assert_same(resumed, train(given, fingerprint="u" * 64, steps=steps))


def wait_for_steps(store: Store, process: subprocess.Popen[bytes], steps: int) -> None:
    began = time.monotonic()
    while time.monotonic() - began < START_S and process.poll() is None:
        checkpoint = Checkpoints(Cache(store, "train"), "t" * 64).load(lambda _: True)
        if checkpoint and checkpoint.step >= steps:
            return
        time.sleep(0.05)
    pytest.fail("the training in the other process made no checkpoint")


@pytest.mark.parametrize(("every", "saved"), [(1e-6, [1]), (0.0, list(range(1, 9)))])
def test_saving_takes_a_tenth_of_the_time_unless_each_step_is_to_be_saved(
    train: Train,
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    every: float,
    saved: list[int],
) -> None:
    steps: list[int] = []
    ticks = itertools.count()

    def slow(_checkpoints: Checkpoints, checkpoint: Checkpoint) -> None:
        steps.append(checkpoint.step)
        for _ in range(1000):
            next(ticks)

    monkeypatch.setattr(Checkpoints, "save", slow)
    clock = Clock(now=lambda: float(next(ticks)))
    monkeypatch.setattr("gabarito.train.saving.Clock", lambda: clock)
    train(dataset(), limits={"checkpoint_every_s": every})
    assert steps == saved


@pytest.mark.parametrize("back_at", [6, None], ids=["between two steps", "after the last one"])
def test_a_store_that_is_away_for_a_while_stops_nothing_and_loses_nothing(
    train: Train,
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    back_at: int | None,
) -> None:
    given = dataset()
    whole = train(given, fingerprint="u" * 64)
    away = Away(monkeypatch)
    report = job._report

    def reported(
        work: Attempt, figures: Figures, what: str, steps: int, point: StepMetrics
    ) -> None:
        if point.step in (3, back_at):
            away.is_now = point.step == 3
        report(work, figures, what, steps, point)

    monkeypatch.setattr(job, "_report", reported)
    clock = Clock(sleep=lambda _seconds: setattr(away, "is_now", False))
    monkeypatch.setattr("gabarito.train.saving.Clock", lambda: clock)
    monkeypatch.setattr("gabarito.train.saving.SAVING_SHARE", 1.0)  # each step is quick
    assert_same(train(given, limits=EVERY_STEP), whole)
    said = [record.message for record in caplog.records]
    assert "checkpoint not written, training goes on" in said
    assert not away.is_now


def test_a_store_that_is_away_for_longer_than_the_grace_ends_a_training(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = dataset()
    away = Away(monkeypatch)
    monkeypatch.setattr(job, "_report", lambda *_: setattr(away, "is_now", True))
    with pytest.raises(ServiceError, match="the store is away"):
        train(given, limits={**EVERY_STEP, "checkpoint_grace_s": 0})


def test_a_training_that_the_store_ended_three_times_starts_again(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, report = dataset(), job._report
    away = Away(monkeypatch)
    monkeypatch.setattr(job, "_report", lambda *_: setattr(away, "is_now", True))
    for _ in range(3):
        with pytest.raises(ServiceError, match="the store is away"):
            train(given, limits={**EVERY_STEP, "checkpoint_grace_s": 0})
        away.is_now = False
    monkeypatch.setattr(job, "_report", report)
    assert train(given, limits={**EVERY_STEP, "checkpoint_grace_s": 0})


def test_a_training_that_is_stopped_without_the_store_does_not_count_as_dead(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, report = dataset(), job._report

    def refused(*_arguments: object) -> None:
        raise ServiceError("no checkpoint is taken")

    monkeypatch.setattr(Checkpoints, "save", refused)
    for _ in range(3):
        stop_at(2, monkeypatch, signal.SIGTERM)
        with pytest.raises(ServiceError, match="no checkpoint is taken"):
            train(given)
        monkeypatch.setattr(job, "_report", report)
    assert train(given)


class Away:
    """Lets stores on disk answer nothing while ``is_now``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_now = False
        for name in ("read", "write", "upload", "delete"):
            monkeypatch.setattr(LocalStore, name, self._failing(getattr(LocalStore, name)))

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            if self.is_now:
                raise ServiceError("the store is away")
            return method(*arguments, **named)

        return call


def test_a_training_that_dies_at_one_step_three_times_gives_up(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_arguments: object) -> None:
        raise Killed

    monkeypatch.setattr("gabarito.train.loop.LossModule.forward", killed)
    for _ in range(3):
        with pytest.raises(Killed):
            train(dataset())
    with pytest.raises(SettingsError, match="3 starts ended after step 0"):
        train(dataset())

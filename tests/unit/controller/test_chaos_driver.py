"""In which order `make cluster-chaos` interrupts, over releases that are played."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.bench.blows import Striker, TooLate
from tests.bench.chaos import NO_STAGE, Chaos
from tests.bench.interruptions import FIRST, SECOND, Blow, Interruption, Sign
from tests.bench.struck import Struck
from tests.cluster import kubectl

from gabarito.pipeline.stages import STAGES

SERVED = "served"
PATIENCE = 30
"""So often is it asked on end whether a release is served by whom waits for nothing else."""


class Played:
    """A release whose pipeline is a stage further whenever it is looked at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.release: Any = self
        self.logs: Any = SimpleNamespace(lines=[])
        self.runs: list[Any] = [SimpleNamespace(run="0")]
        self.answers: list[Sign] = []
        self._left = [*STAGES, SERVED]
        self._waited = 0

    @property
    def round(self) -> int:
        return len(self.runs) - 1

    def next_round(self) -> None:
        assert self.is_promoted()
        self.runs.append(SimpleNamespace(run=str(len(self.runs))))
        self._left = [*STAGES, SERVED]

    def is_promoted(self) -> bool:
        self._waited += 1
        if self._waited > PATIENCE:
            self._left = [SERVED]
        return self._left == [SERVED]

    def running_pod(self) -> dict[str, Any] | None:
        self._waited = 0
        stage, *later = self._left
        self._left = later or self._left
        labels = {"gabarito.dev/stage": stage}
        return None if stage == SERVED else {"metadata": {"labels": labels}}

    def has_recovered(self, _: Blow) -> bool:
        self.running_pod()
        return True

    def signs(self) -> list[Sign]:
        return [Sign(0.0), Sign(time.time())]


class Strikes:
    """Notes what was hit; what is called "late" came too late, what is called "stuck" failed."""

    def __init__(self) -> None:
        self.hit: list[tuple[str, str]] = []

    def strike(self, what: str, release: Played) -> Blow:
        if what == "late":
            raise TooLate
        if what == "stuck":
            raise TimeoutError(what)
        self.hit.append((what, release.name))
        return Blow(time.time(), time.time())


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> Chaos:
    monkeypatch.setattr(kubectl, "LOOK_EVERY_S", 0.001)
    releases = cast("list[Struck]", [Played("a"), Played("b")])
    return Chaos(releases, cast("Striker", Strikes()))


def at(stage: str, round_: int = 0, release: int = FIRST, what: str = "hit") -> Interruption:
    return Interruption(round_, stage, what, release, 0.0)


def seen(chaos: Chaos) -> list[tuple[int, str]]:
    return [(dealt.interruption.round, dealt.stage) for dealt in chaos.dealt]


def test_each_comes_at_its_stage_and_in_its_round(chaos: Chaos) -> None:
    chaos.deal([at("generate"), at("train"), at("ingest", 1), at("evaluate", 1)], 1)
    assert seen(chaos) == [(0, "generate"), (0, "train"), (1, "ingest"), (1, "evaluate")]
    assert chaos.faults == []


def test_what_its_round_has_left_behind_comes_at_once(chaos: Chaos) -> None:
    chaos.deal([at("train", 1), at("generate", 0)], 1)
    assert seen(chaos) == [(1, "train"), (0, "evaluate")]


def test_a_second_release_that_is_done_is_not_waited_for(chaos: Chaos) -> None:
    chaos.deal([at("evaluate", 0, SECOND), at("train", 0, SECOND)], 1)
    assert seen(chaos) == [(0, "evaluate"), (0, NO_STAGE)]


def test_what_came_too_late_and_what_failed_are_told(chaos: Chaos) -> None:
    chaos.deal([at("ingest", what="late"), at("train", what="stuck"), at("train")], 1)
    assert (chaos.late, chaos.faults, len(chaos.dealt)) == (1, ["stuck: stuck"], 1)


def test_when_its_minutes_are_over_nothing_more_is_begun(chaos: Chaos) -> None:
    chaos.deal([at("ingest"), at("train")], 0)
    assert chaos.dealt == []


def test_idle_is_told_of_what_was_overcome(chaos: Chaos) -> None:
    chaos.deal([at("train")], 1)
    (outcome,) = chaos.outcomes()
    assert (outcome.release, outcome.stage, outcome.idle_s) == ("a", "train", None)

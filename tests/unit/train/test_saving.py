"""A training that goes on while the store is away; no store, no model, no time."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from gabarito.core.errors import (
    AccessError,
    DataError,
    GabaritoError,
    Interrupted,
    ServiceError,
)
from gabarito.train.config import Limits
from gabarito.train.saving import FIRST_RETRY_S, SAVING_SHARE, Clock, Saving

TOOK_S = 2.0
"""What a try to save takes in these tests, in vain or not."""


class World:
    """A store that may be away, and a clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.took_s = TOOK_S
        self.trouble: GabaritoError | None = None
        self.saved: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def save(self) -> None:
        self.now += self.took_s
        if self.trouble:
            raise self.trouble
        self.saved.append(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.on_sleep()

    def saving(self, every: float = 60.0, grace: float = 600.0) -> Saving:
        limits = Limits(checkpoint_every_s=every, checkpoint_grace_s=grace)
        return Saving(limits, self.save, Clock(lambda: self.now, self.sleep))


@pytest.fixture
def world() -> World:
    return World()


def compute(world: World, saving: Saving, seconds: int) -> None:
    """Make steps of a second."""
    for _ in range(seconds):
        world.now += 1
        if saving.is_due:
            saving.try_to_save()


def fail_once(world: World, saving: Saving) -> float:
    """Compute until a try fails; after it the store is back. Return when that was."""
    while not saving.is_due:
        world.now += 1
    saving.try_to_save()
    world.trouble = None
    return world.now


AWAY = ServiceError("store does not answer")


def test_checkpoints_are_written_by_time(world: World) -> None:
    compute(world, world.saving(), 200)
    assert len(world.saved) == 3


def test_a_checkpoint_after_every_step_is_one(world: World) -> None:
    compute(world, world.saving(every=0), 5)
    assert len(world.saved) == 5


@pytest.mark.parametrize("trouble", [AWAY, AccessError("keys refused")])
def test_computing_goes_on_while_the_store_is_away(
    world: World, caplog: pytest.LogCaptureFixture, trouble: GabaritoError
) -> None:
    saving = world.saving()
    world.trouble = trouble
    compute(world, saving, 300)
    said = [record for record in caplog.records if "goes on" in record.message]
    assert said
    left: list[float] = [vars(record)["for_at_most_s"] for record in said]
    assert left == sorted(left, reverse=True)
    world.trouble = None
    compute(world, saving, 100)
    assert world.saved


@pytest.mark.parametrize("every", [0.0, 1.0])
def test_trying_in_vain_takes_a_small_share_of_the_time(world: World, every: float) -> None:
    saving, before = world.saving(every=every), world.now
    world.trouble = AWAY
    compute(world, saving, 400)
    assert (world.now - before - 400) / 400 <= SAVING_SHARE


@pytest.mark.parametrize(("every", "took"), [(30.0, 30.0), (0.0, 30.0), (60.0, 12.0), (600.0, 1.0)])
def test_a_try_that_failed_is_followed_soon(world: World, every: float, took: float) -> None:
    saving = world.saving(every=every)
    compute(world, saving, round(every) + 1)  # one is written: now more can be lost
    world.trouble, world.took_s = AWAY, took
    last, failed = len(world.saved), fail_once(world, saving)
    compute(world, saving, 100)
    assert world.saved[last] - took - failed <= max(took, FIRST_RETRY_S)


def test_between_two_tries_that_fail_there_is_no_more_than_between_two_checkpoints(
    world: World,
) -> None:
    saving, tries = world.saving(every=200, grace=3600), list[float]()
    world.trouble = AWAY
    while world.now < 3000:
        world.now += 1
        if saving.is_due:
            tries.append(world.now)
            saving.try_to_save()
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 10
    assert 200 <= pauses[-1] <= 210


def test_one_that_hangs_takes_no_more_than_half_of_the_time(world: World) -> None:
    saving, before = world.saving(every=30, grace=3600), world.now
    world.trouble, world.took_s = AWAY, 80.0
    compute(world, saving, 400)
    assert world.now - before <= 2 * 400 + 80


def test_after_a_store_was_back_its_next_outage_begins_anew(world: World) -> None:
    saving = world.saving(every=60)
    world.trouble = AWAY
    compute(world, saving, 300)
    world.trouble = None
    compute(world, saving, 130)
    world.trouble, last = AWAY, len(world.saved)
    failed = fail_once(world, saving)
    compute(world, saving, 60)
    assert world.saved[last] - TOOK_S - failed <= FIRST_RETRY_S


def test_after_its_grace_a_training_ends(world: World) -> None:
    saving = world.saving(grace=600)
    world.trouble = AWAY
    began = world.now
    with pytest.raises(ServiceError):
        compute(world, saving, 5000)
    assert 600 <= world.now - began <= 800


def test_a_grace_begins_anew_when_the_store_was_back(world: World) -> None:
    saving = world.saving(grace=300)
    for trouble in (AWAY, None, AWAY, None):
        world.trouble = trouble
        compute(world, saving, 250)
    assert world.saved


def test_no_grace_is_none(world: World) -> None:
    saving = world.saving(grace=0)
    world.trouble = AWAY
    with pytest.raises(ServiceError):
        compute(world, saving, 100)


def test_what_is_no_trouble_of_the_store_ends_at_once(world: World) -> None:
    saving = world.saving()
    world.trouble = DataError("damaged")
    with pytest.raises(DataError):
        compute(world, saving, 100)


def test_at_the_end_the_store_is_waited_for(world: World) -> None:
    saving = world.saving()
    world.trouble = AWAY
    compute(world, saving, 100)

    def come_back() -> None:
        world.trouble = None if world.now > 1300 else AWAY

    world.on_sleep = come_back
    saving.catch_up(lambda: False)
    assert len(world.saved) == 1
    saving.catch_up(lambda: False)
    assert len(world.saved) == 1  # there is nothing to catch up with


def test_a_stop_ends_the_wait_for_the_store(world: World) -> None:
    saving = world.saving()
    world.trouble = AWAY
    compute(world, saving, 100)
    with pytest.raises(Interrupted, match="start again to continue from the last checkpoint"):
        saving.catch_up(lambda: True)

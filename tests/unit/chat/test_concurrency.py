import threading
import time

import pytest
from tests.clock import Clock

from gabarito.chat.concurrency import START, ConcurrencyLimit
from gabarito.core.errors import Interrupted


def round_trip(limit: ConcurrencyLimit, *, is_well: bool | None) -> None:
    """Fill the limit, then let every request end."""
    entered = [limit.enter() for _ in range(limit.now)]
    for moment in entered:
        limit.leave(moment, is_well=is_well)


def test_until_the_first_trouble_the_limit_doubles() -> None:
    limit = ConcurrencyLimit(1000)
    assert limit.now == START
    for _ in range(3):
        limit.leave(limit.enter(), is_well=True)
    assert limit.now == START, "a limit that is not used does not grow"
    entered = [limit.enter() for _ in range(START)]
    limit.leave(entered[0], is_well=True)
    assert limit.now == START + 1


def test_it_never_grows_over_its_maximum() -> None:
    limit = ConcurrencyLimit(10)
    for _ in range(20):
        entered = [limit.enter() for _ in range(limit.now)]
        for moment in entered:
            limit.leave(moment, is_well=True)
    assert limit.now == 10


def test_one_burst_of_refusals_halves_it_once() -> None:
    clock = Clock()
    limit = ConcurrencyLimit(8, clock)
    entered = [limit.enter() for _ in range(8)]
    clock.now += 1
    for moment in entered:
        limit.leave(moment, is_well=False)
    assert limit.now == 4
    clock.now += 1
    limit.leave(limit.enter(), is_well=False)
    assert limit.now == 2


def test_after_a_trouble_it_grows_by_one_a_round() -> None:
    clock = Clock()
    limit = ConcurrencyLimit(100, clock)
    limit.leave(limit.enter(), is_well=False)
    assert limit.now == START // 2
    for _ in range(START // 2 + 1):
        held = [limit.enter() for _ in range(limit.now)]
        limit.leave(held[0], is_well=True)
        for moment in held[1:]:
            limit.leave(moment, is_well=None)
    assert limit.now == START // 2 + 1


def test_it_never_falls_under_one() -> None:
    clock = Clock()
    limit = ConcurrencyLimit(4, clock)
    for _ in range(10):
        clock.now += 1
        limit.leave(limit.enter(), is_well=False)
    assert limit.now == 1


def test_no_more_than_the_limit_get_in() -> None:
    limit = ConcurrencyLimit(2)
    first = limit.enter()
    limit.enter()
    inside = threading.Event()

    def enter() -> None:
        limit.enter()
        inside.set()

    threading.Thread(target=enter, daemon=True).start()
    assert not inside.wait(0.1)
    limit.leave(first, is_well=True)
    assert inside.wait(5)


def test_a_pause_holds_everybody() -> None:
    limit = ConcurrencyLimit(8)
    began = time.monotonic()
    limit.leave(limit.enter(), is_well=None, pause_s=0.2)
    limit.enter()
    assert time.monotonic() - began >= 0.2


def test_a_stop_wakes_those_that_wait() -> None:
    limit = ConcurrencyLimit(1)
    limit.enter()
    threading.Timer(0.05, limit.stop).start()
    with pytest.raises(Interrupted):
        limit.enter()

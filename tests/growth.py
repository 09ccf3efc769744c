"""How the time of some work grows with what it is given, on a machine of any speed."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TIMES = 4
"""The long work is so many times the short one: quadratic work takes sixteen times as long."""
SMALL_S = 1.0
"""Below this the clock and the machine's other work count for more than what is given."""


def cpu_s(work: Callable[[T], object], given: T) -> float:
    """Return the CPU-seconds that the work takes with a text, or with whatever is given."""
    began = time.process_time()
    work(given)
    return time.process_time() - began


def grows_in_proportion(work: Callable[[T], object], given: Callable[[int], T], n: int) -> bool:
    """Return whether ``n`` pieces take no more than their share of a quarter of them."""
    short = cpu_s(work, given(n // TIMES))
    return cpu_s(work, given(n)) < SMALL_S + 2 * TIMES * short

"""How the time of some work grows with the length of its text, on a machine of any speed."""

import time
from collections.abc import Callable

TIMES = 4
"""The long text is so many times the short one: quadratic work takes sixteen times as long."""
SMALL_S = 1.0
"""Below this the clock and the machine's other work count for more than the text."""


def cpu_s(work: Callable[[str], object], text: str) -> float:
    """Return the CPU-seconds that the work takes with the text."""
    began = time.process_time()
    work(text)
    return time.process_time() - began


def grows_in_proportion(work: Callable[[str], object], text: Callable[[int], str], n: int) -> bool:
    """Return whether ``n`` pieces of text take no more than their share of a quarter of them."""
    short = cpu_s(work, text(n // TIMES))
    return cpu_s(work, text(n)) < SMALL_S + 2 * TIMES * short

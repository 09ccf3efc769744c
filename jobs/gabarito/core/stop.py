"""Being told to stop: SIGTERM and SIGINT end a stage in an orderly way.

The handler raises ``KeyboardInterrupt``: libraries that catch every ``Exception`` and try
again, as botocore does, would swallow one of ours.
"""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1


def raise_on_stop() -> None:
    """From now on a request to stop raises ``KeyboardInterrupt`` wherever the main thread is."""
    for number in SIGNALS:
        signal.signal(number, _raise)


@contextmanager
def deferred_stop() -> Iterator[Callable[[], bool]]:
    """Within the block a request to stop only sets a flag; the value tells whether it is set.

    For work that must reach a safe point first, such as the end of a training step.
    """
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def die_with_parent() -> None:
    """In a process just forked: be stopped by the kernel when the parent is killed (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _raise(number: int, _frame: FrameType | None) -> None:
    message = f"stopped by {signal.Signals(number).name}; what is finished is saved, start again"
    raise KeyboardInterrupt(message)

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
_asked: list[int] = []  # the requests so far: what one raises may be lost in a library


def raise_on_stop() -> None:
    """From now on a request to stop raises ``KeyboardInterrupt`` wherever the main thread is."""
    for number in SIGNALS:
        signal.signal(number, _raise)


@contextmanager
def deferred_stop() -> Iterator[Callable[[], bool]]:
    """Within the block a request to stop only sets a flag; the value tells whether it is set.

    For work that must reach a safe point first, such as the end of a training step. A request
    that was lost before counts; at the end of the block it has been seen to.
    """
    before = {number: signal.signal(number, _note) for number in SIGNALS}
    try:
        yield is_stop_asked
    finally:
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_at_end() -> Iterator[None]:
    """Within the block a request to stop waits; it raises at the end.

    For imports: transformers makes other errors of what is raised while it loads a module.

    Raises:
        KeyboardInterrupt: if a stop was asked for.
    """
    with deferred_stop():
        yield
        asked = _asked[:]
    if asked:
        _raise(asked[0], None)


def is_stop_asked() -> bool:
    """Tell whether this process was told to stop, whatever became of that."""
    return bool(_asked)


def die_with_parent() -> None:
    """In a process just forked: be stopped by the kernel when the parent is killed (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _note(number: int, _frame: FrameType | None) -> None:
    _asked.append(number)


def _raise(number: int, frame: FrameType | None) -> None:
    _note(number, frame)
    raise KeyboardInterrupt(
        f"stopped by {signal.Signals(number).name}; what is finished is saved, start again"
    )

"""How many requests may be in flight: grows while all is well, halves when it is not (AIMD)."""

import threading
import time
from collections.abc import Callable

from gabarito.core.errors import Interrupted

START = 8
"""Where the limit begins; until the first trouble it doubles with every round of replies."""


class ConcurrencyLimit:
    """Lets a varying number of threads through.

    Additive increase, multiplicative decrease as in TCP (RFC 5681): requests that were sent
    before the last decrease cannot cause another one.
    """

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._maximum = maximum
        self._clock = clock
        self._limit = float(min(START, maximum))
        self._in_flight = 0
        self._probing = True
        self._halved_at = self._resume_at = clock()
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def now(self) -> int:
        """The number of requests that may be in flight at this moment."""
        return int(self._limit)

    def enter(self) -> float:
        """Wait for a place and return when it was given.

        Raises:
            Interrupted: if ``stop`` was called.
        """
        with self._changed:
            while not self._stopped:
                pause_s = self._resume_at - self._clock()
                if pause_s <= 0 and self._in_flight < self.now:
                    self._in_flight += 1
                    return self._clock()
                self._changed.wait(pause_s if pause_s > 0 else None)
        raise Interrupted("stopped; what was answered is saved")

    def leave(self, entered: float, *, is_well: bool | None, pause_s: float = 0.0) -> None:
        """Give a place back and tell how the request fared; None is neither well nor unwell.

        For ``pause_s`` seconds nobody else is let through.
        """
        with self._changed:
            was_full = self._in_flight >= self.now
            self._in_flight -= 1
            if is_well and was_full:
                step = 1.0 if self._probing else 1.0 / self._limit
                self._limit = min(self._limit + step, float(self._maximum))
            elif is_well is False and entered >= self._halved_at:
                self._limit = max(self._limit / 2, 1.0)
                self._probing = False
                self._halved_at = self._clock()
            self._resume_at = max(self._resume_at, self._clock() + pause_s)
            self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody through any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

"""When a service that gives nothing is left alone: a circuit breaker."""

import math
import threading
import time

MOST_IN_VAIN = 36
"""So many on end are no accident: of a service that refuses half of all, one in 10^10 runs."""


class Breaker:
    """Counts what was in vain since something was of use; safe to share between threads."""

    def __init__(self, most: int = MOST_IN_VAIN) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counted_at = -math.inf
        self.useful = self.in_vain = 0

    def note(self, *, is_useful: bool, sent: float = math.inf) -> int:
        """Count one, and return how many on end were in vain.

        One that was ``sent``, by the monotonic clock, before the last in vain was counted says
        nothing new: all that are in flight when a service stops fail together.
        """
        with self._lock:
            self.useful += is_useful
            if is_useful:
                self.in_vain = 0
            elif sent >= self._counted_at:
                self.in_vain += 1
                self._counted_at = time.monotonic()
            return self.in_vain

    @property
    def is_open(self) -> bool:
        """Whether to ask on is pointless."""
        return self.in_vain >= self._most

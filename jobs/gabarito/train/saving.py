"""When a training saves where it stands, and for how long that may fail. No store and no model.

A training computes for hours between two needs of the store. While that is away it goes on, and
what it has learned is saved when the store is back; only after a grace it ends, to be started again
where another machine may reach more.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from gabarito.core.errors import AccessError, GabaritoError, Interrupted, ServiceError
from gabarito.train.config import Limits

log = logging.getLogger("gabarito.train")

SAVING_SHARE = 0.1
"""Of the time, what checkpoints may take: one of full fine-tuning has 16 bytes a weight."""

RETRY_S = 10.0
"""Between two tries at the end of a training, when there is nothing else to do."""

FIRST_RETRY_S = 5.0
MAX_RETRY_S = 30.0
"""After a try that failed; it doubles, up to what lies between two checkpoints if that is more.

Never less than the try took: a store that hangs ends one after 80 s, and training stands meanwhile.
"""


@dataclass(frozen=True)
class Clock:
    """The time that passes; in tests another."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Saving:
    """Decides when ``save`` is called, and bears what it raises for as long as the grace says."""

    def __init__(
        self, limits: Limits, save: Callable[[], None], clock: Clock | None = None
    ) -> None:
        self._save = save
        self._every = self._regular = self._pause = limits.checkpoint_every_s
        self._grace_s = limits.checkpoint_grace_s
        self._clock = clock or Clock()
        self._tried = self._clock.now()
        self._retry_s = FIRST_RETRY_S
        self._failing_since: float | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is time for another checkpoint."""
        return self._clock.now() - self._tried >= self._pause

    def save(self) -> None:
        """Save once.

        Raises:
            GabaritoError: if that fails.
        """
        self._save()
        if self._failing_since is not None:
            away_s = round(self._clock.now() - self._failing_since)
            log.info("checkpoint written again", extra={"after_s": away_s})
        self._failing_since = None

    def try_to_save(self) -> None:
        """Save, or go on without; the next try is due soon, then later and later.

        Raises:
            ServiceError: if the store has not answered for longer than the grace.
            AccessError: if it has refused the keys for so long.
        """
        began = self._clock.now()
        try:
            self.save()
        except (ServiceError, AccessError) as error:
            self._bear(error, began)
        self._tried = self._clock.now()
        self._pause = self._next_pause(self._tried - began)

    def catch_up(self, is_stop_asked: Callable[[], bool]) -> None:
        """At the end, save what could not be saved so far: publishing it would fail as well.

        Raises:
            GabaritoError: as ``try_to_save``.
            Interrupted: if a stop was asked for meanwhile.
        """
        while self._failing_since is not None:
            self.try_to_save()
            if self._failing_since is None:
                return
            if is_stop_asked():
                raise Interrupted(
                    "train: stopped while the store is away; start again to continue from the last "
                    "checkpoint"
                )
            self._clock.sleep(RETRY_S)

    def _next_pause(self, took_s: float) -> float:
        if self._failing_since is None:
            self._retry_s = FIRST_RETRY_S
            self._regular = max(self._every, took_s / SAVING_SHARE) if self._every else 0.0
            return self._regular
        pause = min(self._retry_s, max(self._regular, MAX_RETRY_S))
        self._retry_s = 2 * pause
        return max(pause, took_s)

    def _bear(self, error: GabaritoError, began: float) -> None:
        self._failing_since = began if self._failing_since is None else self._failing_since
        left_s = self._failing_since + self._grace_s - self._clock.now()
        if left_s <= 0:
            raise error
        log.warning(
            "checkpoint not written, training goes on",
            extra={"reason": str(error), "for_at_most_s": round(left_s)},
        )

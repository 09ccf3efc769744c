"""What the controller's runs need is held, without a round that waits for it.

A collection of old runs may take minutes, and whoever writes a hold waits for its end. The
endpoint, its smoke test and what ``gabarito status`` shows do not: a thread waits.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence

from gabarito.core.errors import BusyError, GabaritoError, ServiceError
from gabarito.pipeline.holds import RENEW_HOLD_S, hold_run, is_held
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

log = logging.getLogger("gabarito.controller")

WAITS = (
    "the run waits until another process has collected old runs of its store (gabarito gc), or "
    "begun one; the endpoint is looked after meanwhile"
)


class HeldRuns:
    """Holds runs, and renews that for as long as they are asked for."""

    def __init__(
        self, store: Store, wake: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._wake = wake
        self._clock = clock
        self._held_at: dict[str, float] = {}
        self._waiting: threading.Thread | None = None

    def hold(self, runs: Sequence[Run]) -> bool:
        """Tell whether the runs are held; if not, ``wake`` is set when that may be so.

        Raises:
            GabaritoError: if the store does not answer or refuses, and one was not held before.
        """
        is_waiting = self._waiting is not None and self._waiting.is_alive()
        due = [run for run in runs if self._age_s(run) >= RENEW_HOLD_S]
        try:
            for run in () if is_waiting else due:
                self._hold(run, _not_at_all)
        except BusyError:
            self._take_over(due)
            self._waiting = threading.Thread(target=self._wait, args=(due,), daemon=True)
            self._waiting.start()
        except ServiceError as error:
            if not self._are_known(due):
                raise
            log.warning("hold not renewed", extra={"error": str(error)})
            self._held_at |= {run.run: self._clock() for run in due}
        return self._are_known(runs)

    def _age_s(self, run: Run) -> float:
        return self._clock() - self._held_at.get(run.run, -math.inf)

    def _are_known(self, runs: Sequence[Run]) -> bool:
        return all(run.run in self._held_at for run in runs)

    def _take_over(self, runs: Sequence[Run]) -> None:
        """A controller that was started anew goes on with what the one before it held."""
        for run in runs:
            if run.run not in self._held_at and is_held(self._store, run):
                self._held_at[run.run] = -math.inf

    def _hold(self, run: Run, pause: Callable[[float], None]) -> None:
        hold_run(self._store, run, pause)
        self._held_at[run.run] = self._clock()

    def _wait(self, runs: Sequence[Run]) -> None:
        try:
            for run in runs:
                self._hold(run, time.sleep)
        except GabaritoError as error:  # the next round tries it again
            log.warning("run not held yet", extra={"error": str(error)})
        self._wake.set()


def _not_at_all(_seconds: float) -> None:
    raise BusyError(WAITS)

"""How far a stage is and when it will be done, from its ``progress.json``."""

import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from gabarito.artifacts.artifact import Address
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.parse import StageJob
from gabarito.core.errors import MissingError
from gabarito.core.records import Progress
from gabarito.core.text import duration_text
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

READ_EVERY_S = 15.0
"""How often a running stage's progress is read, at most."""


@dataclass(frozen=True)
class _LastReading:
    """When progress was read last, its text, and the first and last reading of the same work."""

    at: float
    first: Progress
    last: Progress
    text: str


class ProgressReader:
    """Remembers the first reading of each stage's attempt, which gives its rate."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._readings: dict[str, _LastReading] = {}

    def read_jobs(
        self, jobs: Iterable[StageJob], run: Run, finished: Container[str]
    ) -> dict[str, str]:
        """Return a line for each stage whose Job has started and has no final state yet."""
        lines = {}
        for job in jobs:
            is_recorded = job.annotations.get(meta.STATE) in ("done", "failed")
            if job.run != run.run or job.phase in ("planned", "queued") or is_recorded:
                continue
            is_last = job.stage in finished
            if job.shards:
                lines[job.stage] = shards_text(job.shards, is_last=is_last)
            elif text := self.read(run.address(job.stage), is_last=is_last):
                lines[job.stage] = text
        return lines

    def reached(self, address: Address, since: datetime | None) -> dict[str, int]:
        """Return how many items of its work a stage had done when it was read last.

        None where that was said by an attempt that began before ``since``, in another Job.
        """
        reading = self._readings.get(address.prefix)
        began = reading.last.began if reading else None
        if reading is None or began is None or since is None or began < since:
            return {}
        return {reading.last.what: reading.last.done}

    def read(self, address: Address, *, is_last: bool = False) -> str:
        """Return a stage's progress in one line, or ``""`` if it has not reported any."""
        before, now = self._readings.get(address.prefix), self._clock()
        if before and not is_last and now - before.at < READ_EVERY_S:
            return before.text
        try:
            data = self._store.read(f"{address.prefix}/progress.json").data
            reading = Progress.model_validate_json(data)
        except (MissingError, ValidationError):  # nothing depends on it
            return ""
        first = before.first if before else reading
        if (first.attempt, first.what, first.total) != (
            reading.attempt,
            reading.what,
            reading.total,
        ):
            first = reading
        text = progress_text(reading, first)
        self._readings[address.prefix] = _LastReading(now, first, reading, text)
        return text


def progress_text(now: Progress, first: Progress) -> str:
    """Return such as ``413/800 steps · loss 0.17 · eta 1 min``.

    The rate is that since ``first``: an attempt that continued from a checkpoint did not
    begin at zero.
    """
    figures = [f"{name.replace('_', ' ')} {value:,.4g}" for name, value in now.figures.items()]
    parts = [f"{now.done}{f'/{now.total}' if now.total else ''} {now.what}", *sorted(figures)]
    done, seconds = now.done - first.done, now.seconds - first.seconds
    if done > 0 and seconds > 0 and now.done < now.total:
        parts.append(f"eta {duration_text((now.total - now.done) * seconds / done)}")
    return " · ".join(parts)


def shards_text(shards: tuple[int, int], *, is_last: bool) -> str:
    """Return such as ``1/4 shards``.

    The Job counts its last pod as succeeded only after the artifact of all shards is there.
    """
    ended, count = shards
    return f"{count if is_last else ended}/{count} shards"

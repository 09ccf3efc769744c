"""How far a stage is and when it will be done, as its ``progress.json`` tells."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gabarito.core.artifact import Address
from gabarito.core.errors import MissingError
from gabarito.core.store import Store

INTERVAL_S = 15.0
"""How often a running stage's progress is read, at most."""

MOST = 2**53
"""Largest count that is believed: a larger one is no float, and no pace follows from it."""

_MINUTE_S = 60.0
_HOUR_S = 3600.0


class ProgressReading(BaseModel):
    """What ``progress.json`` holds; every other field is a figure."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, float] = Field(init=False)

    attempt: str
    what: str
    done: int = Field(ge=0, le=MOST)
    total: int = Field(ge=0, le=MOST)
    seconds: float = Field(allow_inf_nan=False)

    @property
    def figures(self) -> dict[str, float]:
        """What only this stage counts."""
        return self.__pydantic_extra__


@dataclass(frozen=True)
class _LastReading:
    """What was read last, when, and what the same attempt said first."""

    at: float
    first: ProgressReading
    text: str


class ProgressReader:
    """Remembers what each stage said before: its pace is what it did since then."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._readings: dict[str, _LastReading] = {}

    def read(self, address: Address, *, is_last: bool = False) -> str:
        """Return a stage's progress in one line, or ``""`` if it said nothing yet."""
        before, now = self._readings.get(address.prefix), self._clock()
        if before and not is_last and now - before.at < INTERVAL_S:
            return before.text
        try:
            data = self._store.read(f"{address.prefix}/progress.json").data
            state = ProgressReading.model_validate_json(data)
        except (MissingError, ValidationError):  # nothing depends on it
            return ""
        first = before.first if before and _is_same_work(before.first, state) else state
        text = _text(state, _remaining_s(first, state))
        self._readings[address.prefix] = _LastReading(now, first, text)
        return text


def _text(state: ProgressReading, remaining_s: float | None) -> str:
    """Return such as ``413/800 steps · loss 0.17 · eta 1 min``."""
    figures = [f"{name.replace('_', ' ')} {value:,.4g}" for name, value in state.figures.items()]
    parts = [f"{state.done}/{state.total} {state.what}", *sorted(figures)]
    return " · ".join(parts if remaining_s is None else [*parts, f"eta {_span(remaining_s)}"])


def shards_text(shards: tuple[int, int], *, is_last: bool) -> str:
    """Return such as ``1/4 shards``; the Job's count comes after the artifact of all of them."""
    ended, count = shards
    return f"{count if is_last else ended}/{count} shards"


def _remaining_s(first: ProgressReading, state: ProgressReading) -> float | None:
    """By the pace since the first look: an attempt that continued did not begin at nothing."""
    done, seconds = state.done - first.done, state.seconds - first.seconds
    if done <= 0 or seconds <= 0 or state.done >= state.total:
        return None
    return (state.total - state.done) * seconds / done


def _is_same_work(first: ProgressReading, state: ProgressReading) -> bool:
    return (first.attempt, first.what, first.total) == (state.attempt, state.what, state.total)


def _span(seconds: float) -> str:
    if seconds < 1.5 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 1.5 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h"

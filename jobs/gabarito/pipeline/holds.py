"""Holds: whose artifacts a collection of old runs must leave, though no channel names them.

<store>/holds/<run>/work.json     somebody works on it; counts for as long as a stage may take
                    export.json   its model was exported; counts until somebody deletes it

Whoever writes a hold and whoever collects take turns (``roots_locked``): a run that begins while
old ones are deleted waits for that, some seconds, and then sees what is left.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, ValidationError

from gabarito.artifacts.artifact import Fingerprint
from gabarito.artifacts.channel import ServedModel
from gabarito.artifacts.claims import Claims
from gabarito.core.errors import AccessError, BusyError, DataError, MissingError
from gabarito.core.records import Record, digest_of
from gabarito.pipeline.runs import Run, read_run
from gabarito.store.base import Store

log = logging.getLogger("gabarito.pipeline.holds")

HOLDS = "holds/"
RENEW_HOLD_S = 3600.0
"""Between two renewals by a controller, whose run may wait for a GPU for days."""

PATIENCE_S = 120.0
"""So long one waits for others to be done with the roots: they take seconds."""

CLOCK = time.monotonic

Why = Literal["work", "export"]

_ROOTS = digest_of("roots")


class Hold(Record):
    """What must not be collected: a run, and the fingerprints of what it makes and needs."""

    run: str
    fingerprints: dict[str, Fingerprint]
    why: Why
    at: AwareDatetime


def hold_run(store: Store, run: Run, pause: Callable[[float], None] = time.sleep) -> None:
    """Keep what a run has and needs from being collected, from now on.

    Raises:
        BusyError: if others do not let go of the store's roots.
    """
    _write(store, Hold(run=run.run, fingerprints=run.fingerprints, why="work", at=_now()), pause)


def is_held(store: Store, run: Run) -> bool:
    """Tell whether a run was held a short time ago, by another process or an earlier one."""
    try:
        hold = Hold.model_validate_json(store.read(_key(run.run, "work")).data)
    except (MissingError, ValidationError):
        return False
    return (_now() - hold.at).total_seconds() < 2 * RENEW_HOLD_S


def hold_model(store: Store, model: ServedModel, why: Why) -> None:
    """Keep a model, and what its run made, from being collected; its run may be gone.

    Where nothing may be written to the store, that is told in the log.
    """
    fingerprints = {"merge": model.merge, "evaluate": model.evaluate}
    try:
        fingerprints = read_run(store, model.run).fingerprints
    except DataError as error:
        log.info("run of the model not read", extra={"run": model.run, "reason": str(error)})
    try:
        _write(store, Hold(run=model.run, fingerprints=fingerprints, why=why, at=_now()))
    except AccessError as error:
        log.warning("model not held", extra={"run": model.run, "reason": str(error)})


@contextmanager
def roots_locked(store: Store, pause: Callable[[float], None] = time.sleep) -> Iterator[Claims]:
    """Nobody else writes holds or collects within the block, as long as the claim is certain.

    Raises:
        BusyError: if others do not let go of them.
    """
    claims = Claims(store, "roots", _impatient(store.url, pause), CLOCK)
    with closing(claims), claims.hold(_ROOTS, lambda: None):
        yield claims


def _write(store: Store, hold: Hold, pause: Callable[[float], None] = time.sleep) -> None:
    with roots_locked(store, pause):
        store.write(_key(hold.run, hold.why), hold.model_dump_json().encode())


def _key(run: str, why: Why) -> str:
    return f"{HOLDS}{run}/{why}.json"


def _impatient(where: str, pause: Callable[[float], None]) -> Callable[[float], None]:
    waited = 0.0

    def paused(seconds: float) -> None:
        nonlocal waited
        if waited >= PATIENCE_S:
            raise BusyError(
                f"{where}: another process collects old runs, or begins one, for {waited:.0f} s; "
                "start again"
            )
        waited += seconds
        pause(seconds)

    return paused


def _now() -> datetime:
    return datetime.now(UTC)

"""Retention: which runs, models and artifacts a store keeps, and what may go.

Kept are the last runs of each pipeline, those that read nothing counted apart, what a channel
serves, served before or took back, what was exported, and whatever somebody works on; of each of
them the whole run.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gabarito.artifacts.artifact import Address, Fingerprint
from gabarito.artifacts.channel import Channel, Digest
from gabarito.artifacts.unreferenced import (
    Expendable,
    unreferenced_artifacts,
    unreferenced_bases,
    unreferenced_checkpoints,
    young_fingerprints,
)
from gabarito.core.errors import DataError, MissingError, ServiceError
from gabarito.pipeline.holds import HOLDS, Hold, roots_locked
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Entry, Store

R = TypeVar("R", bound=BaseModel)


class _Training(BaseModel):
    base: str = ""


class _Settings(BaseModel):
    name: str
    train: _Training | None = None


class _RunRoots(BaseModel):
    """What is read of a run's record, of whatever version; there is more in it."""

    run: str
    pipeline: _Settings
    fingerprints: dict[str, Fingerprint]


class _ModelRoots(BaseModel):
    """What is read of a model's record, of whatever version; there is more in it."""

    run: str
    merge: Fingerprint
    evaluate: Fingerprint


@dataclass(frozen=True)
class _Stored:
    """A record and its object."""

    entry: Entry
    run: _RunRoots


@dataclass(frozen=True)
class _Roots:
    """All that may be referred to, read once."""

    runs: tuple[_Stored, ...]
    """That which was started last first."""
    models: dict[str, tuple[Entry, _ModelRoots]]
    served: frozenset[str]
    """Digests that channels name."""
    holds: tuple[tuple[Entry, Hold], ...]


def expendable(store: Store, keep: int, before: float) -> list[Expendable]:
    """Return what may go if the last ``keep`` runs of each pipeline are kept, in its order.

    Nothing of which a part is younger than ``before``, in seconds since the epoch, is among it:
    it may be worked on.

    Raises:
        DataError: if a record is damaged: what it refers to cannot be told.
    """
    young = young_fingerprints(store, before)  # first: a run that begins later is not old
    roots = _read_roots(store)
    kept = _kept_runs(store, roots, keep, before, young)
    models = {digest for digest, (_, of) in roots.models.items() if of.run in kept}
    models |= roots.served
    fingerprints = set(chain.from_iterable(_fingerprints(roots, kept, models, before))) | young
    trainings = [one.run.pipeline.train for one in roots.runs if one.run.run in kept]
    bases = {training.base for training in trainings if training}
    return [
        *_old_runs(roots, kept),
        *(
            _record(f"model {digest}", entry)
            for digest, (entry, _) in roots.models.items()
            if digest not in models and entry.modified < before
        ),
        *unreferenced_artifacts(store, fingerprints, before, list(STAGES).index),
        *unreferenced_checkpoints(store, fingerprints, before),
        *unreferenced_bases(store, bases, before),
        *(
            _record(f"hold of run {hold.run}", entry)
            for entry, hold in roots.holds
            if hold.run not in kept and not _holds(entry, hold, before)
        ),
    ]


def collect(
    store: Store, keep: int, before: float, pause: Callable[[float], None]
) -> Iterator[Expendable]:
    """Delete the names of what may go, and yield each; its files are garbage from then on.

    Runs that begin meanwhile, and other collections, wait. A process that is killed leaves what
    the next collection finds.

    Raises:
        ServiceError: if this process was stopped for so long that others may not have waited.
    """
    with roots_locked(store, pause) as claims:
        for item in expendable(store, keep, before):
            for key in item.names:
                if not claims.is_certain:
                    raise ServiceError(
                        f"{store.url}: could not say for some seconds that old runs are being "
                        "deleted; start again, what is left is found again"
                    )
                store.delete(key)
            yield item


def _kept_runs(store: Store, roots: _Roots, keep: int, before: float, young: set[str]) -> set[str]:
    served = {roots.models[digest][1].run for digest in roots.served if digest in roots.models}
    held = {hold.run for entry, hold in roots.holds if _holds(entry, hold, before)}
    kept, counts = served | held, dict[tuple[str, bool], int]()
    for stored in roots.runs:
        kind = stored.run.pipeline.name, _has_read(store, stored.run)
        counts[kind] = counts.get(kind, 0) + 1
        is_worked_on = stored.entry.modified >= before or young & {
            *stored.run.fingerprints.values()
        }
        if counts[kind] <= keep or is_worked_on:
            kept.add(stored.run.run)
    return kept


def _has_read(store: Store, run: _RunRoots) -> bool:
    """Tell whether a run came past its sources: one that did not takes the place of none that did.

    Such are a refresh, until it is known whether it says something new, and what failed there.
    """
    ingest = run.fingerprints.get("ingest")
    return ingest is not None and store.exists(Address("ingest", ingest).manifest)


def _fingerprints(
    roots: _Roots, kept: set[str], models: set[str], before: float
) -> Iterator[Iterable[str]]:
    for stored in roots.runs:
        if stored.run.run in kept:
            yield stored.run.fingerprints.values()
    for digest in models & roots.models.keys():
        _, model = roots.models[digest]
        yield model.merge, model.evaluate
    for entry, hold in roots.holds:
        if _holds(entry, hold, before):
            yield hold.fingerprints.values()


def _old_runs(roots: _Roots, kept: set[str]) -> Iterator[Expendable]:
    for stored in roots.runs:
        if stored.run.run not in kept:
            said = f"run {stored.run.run} of {stored.run.pipeline.name}"
            yield _record(said, stored.entry)


def _record(said: str, entry: Entry) -> Expendable:
    return Expendable(said, (entry.key,), 1, entry.size)


def _holds(entry: Entry, hold: Hold, before: float) -> bool:
    return hold.why == "export" or entry.modified >= before


def _read_roots(store: Store) -> _Roots:
    runs = [_Stored(entry, found) for entry, found in _records(store, "runs/", _RunRoots)]
    runs.sort(key=lambda stored: stored.entry.modified, reverse=True)
    models = {
        entry.key.removeprefix("models/").removesuffix(".json"): (entry, found)
        for entry, found in _records(store, "models/", _ModelRoots)
    }
    served: set[Digest] = set()
    for _, channel in _records(store, "channels/", Channel):
        told = (channel.model, channel.previous, *(one.model for one in channel.rejected))
        served.update(digest for digest in told if digest)
    holds = tuple(_records(store, HOLDS, Hold))
    return _Roots(tuple(runs), models, frozenset(served), holds)


def _records(store: Store, prefix: str, kind: type[R]) -> Iterator[tuple[Entry, R]]:
    for entry in store.list(prefix):
        if not entry.key.endswith(".json"):
            continue
        try:
            data = store.read(entry.key).data
            yield entry, kind.model_validate_json(data)
        except MissingError:
            continue  # deleted meanwhile
        except ValidationError as error:
            raise DataError(
                f"{store.url}/{entry.key}: not read, so that nobody can tell what it refers to, "
                "and nothing is deleted; move it out of the store if it is not needed"
            ) from error

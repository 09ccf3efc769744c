"""What no kept run refers to: finished artifacts, checkpoints and copies of bases.

Each goes by its names first, which are few and small: without them its files are garbage that
``gabarito.artifacts.garbage`` finds, however soon after them a process is killed. What has no
name left is not told here any more.
"""

import re
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass

from gabarito.artifacts.cache import FILES
from gabarito.core.base_config import MIRROR
from gabarito.store.base import Entry, Store

_OF_ARTIFACT = re.compile(
    r"artifacts/(?P<stage>[a-z]+)/(?P<name>[0-9a-f]{64})/"
    r"(?P<below>(shards/\d+-of-\d+/)?(manifest\.json|progress\.json|attempts/.+))"
)
_CHECKPOINTS = "cache/train/checkpoints/"
_OF_CHECKPOINTS = re.compile(rf"{_CHECKPOINTS}(?P<name>[0-9a-f]{{64}})/(?P<below>[a-z]+.*)")
_BASES = f"cache/{MIRROR}/hub/"
_OF_BASE = re.compile(rf"{_BASES}(?P<name>.+?)(?P<below>{re.escape(FILES)}[0-9a-f]{{16}}/.+|(?=$))")


@dataclass(frozen=True)
class Expendable:
    """What may go: what it is called, the keys that go first, in order, and what it takes."""

    said: str
    names: tuple[str, ...]
    files: int
    size: int


def unreferenced_artifacts(
    store: Store, fingerprints: Set[str], before: float, downstream: Callable[[str], int]
) -> list[Expendable]:
    """Return the artifacts of other fingerprints of which nothing is younger than ``before``.

    What was made from others comes before them, by ``downstream`` of its stage: of what a killed
    process leaves, nothing was made from something that is gone.
    """
    found = _grouped(store.list("artifacts/"), _OF_ARTIFACT)
    going = [
        (stage, _expendable(f"{stage} {name}", of, _rank_in_artifact))
        for (stage, name), of in found.items()
        if name not in fingerprints and _is_old(of, before)
    ]
    going.sort(key=lambda one: -downstream(one[0]))
    return [item for _, item in going if item.names]


def unreferenced_checkpoints(
    store: Store, fingerprints: Set[str], before: float
) -> list[Expendable]:
    """Return the checkpoints of trainings of other fingerprints, none younger than ``before``."""
    found = _grouped(store.list(_CHECKPOINTS), _OF_CHECKPOINTS)
    going = (
        _expendable(f"checkpoints of train {name}", of, _rank_in_cache)
        for (_, name), of in found.items()
        if name not in fingerprints and _is_old(of, before)
    )
    return [item for item in going if item.names]


def unreferenced_bases(store: Store, bases: Set[str], before: float) -> list[Expendable]:
    """Return the copies of bases of the hub that are none of ``bases`` nor younger."""
    found = _grouped(store.list(_BASES), _OF_BASE)
    going = (
        _expendable(f"base {name}", of, _rank_in_cache)
        for (_, name), of in found.items()
        if name not in bases and _is_old(of, before)
    )
    return [item for item in going if item.names]


def young_fingerprints(store: Store, before: float) -> set[str]:
    """Return the fingerprints of which something was written since ``before``."""
    found = _grouped(store.list("artifacts/"), _OF_ARTIFACT)
    found |= _grouped(store.list(_CHECKPOINTS), _OF_CHECKPOINTS)
    return {name for (_, name), of in found.items() if not _is_old(of, before)}


def _grouped(
    entries: Iterable[Entry], shape: re.Pattern[str]
) -> dict[tuple[str, str], list[tuple[Entry, str]]]:
    """Return the entries, and what their keys are below, by stage and name of what they are of."""
    found: dict[tuple[str, str], list[tuple[Entry, str]]] = {}
    for entry in entries:
        matched = shape.fullmatch(entry.key)
        if matched is not None:
            parts = matched.groupdict()
            of = found.setdefault((parts.get("stage") or "", parts["name"]), [])
            of.append((entry, parts["below"]))
    return found


def _expendable(
    said: str, of: list[tuple[Entry, str]], rank: Callable[[str], int | None]
) -> Expendable:
    ranked = [(place, entry.key) for entry, below in of if (place := rank(below)) is not None]
    names = tuple(key for _, key in sorted(ranked))
    return Expendable(said, names, len(of), sum(entry.size for entry, _ in of))


def _rank_in_artifact(below: str) -> int | None:
    """Rank the manifest before those of shards, and these before what says how far it is."""
    if below.endswith("manifest.json") and "attempts/" not in below:
        return 0 if below == "manifest.json" else 1
    return 2 if below.endswith("progress.json") and "attempts/" not in below else None


def _rank_in_cache(below: str) -> int | None:
    return None if FILES in below else 0


def _is_old(of: Iterable[tuple[Entry, str]], before: float) -> bool:
    return all(entry.modified < before for entry, _ in of)

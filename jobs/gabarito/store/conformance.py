"""What a store really does: the promises of ``store/base.py``, tried one by one."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gabarito.core.errors import ConflictError
from gabarito.store.base import Store

RACERS = 16
ROUND_TRIP = "read and write"
"""The promise without which nothing works."""


@dataclass(frozen=True)
class Probed:
    """One promise: its name, whether the store keeps it, and what that means for people."""

    promise: str
    is_kept: bool
    said: str


def probe(store: Store) -> Iterator[Probed]:
    """Try each promise below ``probe/…`` in the store, and leave nothing there.

    Raises:
        GabaritoError: if the store does not answer or refuses us.
    """
    below = f"probe/{secrets.token_hex(8)}"
    yield _round_trip(store, f"{below}/read")
    try:
        yield _if_absent(store, f"{below}/absent")
        yield _race(store, f"{below}/race")
        yield _if_match(store, f"{below}/match")
        yield _order(store, f"{below}/list")
        if store.url.startswith("s3:"):
            yield _digest(store, f"{below}/digest")
    finally:
        for entry in list(store.list(f"{below}/")):
            store.delete(entry.key)


def _round_trip(store: Store, key: str) -> Probed:
    data = secrets.token_bytes(1000)
    store.write(key, data)
    is_kept = store.read(key).data == data
    store.delete(key)
    said = "what is written is read back" if is_kept else "what is read is not what was written"
    return Probed(ROUND_TRIP, is_kept, said)


def _if_absent(store: Store, key: str) -> Probed:
    store.write(key, b"first", if_absent=True)
    is_kept = not _writes(store, key, b"second", if_absent=True)
    is_kept = is_kept and store.read(key).data == b"first"
    return Probed("write if absent", is_kept, "honoured" if is_kept else _UNFENCED)


def _race(store: Store, key: str) -> Probed:
    def enter(racer: int) -> bool:
        return _writes(store, key, f"racer {racer}".encode(), if_absent=True)

    with ThreadPoolExecutor(RACERS) as pool:
        winners = sum(pool.map(enter, range(RACERS)))
    said = f"{winners} of {RACERS} writers at once won"
    return Probed("race", winners == 1, said if winners == 1 else f"{said}; {_UNFENCED}")


def _if_match(store: Store, key: str) -> Probed:
    old = store.write(key, b"first")
    is_kept = _writes(store, key, b"second", if_match=old)
    is_kept = is_kept and not _writes(store, key, b"third", if_match=old)
    is_kept = is_kept and store.read(key).data == b"second"
    said = "honoured" if is_kept else "ignored: of two promotions at once, one is lost unseen"
    return Probed("write if unchanged", is_kept, said)


def _order(store: Store, key: str) -> Probed:
    keys = [f"{key}/{name}" for name in ("b", "a/z", "a", "é", "B", "a-b")]
    for number, name in enumerate(keys):
        store.write(f"{name}.json", str(number).encode())
    found = [entry.key for entry in store.list(f"{key}/")]
    is_kept = found == sorted(f"{name}.json" for name in keys)
    said = "complete and in order" if is_kept else f"out of order or incomplete: {found}"
    return Probed("list", is_kept, said)


def _digest(store: Store, key: str) -> Probed:
    from gabarito.store.s3 import S3Store

    is_kept = isinstance(store, S3Store) and store.refuses_wrong_digest(key)
    said = "refused" if is_kept else "accepted: damage on the way shows when it is read"
    return Probed("wrong digest", is_kept, said)


def _writes(
    store: Store, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
) -> bool:
    try:
        store.write(key, data, if_absent=if_absent, if_match=if_match)
    except ConflictError:
        return False
    return True


_UNFENCED = "ignored: two attempts of a stage may both finish; never run two at once"

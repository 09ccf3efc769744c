"""Garbage in the store: files of attempts that lost a race or never finished."""

from collections.abc import Iterator

from gabarito.core.artifact import Manifest
from gabarito.core.errors import MissingError
from gabarito.core.store import Entry, Store

ATTEMPTS = "/attempts/"


def inert_files(store: Store, before: float) -> Iterator[Entry]:
    """Yield the files of attempts that no manifest lists and that are older than ``before``.

    ``before`` is in seconds since the epoch: younger files may belong to an attempt that is
    still running.
    """
    listed: dict[str, set[str]] = {}
    for entry in store.list("artifacts/"):
        prefix, attempts, _ = entry.key.partition(ATTEMPTS)
        if not attempts or entry.modified >= before:
            continue
        if prefix not in listed:
            listed[prefix] = _listed(store, f"{prefix}/manifest.json")
        if entry.key not in listed[prefix]:
            yield entry


def _listed(store: Store, key: str) -> set[str]:
    try:
        manifest = Manifest.model_validate_json(store.read(key).data)
    except MissingError:
        return set()
    return {entry.key for entry in manifest.files.values()}

"""Garbage in the store: files of attempts and of cached folders that nothing names."""

from collections.abc import Iterator

from gabarito.core.artifact import Address, open_artifact
from gabarito.core.cache import FILES, Cache
from gabarito.core.store import Entry, Store

ATTEMPTS = "/attempts/"


def inert_files(store: Store, before: float) -> Iterator[Entry]:
    """Yield the files that no manifest and no index lists and that are older than ``before``.

    ``before`` is in seconds since the epoch: younger files may belong to an attempt that is
    still running.

    Raises:
        DataError: if a manifest is damaged: what it named cannot be told.
    """
    yield from _of_attempts(store, before)
    yield from _of_folders(store, before)


def _of_attempts(store: Store, before: float) -> Iterator[Entry]:
    listed: dict[str, set[str]] = {}
    for entry in store.list("artifacts/"):
        prefix, attempts, _ = entry.key.partition(ATTEMPTS)
        if not attempts or entry.modified >= before:
            continue
        if prefix not in listed:
            stage, fingerprint, *shard = prefix.removeprefix("artifacts/").split("/")
            artifact = open_artifact(store, Address(stage, fingerprint, "/".join(shard[1:])))
            files = artifact.manifest.files.values() if artifact else ()
            listed[prefix] = {file.key for file in files}
        if entry.key not in listed[prefix]:
            yield entry


def _of_folders(store: Store, before: float) -> Iterator[Entry]:
    listed: dict[str, set[str]] = {}
    for entry in store.list("cache/"):
        place, files, _ = entry.key.partition(FILES)
        if not files or entry.modified >= before:
            continue
        if place not in listed:
            _, stage, key = place.split("/", 2)
            listed[place] = Cache(store, stage).objects_of(key)
        if entry.key not in listed[place]:
            yield entry

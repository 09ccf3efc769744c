"""Garbage in the store: files that nothing names, claims of the dead, and unfinished uploads.

A key of any other shape than those below is not one of ours, and its object is left alone.
"""

import re
from collections.abc import Iterator

from gabarito.artifacts.artifact import Address, open_artifact
from gabarito.artifacts.cache import FILES, Cache
from gabarito.store.base import Entry, PartialUpload, Store

_OF_ATTEMPT = re.compile(
    r"artifacts/(?P<stage>[a-z]+)/(?P<fingerprint>[0-9a-f]{64})(/shards/(?P<shard>\d+-of-\d+))?"
    r"/attempts/\d{8}T\d{6}Z-[0-9a-f]{8}/.+"
)
_OF_CLAIMS = re.compile(r"claims/[a-z]+/(items/[0-9a-f]{64}|leases/[0-9a-f]{16})")
_OF_FOLDER = re.compile(rf"cache/(?P<stage>[a-z]+)/(?P<key>.+){re.escape(FILES)}[0-9a-f]{{16}}/.+")


def inert_files(store: Store, before: float) -> Iterator[Entry]:
    """Yield what no manifest, no index and no living process needs, older than ``before``.

    ``before`` is in seconds since the epoch: younger files may belong to an attempt that is
    still running.

    Raises:
        DataError: if a manifest is damaged: what it named cannot be told.
    """
    yield from _of_attempts(store, before)
    yield from _of_folders(store, before)
    yield from _of_claims(store, before)


def stale_uploads(store: Store, before: float) -> list[PartialUpload]:
    """Return the unfinished uploads of our files that began before ``before``."""
    return [
        upload
        for upload in store.partial_uploads()
        if upload.began < before
        and (_OF_ATTEMPT.fullmatch(upload.key) or _OF_FOLDER.fullmatch(upload.key))
    ]


def _of_attempts(store: Store, before: float) -> Iterator[Entry]:
    listed: dict[Address, set[str]] = {}
    for entry in store.list("artifacts/"):
        found = _OF_ATTEMPT.fullmatch(entry.key)
        if found is None or entry.modified >= before:
            continue
        address = Address(found["stage"], found["fingerprint"], found["shard"] or "")
        if address not in listed:
            artifact = open_artifact(store, address)
            files = artifact.manifest.files.values() if artifact else ()
            listed[address] = {file.key for file in files}
        if entry.key not in listed[address]:
            yield entry


def _of_folders(store: Store, before: float) -> Iterator[Entry]:
    listed: dict[tuple[str, str], set[str]] = {}
    for entry in store.list("cache/"):
        found = _OF_FOLDER.fullmatch(entry.key)
        if found is None or entry.modified >= before:
            continue
        folder = found["stage"], found["key"]
        if folder not in listed:
            listed[folder] = Cache(store, found["stage"]).objects_of(found["key"])
        if entry.key not in listed[folder]:
            yield entry


def _of_claims(store: Store, before: float) -> Iterator[Entry]:
    """Yield what killed processes left: a living one renews its lease and ends its claims."""
    for entry in store.list("claims/"):
        if _OF_CLAIMS.fullmatch(entry.key) and entry.modified < before:
            yield entry

import json
import time
from pathlib import Path

import pytest

from gabarito.artifacts.artifact import Address
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.cache import Cache
from gabarito.artifacts.garbage import inert_files
from gabarito.core.errors import DataError
from gabarito.store.base import Store
from gabarito.store.open import open_store

ADDRESS = Address("ingest", "f" * 64)
HALF = f"{ADDRESS.prefix}/attempts/20260101T000000Z-0123abcd/documents.jsonl"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def publish(store: Store, text: str, address: Address = ADDRESS) -> str:
    with new_attempt(store, address, inputs={}, settings={}) as work:
        work.write_text("documents.jsonl", text)
        work.publish()
        return work.name


def test_files_of_a_lost_attempt_are_found_and_those_of_the_winner_are_not(store: Store) -> None:
    winner, loser = publish(store, "first"), publish(store, "second")
    found = {entry.key.split("/attempts/")[1].split("/")[0] for entry in inert_files(store, 1e12)}
    assert found == {loser}
    assert winner != loser


def test_files_without_a_manifest_are_found(store: Store) -> None:
    store.write(HALF, b"half")
    assert [entry.size for entry in inert_files(store, 1e12)] == [4]


def test_young_files_may_still_be_written_and_are_left(store: Store) -> None:
    store.write(HALF, b"half")
    assert not list(inert_files(store, time.time() - 60))


def test_progress_and_manifests_are_never_garbage(store: Store) -> None:
    publish(store, "first")
    store.write(f"{ADDRESS.prefix}/progress.json", json.dumps({}).encode())
    assert not list(inert_files(store, 1e12))


def test_copies_of_a_cached_folder_that_nothing_names_are_found(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "adapter").write_text("whole")
    cache = Cache(store, "train")
    cache.save_folder("checkpoints/f/a", tmp_path / "folder")
    assert not list(inert_files(store, 1e12))
    lost = "cache/train/checkpoints/f/a.files/0123456789abcdef/adapter"
    store.write(lost, b"half")
    assert [entry.key for entry in inert_files(store, 1e12)] == [lost]
    assert not list(inert_files(store, time.time() - 60))


def test_what_a_killed_process_had_claimed_is_found_a_day_later(store: Store) -> None:
    left = [f"claims/generate/items/{'0' * 64}", "claims/generate/leases/0123456789abcdef"]
    for key in left:
        store.write(key, b"0123456789abcdef")
    assert [entry.key for entry in inert_files(store, 1e12)] == left
    assert not list(inert_files(store, time.time() - 60))


def test_nothing_is_garbage_where_a_manifest_is_damaged(store: Store) -> None:
    publish(store, "first")
    store.write(ADDRESS.manifest, b"{cut")
    with pytest.raises(DataError, match="not a manifest"):
        list(inert_files(store, 1e12))


def test_shards_have_attempts_and_a_manifest_of_their_own(store: Store) -> None:
    shard = Address("generate", "f" * 64, "3-of-12")
    winner, loser = (publish(store, text, shard) for text in ("first", "second"))
    found = {entry.key.split("/attempts/")[1].split("/")[0] for entry in inert_files(store, 1e12)}
    assert found == {loser}
    assert winner != loser


def test_a_folder_may_be_cached_under_any_name(store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.json").write_text("{}")
    Cache(store, "weights").save_folder("hub/org.files/name.files", tmp_path / "folder")
    assert not list(inert_files(store, 1e12))


@pytest.mark.parametrize(
    "key",
    [
        "artifacts/attempts/file",
        "artifacts/mine/attempts/file",
        "artifacts/my/own/attempts/file",
        "artifacts/ingest/notes/attempts/20260101T000000Z-0123abcd/file",
        f"{ADDRESS.prefix}/attempts/file",
        f"{ADDRESS.prefix}/attempts/notes/file",
        f"{ADDRESS.prefix}/deeper/attempts/20260101T000000Z-0123abcd/file",
        f"{ADDRESS.prefix}/shards/1-of-2/deeper/attempts/20260101T000000Z-0123abcd/file",
        "cache/mine.files/file",
        "cache/train/mine.files/file",
        "cache/train/mine.files/notes/file",
        "cache/Mine/own.files/0123456789abcdef/file",
        "claims/generate/mine",
        "claims/generate/items/mine",
        "claims/generate/leases/mine",
        "attempts/20260101T000000Z-0123abcd/file",
    ],
)
def test_what_somebody_else_stored_is_left_alone(store: Store, key: str) -> None:
    store.write(key, b"theirs")
    store.write(HALF, b"half")
    assert [entry.key for entry in inert_files(store, 1e12)] == [HALF]

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from gabarito.artifacts.artifact import Address, Artifact, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Message, to_jsonl
from gabarito.store.base import Store
from gabarito.store.open import open_store

ADDRESS = Address("curate", "f" * 64)
TEXT = "one\u2028two\x85three"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def publish(store: Store, address: Address = ADDRESS) -> Artifact:
    with new_attempt(store, address, inputs={}, settings={"a": 1}) as work:
        work.write("rows.jsonl", to_jsonl([Message(role="user", content=TEXT)]))
        work.write_text("adapter/config.json", "{}")
        work.write_text("adapter/deep/card.md", "x")
        work.ledger.add(rejected(IngestReason.TOO_SHORT, "item"))
        work.counts["rows"] = 1
        return work.publish()


def damage(store: Store, key: str) -> None:
    data = store.read(key).data
    store.write(key, data[:-1] + bytes([data[-1] ^ 1]))


def test_a_published_artifact_is_found_at_its_address(store: Store) -> None:
    made = publish(store)
    found = open_artifact(store, ADDRESS)
    assert found is not None
    assert found.manifest == made.manifest
    assert found.digest == made.digest
    assert made.manifest.counts == {"rows": 1, "rejected.too short": 1}
    assert set(made.manifest.files) == {
        "rows.jsonl", "adapter/config.json", "adapter/deep/card.md", "ledger.jsonl"
    }  # fmt: skip


def test_without_a_manifest_there_is_no_artifact(store: Store) -> None:
    made = publish(store)
    store.delete(ADDRESS.manifest)
    assert open_artifact(store, ADDRESS) is None
    assert store.exists(made.manifest.files["rows.jsonl"].key)


def test_a_shard_has_its_own_place(store: Store) -> None:
    publish(store, Address("curate", "f" * 64, shard="0-of-2"))
    assert open_artifact(store, ADDRESS) is None
    assert open_artifact(store, Address("curate", "f" * 64, shard="1-of-2")) is None
    assert open_artifact(store, Address("curate", "f" * 64, shard="0-of-2")) is not None


def test_records_hold_any_line_separator(store: Store) -> None:
    rows = list(publish(store).records("rows.jsonl", Message))
    assert [row.content for row in rows] == [TEXT]


def test_files_are_fetched_by_the_beginning_of_their_names(store: Store, tmp_path: Path) -> None:
    folder = publish(store).fetch(tmp_path / "here", "adapter/")
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert names == ["config.json", "deep/card.md"]


def test_one_changed_bit_is_reported_with_place_and_cure(store: Store, tmp_path: Path) -> None:
    artifact = publish(store)
    key = artifact.manifest.files["adapter/config.json"].key
    damage(store, key)
    cure = rf"{key}: .*; raise curate\.rerun to make it and all that follows anew$"
    with pytest.raises(DataError, match=cure):
        artifact.read("adapter/config.json")
    with pytest.raises(DataError, match=cure):
        artifact.fetch(tmp_path / "here", "adapter/")
    assert not (tmp_path / "here" / "config.json").exists()


def test_a_file_that_is_gone_is_reported_with_place_and_cure(store: Store) -> None:
    artifact = publish(store)
    key = artifact.manifest.files["rows.jsonl"].key
    store.delete(key)
    said = rf"{key}: no such object.*; raise curate\.rerun to make it"
    with pytest.raises(DataError, match=said):
        artifact.read("rows.jsonl")


def test_a_file_that_is_not_listed_is_named_with_those_that_are(store: Store) -> None:
    with pytest.raises(DataError, match=r"lists no file 'none'; it lists adapter/config.json, "):
        publish(store).read("none")


def test_a_damaged_manifest_is_reported(store: Store) -> None:
    publish(store)
    damage(store, ADDRESS.manifest)
    with pytest.raises(DataError, match=rf"{ADDRESS.manifest}: not a manifest; delete it"):
        open_artifact(store, ADDRESS)


@pytest.mark.parametrize("name", ["C:\\evil", "..\\evil", "\\\\host\\evil", "~/evil", "C:/evil"])
def test_a_name_of_another_system_lies_in_the_folder_too(
    store: Store, tmp_path: Path, name: str
) -> None:
    publish(store)
    manifest = json.loads(store.read(ADDRESS.manifest).data)
    manifest["files"] = {name: manifest["files"]["rows.jsonl"]}
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    artifact = open_artifact(store, ADDRESS)
    assert artifact
    assert (artifact.fetch(tmp_path / "here") / name).is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"store", "here"}


@pytest.mark.parametrize("name", ["", ".", "../evil", "/evil", "a/../../evil", "a//evil", "a\0"])
def test_a_manifest_cannot_name_files_elsewhere(store: Store, name: str) -> None:
    publish(store)
    manifest = json.loads(store.read(ADDRESS.manifest).data)
    manifest["files"] = {name: manifest["files"]["rows.jsonl"]}
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    with pytest.raises(DataError, match="not a manifest"):
        open_artifact(store, ADDRESS)


@pytest.mark.parametrize("key", ["../evil", "/evil", ".gabarito/lock"])
def test_a_manifest_cannot_name_keys_elsewhere(store: Store, key: str) -> None:
    publish(store)
    manifest = json.loads(store.read(ADDRESS.manifest).data)
    manifest["files"]["rows.jsonl"]["key"] = key
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    with pytest.raises(DataError, match="not a manifest"):
        open_artifact(store, ADDRESS)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Address("train", "f" * 64),
        Address("curate", "e" * 64),
        Address("curate", "f" * 64, "0-of-2"),
    ],
)
def test_a_manifest_counts_only_where_it_was_written(store: Store, elsewhere: Address) -> None:
    publish(store)
    store.write(elsewhere.manifest, store.read(ADDRESS.manifest).data)
    said = rf"{elsewhere.manifest}: (manifest of another|lists .* not below).*; delete it and run"
    with pytest.raises(DataError, match=said):
        open_artifact(store, elsewhere)


def test_a_manifest_cannot_name_files_of_another_artifact(store: Store) -> None:
    publish(store)
    other = publish(store, Address("train", "f" * 64))
    manifest = json.loads(store.read(ADDRESS.manifest).data)
    manifest["files"]["rows.jsonl"]["key"] = other.manifest.files["rows.jsonl"].key
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    with pytest.raises(DataError, match="not below its attempt; delete it and run again"):
        open_artifact(store, ADDRESS)


def test_times_of_a_manifest_can_be_compared(store: Store) -> None:
    publish(store)
    manifest = json.loads(store.read(ADDRESS.manifest).data) | {"started_at": "2026-05-01T00:00:00"}
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    with pytest.raises(DataError, match="not a manifest"):
        open_artifact(store, ADDRESS)


def published(store: Store, data: bytes) -> Artifact:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        (work.folder / "rows.jsonl").write_bytes(data)
        return work.publish()


@pytest.mark.parametrize("data", [b"[1]", b'{"a": 1}', b"{", b"\xff", b"null"])
def test_a_file_of_another_shape_is_told_with_place_and_cure(store: Store, data: bytes) -> None:
    kind = TypeAdapter(dict[str, list[int]])
    artifact = published(store, data)
    said = rf"{ADDRESS.prefix}/rows\.jsonl: not what curate writes: .*; raise curate\.rerun"
    with pytest.raises(DataError, match=said):
        artifact.read_json("rows.jsonl", kind)


def test_lines_that_are_no_text_are_told_with_place_and_cure(store: Store) -> None:
    said = r"rows\.jsonl: not a UTF-8 text file: .*; raise curate\.rerun"
    with pytest.raises(DataError, match=said):
        list(published(store, b"\xff").records("rows.jsonl", Message))

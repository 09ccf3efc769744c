import json
import logging
import resource
import tempfile
from pathlib import Path

import pytest

from gabarito.core.artifact import Address, Artifact, new_attempt, open_artifact
from gabarito.core.directory import DirectoryStore
from gabarito.core.errors import DataError, ServiceError
from gabarito.core.records import Message, to_jsonl
from gabarito.core.store import Store, open_store

ADDRESS = Address("curate", "f" * 64)
TEXT = "one\u2028two\x85three"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def publish(store: Store, address: Address = ADDRESS, text: str = TEXT) -> Artifact:
    with new_attempt(store, address, inputs={}, settings={"a": 1}) as work:
        work.write("rows.jsonl", to_jsonl([Message(role="user", content=text)]))
        work.write_text("adapter/config.json", "{}")
        work.write_text("adapter/deep/card.md", "x")
        work.ledger.reject("item", "too short")
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


def test_an_attempt_that_fails_publishes_nothing(store: Store) -> None:
    attempt = new_attempt(store, ADDRESS, inputs={}, settings={})
    work = attempt.__enter__()
    work.write_text("file", "x")
    error = DataError("of the stage")
    assert not attempt.__exit__(DataError, error, None)
    assert list(store.list("")) == []
    assert not work.folder.exists()


def test_a_shard_has_its_own_place(store: Store) -> None:
    publish(store, Address("curate", "f" * 64, shard="0-of-2"))
    assert open_artifact(store, ADDRESS) is None
    assert open_artifact(store, Address("curate", "f" * 64, shard="1-of-2")) is None
    assert open_artifact(store, Address("curate", "f" * 64, shard="0-of-2")) is not None


def test_records_hold_any_line_separator(store: Store) -> None:
    rows = list(publish(store).records("rows.jsonl", Message))
    assert [row.content for row in rows] == [TEXT]


def test_the_digests_of_what_was_read_are_recorded(store: Store) -> None:
    upstream = publish(store)
    inputs = {"curate": upstream}
    with new_attempt(store, Address("train", "a" * 64), inputs=inputs, settings={}) as work:
        made = work.publish()
    assert made.manifest.inputs == {"curate": upstream.digest}


def test_files_are_fetched_by_the_beginning_of_their_names(store: Store, tmp_path: Path) -> None:
    folder = publish(store).fetch(tmp_path / "here", "adapter/")
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert names == ["config.json", "deep/card.md"]


def test_the_first_to_finish_wins_and_the_other_gets_the_same(store: Store) -> None:
    first, second = publish(store, text="first"), publish(store, text="second")
    assert first.digest == second.digest
    assert next(second.records("rows.jsonl", Message)).content == "first"


def test_one_changed_bit_is_reported_with_place_and_cure(store: Store, tmp_path: Path) -> None:
    artifact = publish(store)
    key = artifact.manifest.files["adapter/config.json"].key
    damage(store, key)
    cure = rf"{key}: .*; raise curate\.again to make it and all that follows anew$"
    with pytest.raises(DataError, match=cure):
        artifact.read("adapter/config.json")
    with pytest.raises(DataError, match=cure):
        artifact.fetch(tmp_path / "here", "adapter/")
    assert not (tmp_path / "here" / "config.json").exists()


def test_a_file_that_is_gone_is_reported_with_place_and_cure(store: Store) -> None:
    artifact = publish(store)
    key = artifact.manifest.files["rows.jsonl"].key
    store.delete(key)
    said = rf"{key}: no such object.*; raise curate\.again to make it"
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


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_manifest_cannot_name_files_elsewhere(store: Store, name: str) -> None:
    publish(store)
    manifest = json.loads(store.read(ADDRESS.manifest).data)
    manifest["files"] = {name: manifest["files"]["rows.jsonl"]}
    store.write(ADDRESS.manifest, json.dumps(manifest).encode())
    with pytest.raises(DataError, match="not a manifest"):
        open_artifact(store, ADDRESS)


def test_progress_is_mirrored_into_the_store(store: Store) -> None:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        list(work.progress.track([1, 2], 2, "rows"))
        name = work.name
    mirrored = json.loads(store.read(f"{ADDRESS.prefix}/progress.json").data)
    assert mirrored["attempt"] == name
    assert (mirrored["done"], mirrored["total"], mirrored["what"]) == (2, 2, "rows")


class WithoutProgress(DirectoryStore):
    """Does not answer when progress is written."""

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        if key.endswith("progress.json"):
            message = "no answer"
            raise ServiceError(message)
        return super().write(key, data, if_absent=if_absent, if_match=if_match)


def test_a_stage_goes_on_where_its_progress_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = WithoutProgress(str(tmp_path))
    with (
        caplog.at_level(logging.WARNING),
        new_attempt(store, ADDRESS, inputs={}, settings={}) as work,
    ):
        work.progress.report("rows", 1, 1)
        work.publish()
    assert "progress not written" in caplog.messages
    assert open_artifact(store, ADDRESS) is not None


def test_a_full_temporary_disk_is_no_bug(store: Store) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, before[1]))
        try:
            with pytest.raises(ServiceError, match="disk is full"):
                work.write("rows.jsonl", ["x" * 1000] * 1000)
            with pytest.raises(ServiceError, match="disk is full"):
                work.write_text("text", "x" * 10**6)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_a_temporary_folder_the_cure_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    attempt = new_attempt(store, ADDRESS, inputs={}, settings={})
    with pytest.raises(ServiceError, match=r"no temporary folder: .*; free space, or let TMPDIR"):
        attempt.__enter__()

"""A channel moves back from a model that does not work, and remembers that it did."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.channel import (
    Rejected,
    ServedModel,
    all_channels,
    find_channel,
    keep_inherited,
    promote,
    read_channel,
    read_model,
    take_back,
)
from gabarito.core.errors import ConflictError, DataError, MissingError
from gabarito.store.base import Store, Stored
from gabarito.store.open import open_store

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def model(run: str) -> ServedModel:
    return ServedModel(
        pipeline="handbook", run=run, merge="m", evaluate="e", contract=CONTRACT, verdict=PASSED
    )


ONE, TWO = model("one"), model("two")


def rejected(served: ServedModel, under: str = "here") -> Rejected:
    return Rejected(model=served.digest, at=NOW, reason="it answers otherwise", under=under)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def test_the_model_before_is_served_again(store: Store) -> None:
    promote(store, "main", ONE)
    promote(store, "main", TWO)
    assert take_back(store, "main", rejected(TWO))
    assert read_channel(store, "main") == ONE
    channel = find_channel(store, "main")
    assert channel
    assert channel.rejected == (rejected(TWO),)
    assert (channel.previous, channel.since) == (None, NOW)


def test_without_a_model_before_the_channel_is_empty(store: Store) -> None:
    promote(store, "main", ONE)
    assert take_back(store, "main", rejected(ONE))
    assert read_channel(store, "main") is None
    assert promote(store, "main", TWO)
    assert read_channel(store, "main") == TWO


def other(run: str) -> ServedModel:
    return model(run).model_copy(update={"pipeline": "cellar"})


def test_the_channel_of_a_pipeline_begins_with_what_main_served_of_it(store: Store) -> None:
    promote(store, "main", ONE)
    promote(store, "main", TWO)
    take_back(store, "main", rejected(TWO))
    assert read_channel(store, "handbook") == ONE
    assert find_channel(store, "cellar") is None
    assert [name for name, _ in all_channels(store)] == ["main"]
    assert promote(store, "handbook", model("three"))
    channel = find_channel(store, "handbook")
    assert channel
    assert (channel.previous, channel.rejected) == (ONE.digest, (rejected(TWO),))
    assert read_channel(store, "main") == ONE


def test_of_a_main_that_two_pipelines_moved_each_has_its_own(store: Store) -> None:
    for moved in (ONE, other("two"), other("three")):
        promote(store, "main", moved)
    assert find_channel(store, "handbook") is None
    assert read_channel(store, "cellar") == other("three")
    promote(store, "main", TWO)
    found = find_channel(store, "handbook")
    assert found
    assert (found.model, found.previous) == (TWO.digest, None)
    assert read_channel(store, "cellar") == other("three")


def test_what_is_written_down_is_not_moved_with_main(store: Store) -> None:
    promote(store, "main", ONE)
    promote(store, "main", TWO)
    take_back(store, "main", rejected(TWO))
    kept = find_channel(store, "handbook")
    keep_inherited(store, "handbook")
    for run in ("three", "four"):
        promote(store, "main", other(run))
    assert find_channel(store, "handbook") == kept
    assert read_channel(store, "handbook") == ONE
    keep_inherited(store, "handbook")
    promote(store, "handbook", model("five"))
    keep_inherited(store, "handbook")
    assert read_channel(store, "handbook") == model("five")


def test_a_channel_that_begins_with_nothing_is_not_written(store: Store) -> None:
    keep_inherited(store, "handbook")
    promote(store, "main", ONE)
    take_back(store, "main", rejected(ONE))
    keep_inherited(store, "handbook")
    assert [name for name, _ in all_channels(store)] == ["main"]


def test_who_moved_the_channel_before_it_was_written_down_wins(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(store, "main", ONE)
    write = store.write

    def write_late(key: str, data: bytes, **conditions: Any) -> str:  # noqa: ANN401
        monkeypatch.setattr(store, "write", write)
        promote(store, "handbook", TWO)
        return write(key, data, **conditions)

    monkeypatch.setattr(store, "write", write_late)
    keep_inherited(store, "handbook")
    assert read_channel(store, "handbook") == TWO


def test_what_another_pipeline_took_back_is_left_to_it(store: Store) -> None:
    gone = model("gone")
    for moved in (ONE, other("two"), gone):
        promote(store, "main", moved)
        take_back(store, "main", rejected(moved))
    store.delete(f"models/{gone.digest}.json")
    promote(store, "main", TWO)
    channel = find_channel(store, "handbook")
    assert channel
    assert channel.rejected == (rejected(ONE), rejected(gone))


def test_a_pipelines_own_channel_is_rolled_back_to_a_model_of_its_own(store: Store) -> None:
    for name in ("handbook", "shared"):
        for moved in (ONE, other("two"), TWO):
            promote(store, name, moved)
    own, shared = find_channel(store, "handbook"), find_channel(store, "shared")
    assert own
    assert shared
    assert (own.previous, shared.previous) == (ONE.digest, other("two").digest)


def test_what_is_taken_back_from_an_inherited_channel_stays_in_main(store: Store) -> None:
    promote(store, "main", ONE)
    assert take_back(store, "handbook", rejected(ONE))
    assert read_channel(store, "handbook") is None
    assert read_channel(store, "main") == ONE


def test_only_what_is_served_can_be_taken_back(store: Store) -> None:
    assert find_channel(store, "main") is None
    assert not take_back(store, "main", rejected(ONE))
    promote(store, "main", ONE)
    assert not take_back(store, "main", rejected(TWO))
    assert read_channel(store, "main") == ONE


def test_a_model_that_is_promoted_again_is_not_rejected_any_more(store: Store) -> None:
    promote(store, "main", ONE)
    take_back(store, "main", rejected(ONE))
    promote(store, "main", TWO)
    take_back(store, "main", rejected(TWO))
    assert promote(store, "main", ONE)
    channel = find_channel(store, "main")
    assert channel
    assert channel.rejected == (rejected(TWO),)


def test_a_model_is_rejected_once(store: Store) -> None:
    promote(store, "main", ONE)
    take_back(store, "main", rejected(ONE))
    promote(store, "main", ONE)
    take_back(store, "main", rejected(ONE, under="there"))
    channel = find_channel(store, "main")
    assert channel
    assert channel.rejected == (rejected(ONE, under="there"),)


def test_who_moved_the_channel_meanwhile_wins(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(store, "main", ONE)
    read = store.read

    def read_and_lose(key: str) -> Stored:
        found = read(key)
        monkeypatch.setattr(store, "read", read)
        promote(store, "main", TWO)
        return found

    monkeypatch.setattr(store, "read", read_and_lose)
    with pytest.raises(ConflictError):
        take_back(store, "main", rejected(ONE))
    assert read_channel(store, "main") == TWO


def test_a_model_is_read_by_its_digest(store: Store) -> None:
    promote(store, "main", ONE)
    assert read_model(store, ONE.digest) == ONE
    with pytest.raises(MissingError, match="no record of model '000"):
        read_model(store, "0" * 64)


def test_a_record_that_is_gone_is_written_anew_by_promoting_again(store: Store) -> None:
    promote(store, "main", ONE)
    store.delete(f"models/{ONE.digest}.json")
    with pytest.raises(MissingError, match="; gabarito promote writes it"):
        read_channel(store, "main")
    assert not promote(store, "main", ONE)
    assert read_channel(store, "main") == ONE


@pytest.mark.parametrize("digest", ["../runs/x", "abc", "", "A" * 64])
def test_a_channel_that_names_no_model_is_damaged(store: Store, digest: str) -> None:
    data = json.dumps({"model": digest, "since": NOW.isoformat()}).encode()
    store.write("channels/main.json", data)
    with pytest.raises(
        DataError, match=rf"^{store.url}/channels/main\.json: not a Channel; delete it"
    ):
        read_channel(store, "main")


@pytest.mark.parametrize("field", ["merge", "evaluate"])
def test_a_model_that_lies_elsewhere_is_refused(store: Store, field: str) -> None:
    data = json.dumps(ONE.model_dump() | {field: "../../x"}).encode()
    digest = hashlib.sha256(data).hexdigest()
    store.write(f"models/{digest}.json", data)
    with pytest.raises(DataError, match=rf"models/{digest}\.json: not a ServedModel; delete it"):
        read_model(store, digest)

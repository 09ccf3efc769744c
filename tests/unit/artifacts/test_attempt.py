import json
import logging
import time
from pathlib import Path

import pytest
from tests.unit.store.full import full_beyond

from gabarito.artifacts import attempt
from gabarito.artifacts.artifact import Address, Artifact, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError, ServiceError
from gabarito.core.records import Message, to_jsonl
from gabarito.store.base import Store
from gabarito.store.local import LocalStore
from gabarito.store.open import open_store

ADDRESS = Address("curate", "f" * 64)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def publish(store: Store, text: str) -> Artifact:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        work.write("rows.jsonl", to_jsonl([Message(role="user", content=text)]))
        return work.publish()


def test_an_attempt_that_fails_publishes_nothing(store: Store) -> None:
    attempt = new_attempt(store, ADDRESS, inputs={}, settings={})
    work = attempt.__enter__()
    work.write_text("file", "x")
    error = DataError("of the stage")
    assert not attempt.__exit__(DataError, error, None)
    assert list(store.list("")) == []
    assert not work.folder.exists()


def test_the_digests_of_what_was_read_are_recorded(store: Store) -> None:
    upstream = publish(store, "upstream")
    inputs = {"curate": upstream}
    with new_attempt(store, Address("train", "a" * 64), inputs=inputs, settings={}) as work:
        made = work.publish()
    assert made.manifest.inputs == {"curate": upstream.digest}


def test_the_first_to_finish_wins_and_the_other_gets_the_same(store: Store) -> None:
    first, second = publish(store, "first"), publish(store, "second")
    assert first.digest == second.digest
    assert next(second.records("rows.jsonl", Message)).content == "first"


def test_progress_is_mirrored_into_the_store(store: Store) -> None:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work:
        list(work.progress.track([1, 2], 2, "rows"))
        name = work.name
    mirrored = json.loads(store.read(f"{ADDRESS.prefix}/progress.json").data)
    assert mirrored["attempt"] == name
    assert (mirrored["done"], mirrored["total"], mirrored["what"]) == (2, 2, "rows")


class WithoutProgress(LocalStore):
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


def test_a_store_that_hangs_is_told_of_progress_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    class Hanging(LocalStore):
        def write(
            self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
        ) -> str:
            tried.append(key)
            time.sleep(0.02)
            raise ServiceError("no answer")

    with new_attempt(Hanging(str(tmp_path)), ADDRESS, inputs={}, settings={}) as work:
        began = time.monotonic()
        for done in range(30):
            work.progress.report("rows", done + 1, done + 1)
            time.sleep(0.002)
        at_most = 1 + (time.monotonic() - began) * attempt.MIRROR_SHARE / 0.02
    assert 1 <= len(tried) <= at_most


def test_a_full_temporary_disk_is_no_bug(store: Store) -> None:
    with new_attempt(store, ADDRESS, inputs={}, settings={}) as work, full_beyond(10**5):
        with pytest.raises(ServiceError, match="disk is full"):
            work.write("rows.jsonl", ["x" * 1000] * 1000)
        with pytest.raises(ServiceError, match="disk is full"):
            work.write_text("text", "x" * 10**6)

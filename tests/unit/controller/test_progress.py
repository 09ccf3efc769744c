import json
from pathlib import Path

import pytest
from tests.clock import Clock

from gabarito.artifacts.artifact import Address
from gabarito.controller.progress import READ_EVERY_S, ProgressReader, shards_text
from gabarito.store.base import Store
from gabarito.store.open import open_store

ADDRESS = Address("train", "f" * 8)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def write(store: Store, done: int, seconds: float, **more: object) -> None:
    state = {"attempt": "one", "what": "steps", "done": done, "total": 800, "seconds": seconds}
    data = json.dumps({**state, **more}).encode()
    store.write(f"{ADDRESS.prefix}/progress.json", data)


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"[1]",
        b"{}",
        b'{"attempt": "a", "what": "steps", "done": "1", "total": null, "seconds": 1}',
        b'{"attempt": "a", "what": "steps", "done": 1, "total": 2, "seconds": 1, "loss": "high"}',
        b'{"attempt": "a", "what": "steps", "done": -1, "total": 2, "seconds": 1}',
        b'{"attempt": "a", "what": "steps", "done": 1, "total": 1%s, "seconds": 1}' % (b"0" * 400),
        b'{"attempt": "a", "what": "steps", "done": 1, "total": 2, "seconds": NaN}',
    ],
)
def test_what_another_version_said_is_no_progress(store: Store, clock: Clock, data: bytes) -> None:
    store.write(f"{ADDRESS.prefix}/progress.json", data)
    assert ProgressReader(store, clock).read(ADDRESS) == ""


def test_a_stage_that_said_nothing_has_no_progress(store: Store, clock: Clock) -> None:
    assert ProgressReader(store, clock).read(ADDRESS) == ""


@pytest.mark.parametrize(
    ("done", "seconds", "eta"),
    [(500, 110.0, "30 s"), (300, 110.0, "5 min"), (201, 160.0, "10.0 h"), (800, 300.0, None)],
)
def test_the_pace_is_that_of_this_attempt(
    store: Store, clock: Clock, done: int, seconds: float, eta: str | None
) -> None:
    """An attempt that continued at step 200 did not make those steps."""
    reader = ProgressReader(store, clock)
    write(store, 200, 100.0 if done == 201 else 80.0 if done == 500 else 50.0, loss=0.5)
    assert reader.read(ADDRESS) == "200/800 steps · loss 0.5"
    clock.now += READ_EVERY_S
    write(store, done, seconds, loss=0.1734)
    expected = f"{done}/800 steps · loss 0.1734" + (f" · eta {eta}" if eta else "")
    assert reader.read(ADDRESS) == expected


def test_it_is_read_every_few_seconds_but_for_the_last_time(store: Store, clock: Clock) -> None:
    reader = ProgressReader(store, clock)
    write(store, 1, 1.0)
    assert reader.read(ADDRESS) == "1/800 steps"
    write(store, 800, 9.0)
    assert reader.read(ADDRESS) == "1/800 steps"
    assert reader.read(ADDRESS, is_last=True) == "800/800 steps"


def test_another_attempt_has_its_own_pace(store: Store, clock: Clock) -> None:
    reader = ProgressReader(store, clock)
    write(store, 400, 100.0)
    reader.read(ADDRESS)
    clock.now += READ_EVERY_S
    write(store, 410, 1.0, attempt="two")
    assert reader.read(ADDRESS) == "410/800 steps"
    clock.now += READ_EVERY_S
    write(store, 410, 1.0, attempt="two")
    assert reader.read(ADDRESS) == "410/800 steps"


def test_names_of_figures_are_words(store: Store, clock: Clock) -> None:
    write(store, 3, 1.0, tokens_per_s=12345.678, loss=2)
    assert ProgressReader(store, clock).read(ADDRESS) == (
        "3/800 steps · loss 2 · tokens per s 1.235e+04"
    )


def test_when_the_artifact_is_there_all_shards_are() -> None:
    assert shards_text((1, 4), is_last=False) == "1/4 shards"
    assert shards_text((1, 4), is_last=True) == "4/4 shards"

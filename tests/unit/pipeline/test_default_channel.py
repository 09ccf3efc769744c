"""Which channel is meant where none is named."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.channel import BY_HAND, Rejected, ServedModel, promote, take_back
from gabarito.core.errors import MissingError, SettingsError, UsageError
from gabarito.core.settings import parse
from gabarito.pipeline.default_channel import default_channel
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def model(pipeline: str) -> ServedModel:
    return ServedModel(
        pipeline=pipeline, run="r", merge="m", evaluate="e", contract=CONTRACT, verdict=PASSED
    )


@pytest.mark.parametrize(
    ("channels", "chosen"),
    [
        (["handbook"], "handbook"),
        (["main"], "main"),
        (["live"], "live"),
        (["main", "handbook"], "handbook"),
        (["live", "handbook"], "handbook"),
    ],
)
def test_of_one_pipeline_its_own_channel_is_meant_or_the_only_one(
    store: Store, channels: list[str], chosen: str
) -> None:
    for name in channels:
        promote(store, name, model("handbook"))
    assert default_channel(store) == default_channel(store, "handbook") == chosen


def test_what_was_taken_back_is_not_looked_for_in_the_former_default(store: Store) -> None:
    promote(store, "main", model("handbook"))
    now = datetime(2026, 5, 1, tzinfo=UTC)
    taken = Rejected(model=model("handbook").digest, at=now, reason="rude", under=BY_HAND)
    assert take_back(store, "handbook", taken)
    assert default_channel(store) == default_channel(store, "handbook") == "handbook"


def test_of_several_pipelines_one_must_be_named(store: Store) -> None:
    for name in ("handbook", "cellar"):
        promote(store, name, model(name))
    said = r"cellar \(pipeline cellar\), handbook \(pipeline handbook\); name one with --channel"
    with pytest.raises(UsageError, match=said):
        default_channel(store)
    assert default_channel(store, "cellar") == "cellar"
    assert default_channel(store, "attic") == "attic"


def test_of_several_channels_of_other_names_one_must_be_named(store: Store) -> None:
    for name in ("live", "trial"):
        promote(store, name, model("handbook"))
    with pytest.raises(UsageError, match="name one with --channel"):
        default_channel(store, "handbook")


def test_a_store_without_anything_serves_nothing(store: Store) -> None:
    with pytest.raises(MissingError, match="nothing is served yet"):
        default_channel(store)


def settings(name: object, **others: object) -> dict[str, object]:
    source = {"type": "files", "path": "pages"}
    return {"name": name, "ingest": {"sources": [source]}, **others}


@pytest.mark.parametrize("name", ["123", "1e3", "2026-11-29", "true", "no", "a" * 40])
def test_a_channel_is_called_as_its_pipeline(store: Store, name: str) -> None:
    pipeline = parse(PartialPipeline, settings(name), "pipeline.yaml")
    assert pipeline.channel == name
    assert promote(store, pipeline.channel, model(name))
    assert default_channel(store) == name
    named = parse(PartialPipeline, settings(name, channel="live"), "pipeline.yaml")
    assert named.channel == "live"


@pytest.mark.parametrize("name", [123, 1000.0, True, date(2026, 11, 29)])
@pytest.mark.parametrize("setting", ["name", "channel"])
def test_what_yaml_reads_as_no_text_is_to_be_quoted(setting: str, name: object) -> None:
    given = settings("handbook") | {setting: name}
    with pytest.raises(SettingsError, match=f"  {setting}: must be a text, .*; write it in quotes"):
        parse(PartialPipeline, given, "pipeline.yaml")


@pytest.mark.parametrize("name", ["Handbook", "a/b", "../main", "-a", "a" * 41, "", "ção"])
def test_odd_characters_are_refused_with_those_that_may_stand_there(name: str) -> None:
    with pytest.raises(SettingsError, match="name: must be lower-case letters, digits and hyph"):
        parse(PartialPipeline, settings(name), "pipeline.yaml")

"""A pipeline file in a bucket, which others may replace while a run of it goes on."""

from pathlib import Path

import pytest
import yaml

from gabarito.controller.actions import SaveMemory
from gabarito.controller.decide import decide
from gabarito.controller.kube import metadata as meta
from gabarito.controller.pinned_run import ChosenRun, choose_run
from gabarito.controller.state import Memory, PinnedFile, memory_annotations, read_memory
from gabarito.controller.summary import read_summary
from gabarito.core.errors import SettingsError
from gabarito.pipeline import pipeline_file
from gabarito.pipeline.pipeline_file import open_pipeline_file
from gabarito.pipeline.refresh import PlannedRun, ask_refresh, read_refreshes
from gabarito.pipeline.runs import latest_run, new_run
from gabarito.store.open import open_store

from .builders import PIPELINE, RUN, config_with, desired, observed
from .world import Process, World

ADDRESS = "s3://bucket/pipelines/handbook.yaml"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A release whose pipeline file is in a bucket; no model of it passes its gate."""
    world = World(tmp_path)
    world.passes = False
    path = tmp_path / "controller.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "pipeline": ADDRESS}))
    (tmp_path / "pipelines").mkdir()
    write(world, steps=10)
    monkeypatch.setattr(
        pipeline_file, "open_bucket", lambda url: open_store(f"{tmp_path}/{Path(url).name}")
    )
    return world


def write(world: World, steps: int) -> None:
    source = {"type": "files", "path": str(world.folder / "pages")}
    train = {"base": "org/model", "steps": steps}
    settings = {**PIPELINE, "ingest": {"sources": [source]}, "train": train}
    (world.folder / "pipelines/handbook.yaml").write_text(yaml.safe_dump(settings))


def test_a_restarted_controller_goes_on_with_the_file_as_it_was(world: World) -> None:
    first = Process(world)
    first.run_loop(world)
    before = world.outcome()
    assert len(before["jobs"]) == 6
    write(world, steps=20)
    second = Process(world)
    second.run_loop(world)
    after = world.outcome()
    assert after["jobs"] == before["jobs"]
    assert set(after["events"]) - set(before["events"]) == {"PipelineChanged"}
    (warning,) = read_summary(second.lease.annotations[meta.SUMMARY]).warnings
    assert "to run this file, set pipelineFrom.sha256" in warning


def test_a_restarted_controller_takes_no_notice_of_the_same_file(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    second = Process(world)
    second.run_loop(world)
    assert world.outcome() == before
    assert not read_summary(second.lease.annotations[meta.SUMMARY]).warnings


def test_its_sources_are_read_again_until_it_is_another_file(world: World) -> None:
    first = Process(world)
    first.run_loop(world)
    ask_refresh(world.store, "handbook")
    world.said = "another text"
    first.run_loop(world)
    told, last = read_refreshes(world.store, "handbook"), latest_run(world.store)
    pinned = read_memory(first.lease.annotations).pinned
    assert pinned
    assert last
    assert (told.settled, told.taken, pinned.run) == (1, 1, last.run)
    write(world, steps=20)
    second = Process(world)
    ask_refresh(world.store, "handbook")
    second.run_loop(world)
    summary = read_summary(second.lease.annotations[meta.SUMMARY])
    assert summary.run == last.run
    assert f"run {last.run} goes on with the file as it was" in summary.warnings[0]
    assert read_refreshes(world.store, "handbook").settled == 1


def test_a_refresh_is_not_gone_on_with_unseen_where_the_file_was_replaced(world: World) -> None:
    """It would make all anew whatever the sources say."""
    first = Process(world)
    first.run_loop(world)
    before = read_summary(first.lease.annotations[meta.SUMMARY]).run
    ask_refresh(world.store, "handbook")
    while (last := latest_run(world.store)) and last.run == before:
        first.take_turn(world)
    write(world, steps=20)
    second = Process(world)
    second.run_loop(world)
    summary = read_summary(second.lease.annotations[meta.SUMMARY])
    assert summary.run == before
    assert f"run {before} goes on with the file as it was" in summary.warnings[0]


def test_a_file_on_a_volume_is_what_the_values_say_too(world: World) -> None:
    path = str(world.folder / "pipelines/handbook.yaml")

    def chosen(**expected: str) -> ChosenRun:
        config = config_with(store=world.config.store, pipeline=path, expected=expected)
        return choose_run(config, world.store, Memory(), lambda given: PlannedRun(new_run(given)))

    digest = open_pipeline_file(path).sha256
    assert chosen(name="handbook", channel="handbook", sha256=digest).pinned is None
    with pytest.raises(SettingsError, match=r"its SHA-256 is .*, not 0000"):
        chosen(sha256="0" * 64)
    with pytest.raises(SettingsError, match=r"name is .handbook., and pipeline\.name of the chart"):
        chosen(name="manual")


PINNED = PinnedFile(file=ADDRESS, sha256="0" * 64, run=RUN)


def test_the_file_is_pinned_before_its_run_is_frozen() -> None:
    wanted = desired()
    pinned = type(wanted)(wanted.config, wanted.run, wanted.templates, PINNED)
    first, *rest = decide(pinned, observed(is_frozen=False))
    assert first == SaveMemory(Memory(pinned=PINNED))
    assert not [one for one in rest if isinstance(one, SaveMemory)]
    known = decide(pinned, observed(is_frozen=False, memory=Memory(pinned=PINNED)))
    assert not [one for one in known if isinstance(one, SaveMemory)]


def test_an_older_controller_leaves_what_a_file_is_pinned_to() -> None:
    """It discards a memory in which there is more than it knows."""
    kept = Memory(promoted="a", pinned=PINNED)
    written = memory_annotations(kept)
    assert "pinned" not in written[meta.MEMORY]
    assert read_memory(written) == kept

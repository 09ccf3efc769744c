"""Sources that are read again: a new run where they say something new, else the one before."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gabarito.artifacts.artifact import open_artifact
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import JOBS
from gabarito.pipeline.refresh import ask_refresh, plan_current, read_refreshes
from gabarito.pipeline.runs import Run, latest_run
from gabarito.pipeline.schema import read_pipeline

from .world import ANSWER, QUESTION, Process, World, endpoint, make_artifact

Make = Callable[[Path], World]


@pytest.fixture(scope="module")
def make() -> Iterator[Make]:
    worlds: dict[str, World] = {}
    with endpoint(worlds, {QUESTION: ANSWER}) as service:

        def made(folder: Path) -> World:
            worlds["now"] = World(folder, service)
            return worlds["now"]

        yield made


@pytest.fixture
def world(make: Make, tmp_path: Path) -> World:
    """A release whose model is served, and whose sources are to be read again."""
    world = make(tmp_path)
    Process(world).run_loop(world)
    ask_refresh(world.store, "handbook")
    return world


def stages_of(world: World, run: str) -> set[str]:
    jobs = world.cluster.list(JOBS, f"{meta.RUN}={run}")
    return {job["metadata"]["labels"][meta.STAGE] for job in jobs}


def current(world: World) -> Run:
    return plan_current(world.store, read_pipeline(world.folder / "pipeline.yaml")).run


def said(world: World) -> list[str]:
    bodies = [body for (kind, _), body in world.cluster.objects.items() if kind == "Event"]
    return [body["message"] for body in bodies if body["reason"] == "Refreshed"]


def test_where_nothing_is_new_nothing_but_ingest_runs(world: World) -> None:
    before, outcome = current(world), world.outcome()
    Process(world).run_loop(world)
    assert current(world).run == before.run
    assert outcome["channel"] == world.outcome()["channel"]
    labels = [job["metadata"]["labels"] for job in world.cluster.list(JOBS, meta.STAGE)]
    made = [each[meta.STAGE] for each in labels if each[meta.RUN] != before.run]
    assert made == ["ingest"]
    last = latest_run(world.store)
    assert last
    assert last.run == before.run
    (event,) = said(world)
    assert f"nothing new, run {before.run} stays" in event


def test_where_something_is_new_a_new_model_is_made_and_served(world: World) -> None:
    before, outcome = current(world), world.outcome()
    world.said = "another text"
    Process(world).run_loop(world)
    assert current(world).run != before.run
    assert stages_of(world, current(world).run) == stages_of(world, before.run)
    assert world.outcome()["channel"][1] == outcome["channel"][0]
    assert world.outcome()["served"] == world.outcome()["channel"][0]
    (event,) = said(world)
    assert event.endswith("something new")


def test_each_is_tried_once(world: World) -> None:
    Process(world).run_loop(world)
    outcome = world.outcome()
    Process(world).run_loop(world)
    assert world.outcome() == outcome
    ask_refresh(world.store, "handbook")
    Process(world).run_loop(world)
    told = read_refreshes(world.store, "handbook")
    assert (told.asked, told.settled, told.taken) == (2, 2, 0)
    assert len(said(world)) == 2


def test_an_upgrade_keeps_what_a_refresh_read(world: World) -> None:
    world.said = "another text"
    Process(world).run_loop(world)
    ingest = current(world).fingerprints["ingest"]
    world.write_pipeline(learning_rate=1e-3)
    Process(world).run_loop(world)
    assert current(world).fingerprints["ingest"] == ingest
    last = latest_run(world.store)
    assert last
    assert last.fingerprints["ingest"] == ingest


def test_a_run_that_is_not_finished_is_not_given_up(make: Make, tmp_path: Path) -> None:
    world = make(tmp_path)
    ask_refresh(world.store, "handbook")
    process = Process(world)
    process.lease.renew()
    for _ in range(4):
        process.take_turn(world)
        last = latest_run(world.store)
        assert last is None or last.run == current(world).run
    process.run_loop(world)
    assert read_refreshes(world.store, "handbook").settled == 1


def test_a_model_is_promoted_before_the_sources_are_read_again(make: Make, tmp_path: Path) -> None:
    """Else one that takes longer than the time between two refreshes would never be."""
    world = make(tmp_path)
    process = Process(world)
    process.lease.renew()
    while open_artifact(world.store, current(world).address("ingest")) is None:
        process.take_turn(world)
    ask_refresh(world.store, "handbook")
    world.said = "another text"
    process.run_loop(world)
    model, previous, _ = world.outcome()["channel"]
    assert previous not in (None, model)
    assert world.outcome()["events"].count("Promoted") == 2
    assert world.outcome()["events"].count("GatePassed") == 2


def test_what_was_read_is_compared_once_its_job_has_ended(world: World) -> None:
    before, process = current(world), Process(world)
    process.lease.renew()
    while not (begun := begun_ingest(world, before.run)):
        process.reconciler.reconcile_once()
    make_artifact(world.store, begun, "ingest", said=world.said)
    for _ in range(3):
        process.reconciler.reconcile_once()
    assert begun_ingest(world, before.run) == begun
    assert read_refreshes(world.store, "handbook").settled == 0
    process.run_loop(world)
    assert read_refreshes(world.store, "handbook").settled == 1
    assert stages_of(world, begun) == {"ingest"}
    assert "StageStopped" not in world.outcome()["events"]


def begun_ingest(world: World, before: str) -> str:
    """Return the other run whose ingest has begun, if there is one."""
    jobs = world.cluster.list(JOBS, f"{meta.STAGE}=ingest")
    begun = [job["metadata"]["labels"][meta.RUN] for job in jobs if not job["spec"]["suspend"]]
    return next((run for run in begun if run != before), "")


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


@pytest.mark.parametrize("text", ["text", "another text"])
def test_killed_before_any_change_the_end_is_the_same(
    make: Make, tmp_path: Path, text: str
) -> None:
    calls: list[str] = []
    ends = []
    last = -1
    while last < len(calls):
        folder = tmp_path / str(last)
        folder.mkdir()
        world = make(folder)
        Process(world).run_loop(world)
        before = current(world).run
        ask_refresh(world.store, "handbook")
        world.said = text
        if last < 0:
            world.cluster.before = world.store.before = calls.append
        else:
            world.cluster.before = world.store.before = _killing(last)
        try:
            Process(world).run_loop(world)
        except KilledError:
            world.cluster.before = world.store.before = lambda _: None
            Process(world).run_loop(world)
        told = read_refreshes(world.store, "handbook")
        is_same = current(world).run == before
        ends.append((is_same, told.settled, told.taken, world.outcome()["channel"][2]))
        last += 7  # each takes a second; another start makes it another third of them
    assert len(calls) > 10
    assert set(ends) == {(text == "text", 1, int(text != "text"), 0)}


def _killing(last: int) -> Callable[[str], None]:
    left = [last]

    def before(_: str) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1

    return before

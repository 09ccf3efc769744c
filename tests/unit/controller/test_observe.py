"""What is seen in a cluster in memory and a store on disk."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gabarito.artifacts.artifact import Address
from gabarito.artifacts.attempt import new_attempt
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import JOBS
from gabarito.controller.observe import Observer
from gabarito.controller.state import Desired, Memory, Observed
from gabarito.controller.templates import TTL_UNTIL_SEEN_S, read_templates
from gabarito.core.records import Progress
from gabarito.pipeline.runs import freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES

from .world import World, make_artifact


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def wanted(world: World) -> Desired:
    run = new_run(read_pipeline(world.folder / "pipeline.yaml"))
    freeze(world.store, run)
    return Desired(world.config, run, read_templates(world.config))


def observe(world: World, wanted: Desired) -> Observed:
    return Observer(world.cluster, world.store, wanted).observe(Memory(), None, frozenset())


def add_job(world: World, stage: str, run: str, ended: int | None = None, hour: int = 12) -> None:
    """Let a Job run since ``hour``; with ``ended`` pods of four, if that is given."""
    labels = {meta.INSTANCE: "demo", meta.STAGE: stage, meta.RUN: run}
    shards = {"completionMode": "Indexed", "completions": 4} if ended is not None else {}
    body = {
        "metadata": {"name": f"{run}-{stage}", "labels": labels},
        "spec": {"suspend": False, **shards},
        "status": {"succeeded": ended or 0, "startTime": f"2026-05-01T{hour}:00:00Z"},
    }
    world.cluster.create(JOBS, body)


def say(world: World, address: Address, done: int, attempt: str = "a") -> None:
    state = {"attempt": attempt, "what": "pages", "done": done, "total": 9, "seconds": 1}
    world.store.write(f"{address.prefix}/progress.json", json.dumps(state).encode())


def test_progress_is_that_of_the_stage_that_runs(world: World, wanted: Desired) -> None:
    run = wanted.run
    add_job(world, "ingest", run.run)
    assert observe(world, wanted).progress == {}
    say(world, run.address("ingest"), 3)
    assert observe(world, wanted).progress == {"ingest": "3/9 pages"}


@pytest.mark.parametrize(
    ("attempt", "is_its_own"),
    [("20260501T115959Z-0a", False), ("20260501T120000Z-0a", True), ("some-other", False)],
)
def test_what_an_attempt_before_a_job_reached_is_not_reached_by_that_job(
    world: World, wanted: Desired, attempt: str, is_its_own: bool
) -> None:
    add_job(world, "ingest", wanted.run.run)
    say(world, wanted.run.address("ingest"), 3, attempt)
    seen = observe(world, wanted)
    assert seen.reached == {"ingest": {"pages": 3} if is_its_own else {}}
    told = {stage: (last.done, last.total) for stage, last in seen.readings.items()}
    assert told == ({"ingest": (3, 9)} if is_its_own else {})


def test_a_job_of_another_run_does_not_say_when_that_of_this_one_began(
    world: World, wanted: Desired
) -> None:
    add_job(world, "ingest", wanted.run.run)
    add_job(world, "ingest", "z" * 12, hour=13)
    say(world, wanted.run.address("ingest"), 3, "20260501T120001Z-0a")
    assert observe(world, wanted).reached == {"ingest": {"pages": 3}}


def test_an_attempt_says_by_its_name_when_it_began(world: World, wanted: Desired) -> None:
    address, said = wanted.run.address("ingest"), datetime.now(UTC) - timedelta(seconds=1)
    with new_attempt(world.store, address, inputs={}, settings={}) as work:
        progress = Progress(attempt=work.name, what="pages", done=1, total=9, seconds=1)
    assert progress.began
    assert said <= progress.began <= datetime.now(UTC)


def test_shards_are_counted_in_the_job_of_this_run(world: World, wanted: Desired) -> None:
    add_job(world, "generate", wanted.run.run, ended=1)
    add_job(world, "generate", "z" * 12, ended=4)
    assert observe(world, wanted).progress == {"generate": "1/4 shards"}


def test_what_a_finished_stage_said_is_read_from_its_manifest(
    world: World, wanted: Desired
) -> None:
    make_artifact(world.store, wanted.run.run, "ingest")
    found = observe(world, wanted)
    assert found.results["ingest"].counts == {"things": 1}
    assert found.evaluation is None


def test_of_the_model_its_weights_are_known(world: World, wanted: Desired) -> None:
    for stage in STAGES:
        make_artifact(world.store, wanted.run.run, stage)
    found = observe(world, wanted).evaluation
    assert found is not None
    assert found.passed
    assert found.merge == wanted.run.fingerprints["merge"]


def test_what_other_runs_have_ended_is_not_looked_at_again(world: World, wanted: Desired) -> None:
    add_job(world, "ingest", wanted.run.run)
    add_job(world, "train", "z" * 12)
    world.cluster.patch(JOBS, "z" * 12 + "-train", {"spec": {"ttlSecondsAfterFinished": 60}})
    assert {job.run for job in observe(world, wanted).jobs} == {wanted.run.run, "z" * 12}
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    world.cluster.patch(JOBS, "z" * 12 + "-train", {"status": done})
    assert {job.run for job in observe(world, wanted).jobs} == {wanted.run.run}


def test_where_old_runs_are_to_go_their_jobs_are_seen(world: World, wanted: Desired) -> None:
    add_job(world, "train", "z" * 12)
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    world.cluster.patch(JOBS, "z" * 12 + "-train", {"status": done})
    assert observe(world, wanted).jobs == ()
    keeping = replace(wanted, config=wanted.config.model_copy(update={"keep_runs": 1}))
    assert [job.run for job in observe(world, keeping).jobs] == ["z" * 12]


def test_an_ended_job_of_another_run_that_would_stay_for_ever_is_looked_at(
    world: World, wanted: Desired
) -> None:
    wanted.templates.stages["train"].body["spec"]["ttlSecondsAfterFinished"] = 60
    add_job(world, "train", "z" * 12)
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    world.cluster.patch(JOBS, "z" * 12 + "-train", {"status": done})
    assert [job.run for job in observe(world, wanted).jobs] == ["z" * 12]


def test_a_name_that_a_new_attempt_would_have_is_seen_whosever_job_it_is(
    world: World, wanted: Desired
) -> None:
    """Another run may have adopted a Job of this one."""
    name = f"demo-{wanted.run.run}-train"
    labels = {meta.INSTANCE: "demo", meta.STAGE: "train", meta.RUN: "z" * 12}
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    body = {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": done}
    world.cluster.create(JOBS, body)
    assert [job.name for job in observe(world, wanted).jobs] == [name]


def test_an_ended_job_of_another_run_is_looked_at_until_it_expires_as_the_values_say(
    world: World, wanted: Desired
) -> None:
    """It was made with more: no controller may have been there at its end."""
    wanted.templates.stages["train"].body["spec"]["ttlSecondsAfterFinished"] = 60
    add_job(world, "train", "z" * 12)
    name = "z" * 12 + "-train"
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    spec = {"ttlSecondsAfterFinished": TTL_UNTIL_SEEN_S}
    world.cluster.patch(JOBS, name, {"spec": spec, "status": done})
    assert [job.expires_after_s for job in observe(world, wanted).jobs] == [TTL_UNTIL_SEEN_S]
    world.cluster.patch(JOBS, name, {"spec": {"ttlSecondsAfterFinished": 60}})
    assert not observe(world, wanted).jobs

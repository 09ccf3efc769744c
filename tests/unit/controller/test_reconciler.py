"""A whole release, decided on and done: in a cluster in memory and a store on disk."""

import copy
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from gabarito.artifacts.channel import BY_HAND, find_channel, promote, read_model
from gabarito.controller import held_runs
from gabarito.controller.held_runs import HeldRuns
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, EVENTS, JOBS, LEASES, Kind, Object
from gabarito.controller.state import Memory, StageMemory, memory_annotations, read_memory
from gabarito.controller.summary import read_summary
from gabarito.core.errors import AccessError, ServiceError, SettingsError
from gabarito.pipeline.holds import roots_locked
from gabarito.pipeline.runs import all_runs
from gabarito.pipeline.stages import STAGES

from .world import ANSWER, QUESTION, Process, World, endpoint

Make = Callable[[Path], World]


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return {QUESTION: ANSWER}


@pytest.fixture(scope="module")
def make(answers: dict[str, str]) -> Iterator[Make]:
    """Makes worlds whose Service is a real endpoint."""
    worlds: dict[str, World] = {}
    with endpoint(worlds, answers) as service:

        def made(folder: Path) -> World:
            worlds["now"] = World(folder, service)
            return worlds["now"]

        yield made


@pytest.fixture
def world(make: Make, tmp_path: Path) -> World:
    return make(tmp_path)


def states(world: World) -> list[str | None]:
    return [annotations[meta.STATE] for annotations in world.outcome()["jobs"].values()]


def test_from_nothing_to_a_served_model(world: World) -> None:
    Process(world).run_loop(world)
    outcome = world.outcome()
    assert len(outcome["jobs"]) == len(STAGES)
    assert set(states(world)) == {"done"}
    assert outcome["served"] == outcome["channel"][0]
    assert outcome["verified"].startswith(outcome["served"])
    assert outcome["events"] == sorted(
        ["RunStarted", *6 * ["StageUnsuspended", "StageDone"], "GatePassed", "Promoted", "Serving"]
    )


def test_everything_is_owned_by_the_owner(world: World) -> None:
    Process(world).run_loop(world)
    made = [body for (kind, _), body in world.cluster.objects.items() if kind in ("Job", "Lease")]
    made += world.cluster.list(DEPLOYMENTS, meta.INSTANCE)
    assert len(made) == len(STAGES) + 2
    for body in made:
        (owner,) = body["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"]) == ("ConfigMap", "demo-gabarito-owner")
        assert not owner["controller"]


def test_events_that_are_refused_stop_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = world.cluster.create

    def create(kind: Kind, body: Object) -> Object:
        if kind == EVENTS:
            message = "exceeded quota: events"
            raise AccessError(message)
        return allowed(kind, body)

    monkeypatch.setattr(world.cluster, "create", create)
    Process(world).run_loop(world)
    assert world.outcome()["verified"]


def test_another_controller_finds_nothing_to_do(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    Process(world).run_loop(world)
    assert world.outcome() == before


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


def test_killed_before_any_change_the_end_is_the_same(make: Make, tmp_path: Path) -> None:
    """Every change that a controller makes is once the one that it does not live to make."""
    whole = make(_folder(tmp_path, "world"))
    calls: list[str] = []
    whole.cluster.before = whole.store.before = calls.append
    Process(whole).run_loop(whole)
    outcome = whole.outcome()
    assert len(calls) > 50
    for last, call in enumerate(calls):
        shutil.rmtree(tmp_path / "world")  # a run is named by the places of its files too
        world = make(_folder(tmp_path, "world"))
        world.cluster.before = world.store.before = _killing(last)
        with pytest.raises(KilledError):
            Process(world).run_loop(world)
        world.cluster.before = world.store.before = lambda _: None
        Process(world).run_loop(world)
        assert world.outcome() == outcome, f"killed before change {last}: {call}"


def test_killed_within_a_rollback_the_end_is_the_same(make: Make, tmp_path: Path) -> None:
    world = make(_folder(tmp_path, "world"))
    Process(world).run_loop(world)
    world.trusted = world.outcome()["served"]
    world.write_pipeline(steps=20)
    shutil.copytree(world.store.root, tmp_path / "before")
    objects = copy.deepcopy(world.cluster.objects)
    calls: list[str] = []
    world.cluster.before = world.store.before = calls.append
    Process(world).run_loop(world)
    outcome = world.outcome()
    assert outcome["channel"] == (world.trusted, None, 1)
    recorded = set(outcome.pop("events"))
    for last in range(calls.index("write channels/handbook.json"), len(calls)):
        shutil.rmtree(world.store.root)
        shutil.copytree(tmp_path / "before", world.store.root)
        world.cluster.objects = copy.deepcopy(objects)
        world.cluster.before = world.store.before = _killing(last)
        with pytest.raises(KilledError):
            Process(world).run_loop(world)
        world.cluster.before = world.store.before = lambda _: None
        Process(world).run_loop(world)
        after = world.outcome()
        assert set(after.pop("events")) == recorded
        assert after == outcome, f"killed before change {last}: {calls[last]}"


def test_a_changed_setting_makes_again_only_what_it_changes(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.write_pipeline(steps=20)
    Process(world).run_loop(world)
    after = world.outcome()
    fresh = after["jobs"].keys() - before["jobs"].keys()
    assert {name.split("-")[-1] for name in fresh} == {"train", "merge", "evaluate"}
    assert after["served"] != before["served"]
    assert after["channel"][1] == before["channel"][0]


def test_an_older_controller_leaves_what_is_remembered_of_stages() -> None:
    failed = StageMemory(run="r", attempt=2, failure="bad data")
    memory = Memory(promoted="a", stages={"train": failed})
    written = memory_annotations(memory)
    known = {"promoted", "retries", "revision", "last_known_good", "failed_revision"}
    assert json.loads(written[meta.MEMORY]).keys() == known  # it discards one with any other field
    assert read_memory(written) == memory
    older = {**written, meta.MEMORY: Memory(promoted="b").model_dump_json(include=known)}
    assert read_memory(older) == Memory(promoted="b", stages={"train": failed})


def test_what_a_newer_controller_remembers_besides_is_left_out() -> None:
    stages = {"train": {"run": "r", "attempt": 1, "mood": "good"}}
    written = {
        meta.MEMORY: json.dumps({"promoted": "a", "mood": "good"}),
        meta.MEMORY_OF_STAGES: json.dumps({"stages": stages, "mood": "good"}),
    }
    kept = {"train": StageMemory(run="r", attempt=1)}
    assert read_memory(written) == Memory(promoted="a", stages=kept)
    assert read_memory({**written, meta.MEMORY: "<html>"}) == Memory(stages=kept)


@pytest.mark.parametrize("memory", ["<html>", '{"promoted": "a", "mood": "good"}'])
def test_a_memory_of_another_version_is_found_again(world: World, memory: str) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.cluster.patch(
        LEASES, "demo-gabarito-controller", {"metadata": {"annotations": {meta.MEMORY: memory}}}
    )
    process = Process(world)
    process.run_loop(world)
    assert world.outcome() == before
    assert before["served"] in process.lease.annotations[meta.MEMORY]


def test_a_model_of_another_pipeline_is_refused_and_what_is_served_stays(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    own = read_model(world.store, before["served"])
    promote(world.store, "handbook", own.model_copy(update={"pipeline": "cellar"}))
    process = Process(world)
    process.run_loop(world)
    after = world.outcome()
    assert (after["served"], after["verified"]) == (before["served"], before["verified"])
    assert after["events"] == sorted([*before["events"], "ModelRefused"])
    assert "of pipeline cellar is not served" in process.lease.annotations[meta.SUMMARY]


def test_what_the_former_default_channel_serves_goes_on_being_served(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.store.write("channels/main.json", world.store.read("channels/handbook.json").data)
    world.store.delete("channels/handbook.json")
    Process(world).run_loop(world)
    assert world.outcome() == before
    world.write_pipeline(steps=20)
    Process(world).run_loop(world)
    after = world.outcome()
    assert (after["served"], after["channel"][1]) == (after["channel"][0], before["served"])
    former = find_channel(world.store, "main")
    assert former
    assert former.model == before["served"]


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_what_another_pipeline_promotes_to_the_former_default_takes_no_endpoint_down(
    world: World, is_seen_before: bool
) -> None:
    Process(world).run_loop(world)
    world.write_pipeline(steps=20)
    Process(world).run_loop(world)
    before = world.outcome()
    moved = world.store.read("channels/handbook.json").data
    world.store.delete("channels/handbook.json")
    rejected = {"model": before["channel"][1], "at": "2026-05-01T00:00Z", "reason": "rude"}
    record = {**json.loads(moved), "previous": None, "rejected": [{**rejected, "under": BY_HAND}]}
    world.store.write("channels/main.json", json.dumps(record).encode())
    if is_seen_before:
        Process(world).run_loop(world)
    since = find_channel(world.store, "handbook")
    own = read_model(world.store, before["served"])
    for run in ("a", "b"):
        promote(world.store, "main", own.model_copy(update={"pipeline": "cellar", "run": run}))
    Process(world).run_loop(world)
    after = world.outcome()
    assert (after["served"], after["events"]) == (before["served"], before["events"])
    assert not is_seen_before or find_channel(world.store, "handbook") == since


def test_a_failing_gate_leaves_what_is_served_alone(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.write_pipeline(steps=20)
    world.passes = False
    Process(world).run_loop(world)
    after = world.outcome()
    assert (after["served"], after["channel"]) == (before["served"], before["channel"])
    assert "GateFailed" in after["events"]


def test_wrong_answers_bring_the_model_before_back(
    world: World, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.write_pipeline(steps=20)
    process = Process(world)
    monkeypatch.setitem(answers, QUESTION, "London")
    _until(world, process, lambda: "RolledBack" in world.outcome()["events"])
    monkeypatch.setitem(answers, QUESTION, ANSWER)
    process.run_loop(world)
    after = world.outcome()
    assert (after["served"], after["channel"][0]) == (before["served"], before["channel"][0])
    channel = find_channel(world.store, "handbook")
    assert channel
    assert "the endpoint answers 'London', the evaluation recorded 'Paris'" in (
        channel.rejected[0].reason
    )
    assert after["verified"] == before["verified"]


def test_a_model_before_that_does_not_answer_any_more_is_reported(
    world: World, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.write_pipeline(steps=20)
    monkeypatch.setitem(answers, QUESTION, "London")
    Process(world).run_loop(world)
    after = world.outcome()
    assert after["served"] == before["served"]
    assert after["verified"] == ""
    assert {"RolledBack", "EndpointFailed"} <= set(after["events"])


def test_a_first_model_that_does_not_work_leaves_nothing_served(world: World) -> None:
    world.does_roll = False
    Process(world).run_loop(world)
    assert world.outcome()["served"] is None
    assert world.outcome()["channel"] == (None, None, 1)
    world.does_roll = True
    world.write_template("serve", fixed="yes")
    Process(world).run_loop(world)
    assert world.outcome()["served"] == world.outcome()["channel"][0]


def test_a_template_that_does_not_work_is_replaced_by_the_one_before(world: World) -> None:
    Process(world).run_loop(world)
    before = world.outcome()
    world.write_template("serve", spoilt="yes")
    world.does_roll = False
    process = Process(world)
    _until(world, process, lambda: "RolledBack" in world.outcome()["events"])
    world.does_roll = True
    process.run_loop(world)
    after = world.outcome()
    assert (after["served"], after["channel"]) == (before["served"], before["channel"])
    served = world.cluster.read(DEPLOYMENTS, "demo-gabarito-serve")
    assert served
    assert served["spec"]["template"]["spec"]["containers"][0]["env"] == {}


def test_a_new_run_adopts_what_runs_and_stops_what_it_does_not_want(world: World) -> None:
    process = Process(world)
    process.lease.renew()
    process.reconciler.reconcile_once()
    process.reconciler.reconcile_once()
    before = world.outcome()["jobs"]
    world.write_pipeline(steps=20)
    Process(world).run_loop(world)
    after = world.outcome()["jobs"]
    kept = before.keys() & after.keys()
    assert [name.split("-")[-1] for name in kept] == ["ingest"]
    assert sum(name.endswith("-ingest") for name in after) == 1
    assert set(states(world)) == {"done"}


def test_a_stage_whose_failed_job_is_deleted_does_not_start_again(world: World) -> None:
    process = Process(world)
    process.lease.renew()
    for _ in range(2):
        process.reconciler.reconcile_once()
    (job,) = [one for one in world.cluster.list(JOBS, meta.STAGE) if not one["spec"]["suspend"]]
    name = job["metadata"]["name"]
    status = {"conditions": [{"type": "Failed", "status": "True", "message": "bad data"}]}
    world.cluster.patch(JOBS, name, {"status": status})
    process.reconciler.reconcile_once()
    world.cluster.delete(JOBS, name, job["metadata"]["uid"])
    for each in (process, Process(world)):  # a restarted controller remembers, too
        each.run_loop(world)
        assert name not in world.outcome()["jobs"]
    said = read_summary(process.lease.annotations[meta.SUMMARY]).stages["ingest"]
    assert (said.state, said.details) == (
        "failed",
        "bad data; its Job is gone; correct that, then set retries.ingest to 1",
    )
    settings = yaml.safe_load((world.folder / "controller.yaml").read_text())
    settings["retries"] = {"ingest": 1}
    (world.folder / "controller.yaml").write_text(yaml.safe_dump(settings))
    Process(world).run_loop(world)
    assert world.outcome()["jobs"][f"{name}-a2"][meta.STATE] == "done"


def test_whoever_does_not_hold_the_lease_does_nothing(world: World) -> None:
    first, second = Process(world, "first"), Process(world, "second")
    assert first.lease.renew()
    assert not second.lease.renew()
    second.reconciler.reconcile_once()
    assert world.cluster.list(JOBS, meta.STAGE) == []


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _killing(last: int) -> Callable[[str], None]:
    left = iter(range(last))

    def count(_call: str) -> None:
        if next(left, None) is None:
            raise KilledError

    return count


def _until(world: World, process: Process, is_reached: Callable[[], bool]) -> None:
    process.lease.renew()
    for _ in range(60):
        process.take_turn(world)
        if is_reached():
            return
    raise AssertionError("not reached")


def test_a_release_needs_the_settings_of_every_stage(world: World) -> None:
    pipeline = world.folder / "pipeline.yaml"
    settings = yaml.safe_load(pipeline.read_text())
    del settings["train"]
    pipeline.write_text(yaml.safe_dump(settings))
    with pytest.raises(SettingsError, match=r"train\.base: missing"):
        Process(world).run_loop(world)


def test_a_long_collection_of_old_runs_stops_no_round(world: World) -> None:
    process = Process(world)
    process.lease.renew()
    with roots_locked(world.store):
        began = time.monotonic()
        for _ in range(3):
            process.reconciler.reconcile_once()
        assert time.monotonic() - began < 10
        assert not world.cluster.list(JOBS, meta.STAGE)
        said = read_summary(process.lease.annotations[meta.SUMMARY])
        assert "waits until another process has collected old runs" in said.warnings[0]
        process.wake.clear()
    assert process.wake.wait(20)
    process.run_loop(world)
    assert world.outcome()["served"]
    assert not read_summary(process.lease.annotations[meta.SUMMARY]).warnings


def test_a_new_model_is_not_waited_for_by_the_endpoint_that_a_collection_leaves(
    world: World,
) -> None:
    Process(world).run_loop(world)
    served = world.outcome()["served"]
    world.write_pipeline(steps=20)
    world.write_template("serve", NEW="1")
    process = Process(world)
    process.lease.renew()
    with roots_locked(world.store):
        for _ in range(6):
            process.take_turn(world)
        endpoint = world.cluster.read(DEPLOYMENTS, "demo-gabarito-serve")
        assert endpoint is not None
        environment = endpoint["spec"]["template"]["spec"]["containers"][0]["env"]
        assert ({"NEW": "1"}, served) == (
            environment,
            endpoint["metadata"]["annotations"][meta.MODEL],
        )
        assert len(world.outcome()["jobs"]) == len(STAGES)


def test_a_controller_that_starts_anew_goes_on_with_what_is_held(world: World) -> None:
    first = Process(world)
    first.lease.renew()
    first.take_turn(world)
    with roots_locked(world.store):
        process = Process(world)
        process.lease.renew()
        process.run_loop(world)
    assert set(states(world)) == {"done"}


def test_a_hold_that_cannot_be_renewed_stops_nothing_and_a_first_one_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(world).run_loop(world)
    runs, now = [*all_runs(world.store)], [0.0]
    held = HeldRuns(world.store, threading.Event(), lambda: now[0])
    assert held.hold(runs)

    def away(*_: object) -> None:
        raise ServiceError("the store does not answer")

    monkeypatch.setattr(held_runs, "hold_run", away)
    now[0] = 1e6
    assert held.hold(runs)
    with pytest.raises(ServiceError, match="does not answer"):
        HeldRuns(world.store, threading.Event()).hold(runs)

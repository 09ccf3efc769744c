"""The loop around a reconciler, and what it says when it cannot go on."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gabarito.controller import main as controller_main
from gabarito.controller.actions import (
    AnnotateJob,
    CreateJob,
    ExpireJob,
    UnsuspendJob,
    about_owner,
)
from gabarito.controller.executor import Dependencies, Executor
from gabarito.controller.health import Health
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import CONFIG_MAPS, EVENTS, JOBS, LEASES, Kind, Object
from gabarito.controller.kube.events import MAX_MESSAGE, RecordEvent, event_body
from gabarito.controller.kube.leader_election import keep_renewing
from gabarito.controller.kube.signals import Signals
from gabarito.controller.main import holder_name, pause_after, run_loop
from gabarito.controller.reconciler import Reconciler
from gabarito.controller.state import Desired, Memory
from gabarito.controller.summary import read_summary
from gabarito.controller.templates import TTL, TTL_UNTIL_SEEN_S, Template, Templates
from gabarito.core.errors import AccessError, BugError, DataError, ServiceError
from gabarito.store.open import open_store

from .builders import RUN, desired
from .fake import FakeCluster
from .test_templates import stage_body
from .world import Process, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def until(is_reached: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.02)


class Led:
    """A controller that reconciles in a thread until it is told to stop."""

    def __init__(self, process: Process, health: Health) -> None:
        self._asked = threading.Event()
        arguments = (process.reconciler, process.lease, health, process.wake, self._asked.is_set)
        self._thread = threading.Thread(target=run_loop, args=arguments)
        self._thread.start()

    def end(self) -> None:
        """Tell it to stop, and see that it does so soon."""
        self._asked.set()
        self._thread.join(5)
        assert not self._thread.is_alive()


def events(world: World) -> list[str]:
    found = [body for (kind, _), body in list(world.cluster.objects.items()) if kind == "Event"]
    return [body["message"] for body in found]


def test_a_problem_is_reported_until_it_is_corrected(world: World) -> None:
    world.write_pipeline(learing_rate=1)
    process, health = Process(world), Health()
    process.lease.renew()
    led = Led(process, health)
    until(lambda: any("did you mean learning_rate" in text for text in events(world)))
    until(lambda: process.lease.annotations.get(meta.SUMMARY))
    assert "learing_rate" in read_summary(process.lease.annotations[meta.SUMMARY]).problem
    assert "learing_rate" in health.problem
    world.write_pipeline()
    until(lambda: len(world.cluster.list(JOBS, meta.STAGE)) == 6)
    until(lambda: not read_summary(process.lease.annotations[meta.SUMMARY]).problem)
    until(lambda: health.problem == "")
    led.end()


def test_a_service_that_does_not_answer_is_reported_only_when_that_lasts(world: World) -> None:
    def away(_call: str) -> None:
        message = "the store is away"
        raise ServiceError(message)

    process, health = Process(world), Health()
    process.lease.renew()
    world.store.before = away
    led = Led(process, health)
    until(lambda: health.failures == 2)
    assert "the store is away" not in events(world)
    until(lambda: "the store is away" in events(world))
    world.store.before = lambda _: None
    until(lambda: health.reconciles > 0)
    led.end()


def test_a_problem_that_cannot_be_reported_is_no_other_problem(world: World) -> None:
    def away(_call: str) -> None:
        message = "the API is away"
        raise ServiceError(message)

    process = Process(world)
    process.lease.renew()
    world.cluster.before = away
    process.reconciler.report_problem("no such bucket")
    world.cluster.before = lambda _: None
    process.reconciler.report_problem("no such bucket")
    process.reconciler.report_problem("no such bucket")
    again = Process(world)
    again.lease.renew()
    again.reconciler.report_problem("no such bucket")
    assert events(world).count("no such bucket") == 1


def test_a_store_that_ignores_conditions_is_reported(world: World, monkeypatch: Any) -> None:  # noqa: ANN401
    careful = type(world.store).write

    def careless(self: Any, key: str, data: bytes, **_conditions: object) -> str:  # noqa: ANN401
        return careful(self, key, data)

    monkeypatch.setattr(type(world.store), "write", careless)
    process = Process(world)
    process.lease.renew()
    process.reconciler.reconcile_once()
    (said,) = [text for text in events(world) if "conditional writes do not work: race" in text]
    assert said.endswith("; use a store that supports them")
    process.reconciler.reconcile_once()
    summary = read_summary(process.lease.annotations[meta.SUMMARY])
    assert len(summary.warnings) == 3


def test_the_lease_is_kept_whatever_the_api_does(world: World) -> None:
    process, signals = Process(world), Signals()
    thread = threading.Thread(target=keep_renewing, args=(process.lease, signals))
    thread.start()
    until(lambda: process.lease.is_held)
    assert process.lease.problem == ""
    signals.stop.set()
    thread.join(20)
    process.lease.release()
    lease = world.cluster.read(LEASES, "demo-gabarito-controller")
    assert lease
    assert lease["spec"]["holderIdentity"] == ""


def test_a_lease_that_cannot_be_kept_says_why(world: World) -> None:
    del world.cluster.objects["ConfigMap", "demo-gabarito-owner"]
    process, signals = Process(world), Signals()
    thread = threading.Thread(target=keep_renewing, args=(process.lease, signals))
    thread.start()
    until(lambda: "is the release uninstalled" in process.lease.problem)
    signals.stop.set()
    thread.join(20)


@pytest.mark.parametrize(("failures", "pause"), [(1, 1), (3, 4), (9, 10), (10_000, 10)])
def test_the_longer_it_fails_the_rarer_it_tries(failures: int, pause: float) -> None:
    assert pause_after(failures) == pause


class EventlessCluster(FakeCluster):
    """An API that does not take Events, or has lost the owner's role."""

    def read(self, kind: Kind, name: str) -> Object | None:
        if kind == CONFIG_MAPS:
            message = "configmaps: 403"
            raise AccessError(message)
        return super().read(kind, name)


def test_a_problem_that_no_event_can_report_is_in_the_summary(world: World) -> None:
    process = Process(world)
    process.lease.renew()
    refusing = EventlessCluster()
    refusing.objects = world.cluster.objects
    reconciler = Reconciler(world.config, refusing, world.store, process.lease, process.wake)
    reconciler.report_problem("no such bucket")
    assert read_summary(process.lease.annotations[meta.SUMMARY]).problem == "no such bucket"


def test_a_controller_that_is_stopped_ends_its_round_and_releases_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def stop(_call: str) -> None:
        if threading.current_thread() is threading.main_thread():
            world.cluster.before = lambda _: None
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(controller_main, "connect", lambda _namespace: world.cluster)
    world.cluster.before = stop
    controller_main.run(world.config, port=0)
    assert len(world.cluster.list(JOBS, meta.STAGE)) == 6
    lease = world.cluster.read(LEASES, "demo-gabarito-controller")
    assert lease
    assert lease["spec"]["holderIdentity"] == ""
    assert signal.getsignal(signal.SIGTERM) == before


def test_two_controllers_on_one_machine_are_two() -> None:
    assert holder_name(pid=1) == socket.gethostname()
    assert holder_name(pid=7) != holder_name(pid=8)


def acting(folder: Path, wanted: Desired) -> tuple[Executor, FakeCluster]:
    cluster = FakeCluster()
    means = Dependencies(wanted, lambda _model, _key: None, lambda _memory: None)
    return Executor(cluster, open_store(str(folder)), means), cluster


def with_bodies(wanted: Desired) -> Desired:
    stages = {stage: Template(stage_body(), stage) for stage in wanted.templates.stages}
    return Desired(wanted.config, wanted.run, Templates(stages, wanted.templates.serve))


@pytest.mark.parametrize("queue", ["", "gpus"])
def test_a_job_is_started_by_its_gate_or_by_suspend_never_by_both(
    tmp_path: Path, queue: str
) -> None:
    executor, cluster = acting(tmp_path, with_bodies(desired(queue=queue)))
    executor.execute(CreateJob("train", 1), Memory(), "uid")
    executor.execute(CreateJob("train", 1), Memory(), "uid")
    (job,) = cluster.list(JOBS, meta.STAGE)
    executor.execute(UnsuspendJob(job["metadata"]["name"]), Memory(), "uid")
    (job,) = cluster.list(JOBS, meta.STAGE)
    assert meta.UNSUSPENDED in job["metadata"]["annotations"]
    assert meta.QUEUE_GATE not in job["metadata"]["annotations"]
    assert job["spec"]["suspend"] is bool(queue)


def test_a_job_stays_until_its_end_was_seen_and_keeps_its_deadline(tmp_path: Path) -> None:
    wanted = with_bodies(desired())
    limits = {"activeDeadlineSeconds": 3600, TTL: 60}
    wanted.templates.stages["train"].body["spec"] |= limits
    executor, cluster = acting(tmp_path, wanted)
    executor.execute(CreateJob("train", 2, elapsed_s=600), Memory(), "uid")
    (job,) = cluster.list(JOBS, meta.STAGE)
    assert (job["spec"]["activeDeadlineSeconds"], job["spec"].get(TTL)) == (3000, TTL_UNTIL_SEEN_S)
    executor.execute(ExpireJob(job["metadata"]["name"], 60), Memory(), "uid")
    (job,) = cluster.list(JOBS, meta.STAGE)
    assert job["spec"][TTL] == 60
    executor.execute(CreateJob("train", 3, elapsed_s=9999), Memory(), "uid")
    last = cluster.list(JOBS, meta.STAGE)[-1]
    assert last["spec"]["activeDeadlineSeconds"] == 1


def test_a_name_that_something_else_has_is_reported(tmp_path: Path) -> None:
    executor, cluster = acting(tmp_path, with_bodies(desired()))
    name = meta.job_name("demo-gabarito", RUN, "train")
    cluster.create(JOBS, {"metadata": {"name": name, "labels": {meta.STAGE: "train"}}})
    with pytest.raises(DataError, match="not belong to this release; delete it"):
        executor.execute(CreateJob("train", 1), Memory(), "uid")


def test_a_deleted_job_is_not_annotated(tmp_path: Path) -> None:
    executor, cluster = acting(tmp_path, desired())
    executor.execute(AnnotateJob("gone", {"a": "b"}), Memory(), "uid")
    assert cluster.objects == {}


def test_an_unknown_action_is_a_bug(tmp_path: Path) -> None:
    executor, _ = acting(tmp_path, desired())
    with pytest.raises(BugError, match="executor has no method"):
        executor.execute("dance", Memory(), "uid")  # type: ignore[arg-type]


def test_an_event_is_recorded_once_and_fits(tmp_path: Path) -> None:
    executor, cluster = acting(tmp_path, desired())
    event = RecordEvent(about_owner("owner", "uid"), "Told", "x" * 2000, is_warning=True)
    executor.execute(event, Memory(), "uid")
    executor.execute(event, Memory(), "uid")
    assert executor.recorded == {event.name}
    body = cluster.read(EVENTS, event.name)
    assert body
    assert len(body["message"]) == MAX_MESSAGE
    assert (body["type"], body["involvedObject"]["kind"]) == ("Warning", "ConfigMap")
    plain = event_body(RecordEvent(about_owner("owner", "uid"), "Told", "x"), "team-a")
    assert (plain["type"], plain["message"]) == ("Normal", "x")

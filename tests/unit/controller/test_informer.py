"""What is known of Jobs, pods and Deployments without asking for them each time."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    Change,
    Kind,
    Object,
    Page,
)
from gabarito.controller.kube.informer import InformedCluster, ObjectCache
from gabarito.controller.kube.parse import stage_jobs
from gabarito.controller.kube.signals import Signals
from gabarito.controller.kube.trim import trimmed
from gabarito.core.errors import AccessError, ServiceError

from .builders import NOW
from .fake import FakeCluster

SELECTOR = "a=b"


def job(name: str, version: int = 0, **status: object) -> Object:
    made: Object = {
        "metadata": {"name": name, "labels": {"a": "b"}},
        "spec": {"suspend": True},
        "status": status,
    }
    if version:
        made["metadata"]["resourceVersion"] = str(version)
    return made


def until(is_reached: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.01)


@pytest.fixture
def signals() -> Iterator[Signals]:
    signals = Signals()
    yield signals
    signals.stop.set()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.controller.kube.informer.PAUSE_S", 0.02)


def informed(cluster: FakeCluster, signals: Signals) -> InformedCluster:
    made = InformedCluster(cluster, [JOBS], SELECTOR)
    made.start(signals)
    return made


def names(cluster: InformedCluster) -> list[str]:
    return [each["metadata"]["name"] for each in cluster.list(JOBS, SELECTOR)]


def test_what_is_there_is_listed_page_by_page_and_what_changes_is_told(signals: Signals) -> None:
    cluster = FakeCluster()
    for number in range(5):
        cluster.create(JOBS, job(f"j{number}"))
    known = informed(cluster, signals)
    assert names(known) == ["j0", "j1", "j2", "j3", "j4"]
    signals.wake.clear()
    cluster.create(JOBS, job("later"))
    assert signals.wake.wait(5)
    until(lambda: "later" in names(known))
    gone = cluster.objects["Job", "j0"]["metadata"]["uid"]
    cluster.delete(JOBS, "j0", gone)
    until(lambda: "j0" not in names(known))


def test_what_is_no_watched_object_is_asked_of_the_api(signals: Signals) -> None:
    cluster = FakeCluster()
    known = informed(cluster, signals)
    assert not known.has_api("kueue.x-k8s.io")
    cluster.groups.add("kueue.x-k8s.io")
    assert known.has_api("kueue.x-k8s.io")
    event: Object = {"metadata": {"name": "e"}, "involvedObject": {"uid": "u"}, "reason": "r"}
    cluster.create(EVENTS, event)
    assert [each["reason"] for each in known.events_about("u")] == ["r"]
    assert not known.events_about("v")


class CountingCluster(FakeCluster):
    """Counts the lists."""

    lists = 0

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        self.lists += 1
        return super().pages(kind, selector)


def test_a_round_asks_for_no_list(signals: Signals) -> None:
    cluster = CountingCluster()
    known = informed(cluster, signals)
    for _ in range(50):
        known.list(JOBS, SELECTOR)
    assert cluster.lists == 1


def test_what_this_process_wrote_is_known_at_once(signals: Signals) -> None:
    """Also while the watch has told of nothing: no action is decided on twice."""
    cluster = FakeCluster()
    known = informed(cluster, signals)
    assert names(known) == []
    with cluster._changed:  # no watch goes on meanwhile
        known.create(JOBS, job("mine"))
        assert names(known) == ["mine"]
        known.patch(JOBS, "mine", {"spec": {"suspend": False}})
        (found,) = known.list(JOBS, SELECTOR)
        assert found["spec"]["suspend"] is False


def test_what_this_process_deleted_is_not_deleted_again(signals: Signals) -> None:
    """Also while the watch has told of nothing: each round would ask for it once more."""
    cluster = FakeCluster()
    cluster.create(JOBS, job("mine"))
    known = informed(cluster, signals)
    (mine,) = known.list(JOBS, SELECTOR)
    with cluster._changed:  # no watch goes on meanwhile
        known.delete(JOBS, "mine", mine["metadata"]["uid"])
        (found,) = known.list(JOBS, SELECTOR)
        assert found["metadata"]["deletionTimestamp"]
    until(lambda: not names(known))


def test_what_was_found_to_be_there_is_known(signals: Signals) -> None:
    """A Job whose creation was not answered would else be created again in each round."""
    cluster = FakeCluster()
    known = informed(cluster, signals)
    assert names(known) == []
    with cluster._changed:  # no watch goes on meanwhile
        cluster.create(JOBS, job("mine"))
        cluster.create(JOBS, {**job("theirs"), "metadata": {"name": "theirs"}})
        assert known.read(JOBS, "mine")
        assert known.read(JOBS, "theirs")
        assert names(known) == ["mine"]


def test_a_version_that_is_forgotten_is_listed_anew(signals: Signals) -> None:
    cluster = CountingCluster()
    known = informed(cluster, signals)
    assert names(known) == []
    cluster.end_watches(ServiceError("the connection broke"))
    cluster.create(JOBS, job("meanwhile"))
    cluster.delete(JOBS, "meanwhile", cluster.objects["Job", "meanwhile"]["metadata"]["uid"])
    cluster.create(JOBS, job("now"))
    cluster.forgotten, cluster.ending = cluster._version, None
    until(lambda: names(known) == ["now"])
    assert cluster.lists == 2


def test_a_watch_that_breaks_goes_on_where_it_ended(signals: Signals) -> None:
    cluster = CountingCluster()
    known = informed(cluster, signals)
    assert names(known) == []
    cluster.end_watches(ServiceError("the connection broke"))
    cluster.create(JOBS, job("meanwhile"))
    cluster.ending = None
    until(lambda: names(known) == ["meanwhile"])
    assert cluster.lists == 1


class RefusingCluster(FakeCluster):
    """Its lists are refused for a while."""

    refusal: AccessError | ServiceError | None = AccessError("jobs is forbidden")

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        if self.refusal:
            raise self.refusal
        return super().pages(kind, selector)


def test_a_refusal_is_the_rounds_error_until_it_is_over(signals: Signals) -> None:
    cluster = RefusingCluster()
    known = informed(cluster, signals)
    with pytest.raises(AccessError, match="jobs is forbidden"):
        names(known)
    cluster.refusal = None
    cluster.create(JOBS, job("one"))

    def is_known() -> bool:
        try:
            return names(known) == ["one"]
        except AccessError:
            return False

    until(is_known)


def test_what_is_not_understood_is_the_rounds_error_and_no_end(signals: Signals) -> None:
    cluster = FakeCluster()
    known = informed(cluster, signals)
    assert names(known) == []
    odd: Object = {"metadata": {"name": "odd", "labels": {"a": "b"}}}  # without a spec
    cluster.create(JOBS, odd)

    def is_told() -> bool:
        try:
            names(known)
        except ServiceError as error:
            return "jobs: not as the API describes them: KeyError('spec')" in str(error)
        return False

    until(is_told)
    cluster.delete(JOBS, "odd", cluster.objects["Job", "odd"]["metadata"]["uid"])
    cluster.create(JOBS, job("one"))

    def is_known() -> bool:
        try:
            return names(known) == ["one"]
        except ServiceError:
            return False

    until(is_known)


def test_a_watch_that_ends_at_once_is_not_begun_anew_at_once(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy may end each of them."""
    monkeypatch.setattr("gabarito.controller.kube.informer.PAUSE_S", 2.0)
    cluster = FakeCluster()
    cluster.ending = ServiceError("the proxy ended it")
    begun: list[int] = []
    watch = cluster.watch

    def counted(kind: Kind, selector: str, version: int) -> Iterator[Change]:
        begun.append(version)
        return watch(kind, selector, version)

    monkeypatch.setattr(cluster, "watch", counted)
    informed(cluster, signals)
    time.sleep(0.3)
    assert len(begun) == 1


def versions(cache: ObjectCache) -> dict[str, str]:
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in cache.all()}


@pytest.fixture
def cache() -> ObjectCache:
    cache = ObjectCache(JOBS)
    cache.fill([Page([job("a", 3)], 10), Page([job("b", 7)], 10)])
    cache.followed()
    return cache


def test_older_news_does_not_undo_an_own_write(cache: ObjectCache) -> None:
    cache.wrote(job("a", 14))
    cache.take(Change("MODIFIED", job("a", 12)))
    assert versions(cache)["a"] == "14"
    cache.take(Change("MODIFIED", job("a", 14)))
    cache.take(Change("MODIFIED", job("a", 15)))
    assert versions(cache)["a"] == "15"


def test_an_answer_that_comes_after_newer_news_changes_nothing(cache: ObjectCache) -> None:
    """The watch may tell of the deletion of an object before the answer to its creation is read."""
    cache.take(Change("ADDED", job("c", 12)))
    cache.take(Change("DELETED", job("c", 13)))
    cache.wrote(job("c", 12))
    assert "c" not in versions(cache)


def test_the_deletion_of_one_of_the_same_name_before_is_no_deletion(cache: ObjectCache) -> None:
    cache.wrote(job("a", 14))
    cache.take(Change("DELETED", job("a", 13)))
    assert versions(cache)["a"] == "14"


def test_a_list_from_before_an_own_write_does_not_undo_it(cache: ObjectCache) -> None:
    cache.wrote(job("mine", 22))
    cache.fill([Page([job("b", 7)], 20)])
    assert versions(cache) == {"b": "7", "mine": "22"}


def test_a_bookmark_moves_on_where_the_watch_goes_on(cache: ObjectCache) -> None:
    cache.take(Change("BOOKMARK", {"metadata": {"resourceVersion": "99"}}))
    assert cache.version == 99
    assert versions(cache) == {"a": "3", "b": "7"}


def test_what_is_not_listed_in_time_is_a_service_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gabarito.controller.kube.informer.FIRST_LIST_S", 0.01)
    with pytest.raises(ServiceError, match="have not been listed yet"):
        ObjectCache(JOBS).all()


def test_the_rounds_wait_for_the_first_list() -> None:
    cache = ObjectCache(PODS)

    def list_them() -> None:
        cache.fill([Page([], 1)])
        cache.followed()

    threading.Timer(0.1, list_them).start()
    assert cache.all() == []


def test_what_is_not_read_is_not_kept() -> None:
    made = job("a", 1, succeeded=1, uncountedTerminatedPods={"succeeded": ["x"] * 1000})
    made["metadata"] |= {
        "managedFields": [{"manager": "x" * 1000}],
        "annotations": {meta.STATE: "done", "kubectl.kubernetes.io/last-applied": "y" * 1000},
    }
    made["spec"]["template"] = {"spec": {"containers": [{"env": ["z" * 1000]}]}}
    assert len(str(trimmed(JOBS, made))) < 300
    pod: Object = {
        "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"containers": ["x" * 1000]},
        "status": {"phase": "Running", "podIPs": ["y" * 1000]},
    }
    assert len(str(trimmed(PODS, pod))) < 300
    served = {**made, "spec": {"replicas": 1, "selector": {}, "template": "x" * 1000}}
    assert trimmed(DEPLOYMENTS, served)["spec"] == {"replicas": 1, "selector": {}}


def pod_of(owner: Object, index: int, **status: object) -> Object:
    labels = {meta.CONTROLLER_UID: owner["metadata"]["uid"], meta.COMPLETION_INDEX: str(index)}
    created = "2026-05-01T11:00:00Z"
    metadata = {"name": f"p{index}", "labels": labels, "creationTimestamp": created}
    return {"metadata": metadata, "spec": SPEC, "status": status}


SPEC: Object = {
    "initContainers": [
        {"name": "teacher-model", "image": "i", "args": ["fetch"]},
        {"name": "teacher", "image": "i", "restartPolicy": "Always", "args": ["x" * 1000]},
        {"name": "teacher-ready", "image": "i"},
    ],
    "containers": [{"name": "stage", "image": "i"}],
}
"""With a teacher beside the stage."""


TERMINATED = {
    "terminated": {"exitCode": 65, "message": "bad", "finishedAt": "2026-05-01T11:01:00Z"}
}
LATER = {"terminated": {"exitCode": 137, "finishedAt": "2026-05-01T11:02:00Z"}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}
UNFIT = {"type": "PodScheduled", "status": "False", "message": "no GPU"}
PODS_OF: list[Object] = [
    {"phase": "Failed", "containerStatuses": [{"name": "stage", "state": TERMINATED}]},
    {"phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"},
    {"phase": "Pending", "conditions": [UNFIT]},
    {"phase": "Pending"},
    {
        "phase": "Running",
        "initContainerStatuses": [
            {"name": "side", "image": "i", "state": WAITING, "lastState": TERMINATED}
        ],
    },
    {"phase": "Running", "containerStatuses": None},
    {
        "phase": "Failed",
        "initContainerStatuses": [{"name": "teacher", "image": "i", "state": LATER}],
        "containerStatuses": [{"name": "stage", "state": TERMINATED}],
    },
    {
        "phase": "Pending",
        "initContainerStatuses": [
            {"name": "teacher-model", "state": {"running": {"startedAt": "2026-05-01T11:00:00Z"}}}
        ],
    },
    {
        "phase": "Pending",
        "initContainerStatuses": [
            {"name": "teacher", "image": "i", "state": WAITING, "lastState": TERMINATED},
            {"name": "teacher-ready", "state": {"running": {"startedAt": "2026-05-01T11:00:00Z"}}},
        ],
    },
]
STATUSES: list[Object] = [
    {},
    {"startTime": "2026-05-01T10:00:00Z", "failed": 1},
    {"startTime": "2026-05-01T10:00:00Z", "succeeded": 2, "failedIndexes": "1,3"},
    {"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]},
    {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 4},
]


@pytest.mark.parametrize("pod", PODS_OF, ids=str)
@pytest.mark.parametrize("status", STATUSES, ids=str)
def test_of_what_is_kept_the_same_is_read(pod: Object, status: Object) -> None:
    labels = {meta.STAGE: "generate", meta.RUN: "r", meta.ATTEMPT: "2", meta.QUEUE: "gpus"}
    annotations = {meta.WAITING_SINCE: "2026-05-01T11:30:00Z", meta.QUEUE_GATE: "x"}
    spec = {"completionMode": "Indexed", "completions": 4, "activeDeadlineSeconds": 9000}
    metadata = {"name": "j", "uid": "u", "labels": labels, "annotations": annotations}
    whole: Object = {"metadata": metadata, "spec": spec, "status": status}
    pods = [pod_of(whole, 0, **pod)]
    kept = stage_jobs([trimmed(JOBS, whole)], [trimmed(PODS, each) for each in pods], "n", NOW)
    read = stage_jobs([whole], pods, "n", NOW)
    assert kept == read

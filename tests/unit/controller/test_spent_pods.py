"""Failed pods are kept for a look at the last few, and do not pile up."""

import pytest

from gabarito.controller.actions import DeletePods
from gabarito.controller.decide import decide
from gabarito.controller.executor import Dependencies, Executor
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import PODS, Kind, Object
from gabarito.controller.kube.backoff import FIRST_WAIT, LONGEST_WAIT
from gabarito.controller.kube.spent_pods import KEPT, MOST_AT_ONCE, SpentPod, spent_pods
from gabarito.controller.state import Memory
from gabarito.core.errors import AccessError
from gabarito.store.open import open_store

from .builders import desired, observed, short
from .fake import FakeCluster


def pod(number: int, job: str = "a", phase: str = "Failed", index: str | None = None) -> Object:
    labels = {meta.CONTROLLER_UID: job} if job else {}
    if index is not None:
        labels[meta.COMPLETION_INDEX] = index
    created = f"2026-05-01T{number // 60:02}:{number % 60:02}:00Z"
    metadata = {"name": f"{job}-{index}-{number}", "uid": f"u{number}", "labels": labels}
    return {
        "metadata": {**metadata, "creationTimestamp": created},
        "status": {"phase": phase},
    }


def names(pods: list[Object]) -> list[str]:
    return [each.name for each in spent_pods(pods)]


def test_the_last_few_of_a_job_are_kept() -> None:
    pods = [pod(number) for number in reversed(range(KEPT + 2))]
    assert names(pods) == ["a-None-0", "a-None-1"]
    assert names(pods[:KEPT]) == []


def test_each_job_and_each_index_has_its_own() -> None:
    places = [("a", "0"), ("a", "1"), ("b", None)]
    pods = [pod(number, job, index=index) for number in range(KEPT) for job, index in places]
    assert names(pods) == []
    assert names([*pods, pod(KEPT, index="1")]) == ["a-1-0"]


def test_when_the_next_pod_comes_follows_from_those_that_are_kept() -> None:
    assert FIRST_WAIT * 2 ** (KEPT - 1) >= LONGEST_WAIT > FIRST_WAIT * 2 ** (KEPT - 2)


def test_only_failed_pods_of_jobs_are_spent() -> None:
    other = [pod(number, phase="Succeeded") for number in range(KEPT)]
    other += [pod(number, job="") for number in range(KEPT + 1)]
    going = pod(0)
    going["metadata"]["deletionTimestamp"] = "2026-05-01T12:00:00Z"
    assert names([*other, going, *(pod(number) for number in range(1, KEPT + 1))]) == []


def test_the_oldest_come_first_and_not_all_at_once() -> None:
    pods = [pod(number) for number in range(MOST_AT_ONCE + 2 * KEPT)]
    found = names(pods)
    assert (len(found), found[0]) == (MOST_AT_ONCE, "a-None-0")


def test_what_is_spent_is_deleted_after_all_else() -> None:
    seen = observed(spent_pods=(SpentPod("x", "u"),))
    assert short(decide(desired(), seen))[-1] == "delete pods x"
    assert not any(isinstance(act, DeletePods) for act in decide(desired(), observed()))


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def executor(cluster: FakeCluster) -> Executor:
    dependencies = Dependencies(desired(), lambda _model, _key: None, lambda _memory: None)
    return Executor(cluster, open_store("file:///nowhere"), dependencies)


def test_spent_pods_are_deleted(cluster: FakeCluster) -> None:
    made = [cluster.create(PODS, pod(number)) for number in range(3)]
    spent = [SpentPod(each["metadata"]["name"], each["metadata"]["uid"]) for each in made[:2]]
    executor(cluster).execute(DeletePods(spent), Memory(), "owner")
    assert [each["metadata"]["name"] for each in cluster.list(PODS, meta.CONTROLLER_UID)] == [
        "a-None-2"
    ]


def test_a_role_that_does_not_allow_it_stops_nothing(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_kind: Kind, _name: str, _uid: str) -> None:
        raise AccessError("cannot delete pods")

    monkeypatch.setattr(cluster, "delete", refused)
    executor(cluster).execute(DeletePods([SpentPod("x", "u")]), Memory(), "owner")
    assert "failed pods not deleted" in caplog.messages

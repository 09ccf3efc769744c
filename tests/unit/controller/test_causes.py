"""What the API is asked of Jobs that wait for a reason that their status does not tell."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from gabarito.controller.kube.api import EVENTS, JOB_SETS, Object
from gabarito.controller.kube.causes import KUEUE, Causes
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.parse import StageJob
from gabarito.core.errors import AccessError

from .builders import NOW, job
from .fake import FakeCluster

QUEUED = Problem("Queued", "it waits for quota in queue gpus", "see kubectl describe workloads")
PODLESS = Problem("NoPod", "it has no pod", "see kubectl describe job")
QUOTA = "exceeded quota: small, requested: limits.memory=16Gi, limited: limits.memory=1Gi"


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def refused(cluster: FakeCluster, thing: StageJob, message: str, minutes_ago: int = 0) -> None:
    """Let Kubernetes say why it creates no pod of a Job."""
    seen = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    body = {
        "metadata": {"name": f"e-{minutes_ago}"},
        "involvedObject": {"uid": thing.pods_owner},
        "reason": "FailedCreate",
        "message": message,
        "lastTimestamp": seen,
    }
    cluster.create(EVENTS, body)


def explained(cluster: FakeCluster, thing: StageJob) -> Problem:
    (found,) = Causes(cluster).of([thing], NOW)
    assert found.problem
    return found.problem


def test_a_queue_without_kueue_is_said(cluster: FakeCluster) -> None:
    problem = explained(cluster, job("ingest", "queued", problem=QUEUED))
    assert problem.text == (
        "it waits for quota in queue gpus, and this cluster has no Kueue; "
        'install Kueue, or set the value queue to ""'
    )


def test_with_kueue_it_waits_for_quota(cluster: FakeCluster) -> None:
    cluster.groups.add(KUEUE)
    causes, thing = Causes(cluster), job("ingest", "queued", problem=QUEUED)
    assert causes.of([thing], NOW) == (thing,)
    cluster.groups.clear()
    assert causes.of([thing], NOW) == (thing,)  # and it is not asked for again


def test_a_quota_that_is_too_small_is_said(cluster: FakeCluster) -> None:
    thing = job("train", "running", problem=PODLESS)
    for number in (9, 1):
        said = f'Error creating: pods "train-x{number}" is forbidden: {QUOTA}'
        refused(cluster, thing, said, minutes_ago=number)
    problem = explained(cluster, thing)
    assert problem.text == (
        f"its pod is refused: forbidden: {QUOTA}; "
        "raise that quota, or lower resources or gpu of stages.train"
    )


def test_so_is_one_that_the_job_of_a_jobset_meets(cluster: FakeCluster) -> None:
    thing = job("train", "running", problem=PODLESS, kind=JOB_SETS, pods_owner="uid-of-its-job")
    refused(cluster, thing, f'Error creating: pods "t" is forbidden: {QUOTA}')
    assert QUOTA in explained(cluster, thing).text


def test_so_is_what_else_refuses_a_pod(cluster: FakeCluster) -> None:
    thing = job("train", "running", problem=PODLESS)
    refused(cluster, thing, 'Error creating: pods "t" is forbidden: violates PodSecurity')
    assert "change that, or the values of stages.train" in explained(cluster, thing).text


def test_what_was_refused_long_ago_or_runs_says_nothing(cluster: FakeCluster) -> None:
    thing = job("train", "running", problem=PODLESS)
    refused(cluster, thing, QUOTA, minutes_ago=16)
    assert explained(cluster, thing) == PODLESS
    runs = job("ingest", "running")
    assert Causes(cluster).of([runs], NOW) == (runs,)


def test_without_the_right_to_list_events_it_waits_for_an_unknown_reason(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_uid: str) -> list[Object]:
        raise AccessError("events is forbidden")

    monkeypatch.setattr(cluster, "events_about", forbidden)
    assert explained(cluster, job("train", "running", problem=PODLESS)) == PODLESS


class CountingCluster(FakeCluster):
    """Counts what is asked."""

    asked = 0

    def has_api(self, group: str) -> bool:
        self.asked += 1
        return super().has_api(group)

    def events_about(self, uid: str) -> Sequence[Object]:
        self.asked += 1
        return super().events_about(uid)


def test_rounds_that_follow_soon_ask_no_more_of_what_waits() -> None:
    """While the pods of another stage come and go there are five rounds a second."""
    cluster = CountingCluster()
    things = [job("ingest", "running", problem=PODLESS), job("train", "queued", problem=QUEUED)]
    causes = Causes(cluster)
    for seconds in range(20):
        causes.of(things, NOW + timedelta(seconds=seconds))
    assert cluster.asked == 2
    refused(cluster, things[0], QUOTA)
    first, _ = causes.of(things, NOW + timedelta(seconds=40))
    assert first.problem
    assert QUOTA in first.problem.text
    assert cluster.asked == 4

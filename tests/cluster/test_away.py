"""What a run needs is away for a while and comes back: it is waited for."""

import time
import uuid
from collections.abc import Iterator

import pytest

from .conftest import Open
from .kubectl import Kubectl, Object, until
from .machine import Machine, in_url
from .quick import ENDLESS, fresh
from .release import Release
from .teacher import ADDRESS, teacher

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]

AWAY_S, S3_PORT = 30, 9000


@pytest.fixture(scope="module")
def way(kubectl: Kubectl) -> Iterator[str]:
    """The address of a Service that leads to the S3 server and that nobody else uses."""
    store, name = kubectl.within("s3"), f"way-{uuid.uuid4().hex[:4]}"
    spec = {"selector": {"app": "s3"}, "ports": [{"port": S3_PORT}]}
    store.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
    service = store.get("Service", name)
    assert service
    yield service["spec"]["clusterIP"]
    store("delete", "service", name)


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object, way: str) -> Release:
    """A release whose teacher is somebody else's and not there yet."""
    values = fresh(demo_values, "away")
    values["store"]["endpoint"] = f"http://{in_url(way)}:{S3_PORT}"
    values["teacher"] = {"url": ADDRESS}
    values["pipeline"]["train"]["steps"] = ENDLESS
    release = open_release("away", values)
    release.install()
    return release


def test_a_teacher_that_is_away_is_waited_for(release: Release) -> None:
    release.wait_running("generate")
    time.sleep(AWAY_S)
    release.kubectl.apply(*teacher())
    until("generate is done", lambda: release.jobs("generate")[-1]["status"].get("succeeded"), 400)
    assert len(release.jobs("generate")) == 1


def test_a_store_that_is_away_is_waited_for(release: Release, machine: Machine, way: str) -> None:
    pod = release.wait_steps()
    (before,) = release.controllers()
    with machine.cut_off(way):
        time.sleep(AWAY_S)  # a try to reach a store that hangs takes as long as that
        steps = _steps(release)
        until("training goes on without the store", lambda: _steps(release) > steps, 300)
    until("a checkpoint is written", lambda: release.lines(pod, "checkpoint written again"), 600)
    (controller,) = release.controllers()
    assert controller["metadata"]["uid"] == before["metadata"]["uid"]
    assert controller["status"]["containerStatuses"][0]["restartCount"] == 0
    assert len(release.jobs("train")) == 1


def _steps(release: Release) -> int:
    """Return how many times the training pods that are there told of progress."""
    return sum(len(release.steps(pod["metadata"]["name"])) for pod in release.pods("train"))

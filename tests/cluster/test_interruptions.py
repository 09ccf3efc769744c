"""Training that is interrupted continues from its checkpoint; store and teacher are waited for."""

import time
import uuid
from collections.abc import Iterator

import pytest

from .conftest import Open, OpenTraining
from .kubectl import Kubectl, Object, until
from .machine import Machine
from .quick import LONG, fresh, quick
from .release import Release
from .teacher import ADDRESS, teacher

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

AWAY_S = 30
HOG = """
import os
with open("/proc/1/oom_score_adj", "w") as score:
    score.write("1000")
for _ in range(4):
    os.fork()
held = [b"x" * 2**24 for _ in range(10**6)]
"""
"""Takes memory, in processes that stay small, until the kernel kills the container's first."""


@pytest.fixture(scope="module")
def own_way(kubectl: Kubectl) -> Iterator[Object]:
    """A Service that leads to the S3 server and that nobody else uses."""
    store, name = kubectl.within("s3"), f"s3-{uuid.uuid4().hex[:4]}"
    spec = {"selector": {"app": "s3"}, "ports": [{"port": 9000}]}
    store.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
    service = store.get("Service", name)
    assert service
    yield service
    store("delete", "service", name)


@pytest.fixture(scope="module")
def training(open_training: OpenTraining, demo_values: Object, own_way: Object) -> Release:
    """A release in the middle of a long training on a GPU; it may be interrupted four times."""
    values = quick(demo_values, "interrupted", steps=LONG, learning_rate=1.3e-3)
    values["stages"]["train"]["gpu"] = {"count": 1}
    values["store"]["endpoint"] = f"http://{own_way['metadata']['name']}.s3.svc:9000"
    return open_training(values)


def test_an_evicted_pod_continues(training: Release) -> None:
    name = _after_a_checkpoint(training)
    metadata = {"name": name, "namespace": training.kubectl.namespace}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{training.kubectl.namespace}/pods/{name}/eviction"
    training.kubectl.post(path, eviction)
    assert _continued_at(training, name) > 0


def test_a_deleted_pod_continues(training: Release) -> None:
    name = _after_a_checkpoint(training)
    training.kubectl("delete", "pod", name)
    assert _continued_at(training, name) > 0


def test_a_pod_out_of_memory_continues(training: Release) -> None:
    name = _after_a_checkpoint(training)
    training.kubectl.try_to("exec", name, "--container", "stage", "--", "python3", "-c", HOG)
    assert _continued_at(training, name) > 0
    ended = training.kubectl.get("Pod", name)
    assert ended
    (status,) = ended["status"]["containerStatuses"]
    assert status["state"]["terminated"]["reason"] == "OOMKilled"
    (job,) = training.jobs("train")
    assert job["status"]["failed"] == 1  # of three pods that ended, only this one is counted


def test_a_store_that_is_away_is_waited_for(
    training: Release, machine: Machine, own_way: Object
) -> None:
    _after_a_checkpoint(training)
    (conductor,) = training.conductors()
    name = conductor["metadata"]["name"]
    with machine.cut_off(own_way["spec"]["clusterIP"]):
        time.sleep(AWAY_S)
    assert training.lines(name, "cannot go on", "conductor")
    steps = _all_steps(training)
    until("the training goes on", lambda: _all_steps(training) > steps, 300)
    (conductor,) = training.conductors()
    assert conductor["metadata"]["name"] == name
    assert conductor["status"]["containerStatuses"][0]["restartCount"] == 0


def test_the_interrupted_training_is_one_job_that_ends_well(training: Release) -> None:
    training.wait_promoted()
    (job,) = training.jobs("train")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert job["status"]["succeeded"] == 1


def test_a_teacher_that_is_away_is_waited_for(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "teacher")
    values["stages"]["generate"]["sidecars"] = []
    values["teacher"] = {"url": ADDRESS}
    release = open_release("teacher", values)
    release.install()
    release.wait_running("generate")
    time.sleep(AWAY_S)
    release.kubectl.apply(*teacher())
    until("generate is done", lambda: _succeeded(release, "generate"), 400)
    assert len(release.jobs("generate")) == 1


def _after_a_checkpoint(training: Release) -> str:
    """Return the name of the training pod once it has made progress of its own."""
    pod = training.wait_running("train")
    name: str = pod["metadata"]["name"]
    until("training makes progress", lambda: len(_steps(training, name)) > 1, 300)
    return name


def _steps(training: Release, pod: str) -> list[Object]:
    return [line for line in training.lines(pod, "progress") if line["what"] == "steps"]


def _all_steps(training: Release) -> int:
    """Return how many times the pods that are there told of progress."""
    return sum(len(_steps(training, pod["metadata"]["name"])) for pod in training.pods("train"))


def _continued_at(training: Release, before: str) -> int:
    """Return the step at which the next pod continued."""

    def continued() -> list[Object]:
        pods = [pod["metadata"]["name"] for pod in training.pods("train")]
        return [
            line for name in pods if name != before for line in training.lines(name, "continued")
        ]

    lines = until("the training continues", continued, 400)
    step: int = lines[-1]["step"]
    return step


def _succeeded(release: Release, stage: str) -> bool:
    return bool(release.jobs(stage)[-1]["status"].get("succeeded"))

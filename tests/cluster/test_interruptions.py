"""Training that is interrupted continues from its checkpoint; a teacher is waited for."""

import time

import pytest

from .conftest import Open, OpenTraining
from .kubectl import Object, until
from .quick import LONG, fresh
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
def training(open_training: OpenTraining) -> Release:
    """A release in the middle of a long training on a GPU; it may be interrupted three times."""
    return open_training("interrupted", LONG, learning_rate=1.3e-3, gpu={"count": 1})


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


def test_the_interrupted_training_is_one_job_that_ends_well(training: Release) -> None:
    training.wait_promoted()
    (job,) = training.jobs("train")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert job["status"]["succeeded"] == 1
    assert job["status"]["failed"] == 1  # only the one that memory ran out for is counted


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

"""Training that is interrupted continues from its checkpoint."""

import pytest

from .conftest import OpenTraining
from .kubectl import Object
from .quick import LONG, quick
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

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
def training(open_training: OpenTraining, demo_values: Object) -> Release:
    """A release in the middle of a long training on a GPU; it may be interrupted three times."""
    values = quick(demo_values, "interrupted", steps=LONG, learning_rate=1.3e-3)
    values["stages"]["train"]["gpu"] = {"count": 1}
    return open_training(values)


def test_an_evicted_pod_continues(training: Release) -> None:
    name = training.wait_steps()
    training.evict(name)
    assert training.wait_continued(name) > 0


def test_a_deleted_pod_continues(training: Release) -> None:
    name = training.wait_steps()
    training.kubectl("delete", "pod", name)
    assert training.wait_continued(name) > 0


def test_a_pod_out_of_memory_continues(training: Release) -> None:
    name = training.wait_steps()
    training.kubectl.try_to("exec", name, "--container", "stage", "--", "python3", "-c", HOG)
    assert training.wait_continued(name) > 0
    ended = training.kubectl.get("Pod", name)
    assert ended
    (status,) = ended["status"]["containerStatuses"]
    assert status["state"]["terminated"]["reason"] == "OOMKilled"
    (job,) = training.jobs("train")
    assert job["status"]["failed"] == 1  # of three pods that ended, only this one is counted


def test_the_interrupted_training_is_one_job_that_ends_well(training: Release) -> None:
    training.wait_promoted()
    (job,) = training.jobs("train")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert job["status"]["succeeded"] == 1

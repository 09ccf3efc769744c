"""Processes that train together, in one pod and in two, learn what one learns."""

import pytest

from gabarito.artifacts.artifact import open_artifact
from gabarito.store.open import open_store
from gabarito.train.checkpoint import StepMetrics

from .conftest import Open
from .kubectl import Object, until
from .machine import Machine
from .quick import LONG, SHORT, fresh, quick
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]
ALIKE = 0.05
"""How far losses may lie apart, as a share: of a CPU that multiplies bfloat16 it is that."""


@pytest.fixture(scope="module")
def alone(open_release: Open, demo_values: Object) -> list[float]:
    """The losses of one process."""
    return _losses(_trained(open_release, demo_values, "alone"))


@pytest.fixture(scope="module")
def job_sets(machine: Machine) -> None:
    machine.call("jobset")


def test_two_processes_of_a_pod_learn_what_one_does(
    open_release: Open, demo_values: Object, alone: list[float]
) -> None:
    release = _trained(open_release, demo_values, "processes", processes=2)
    (pod,) = release.pods("train")
    (container,) = pod["spec"]["containers"]
    assert container["args"][:3] == ["train", "--processes", "2"]
    assert _losses(release) == pytest.approx(alone, rel=ALIKE)


def test_processes_that_are_stopped_go_on_and_are_not_counted(
    open_release: Open, demo_values: Object
) -> None:
    values = quick(demo_values, "stopped", steps=LONG, learning_rate=1.2e-3)
    values["stages"]["train"] |= {"processes": 2}
    release = open_release("stopped", values)
    release.install()
    name = release.wait_steps()
    release.kubectl("delete", "pod", name)
    assert release.wait_continued(name) > 0
    (job,) = release.jobs("train")
    assert not job["status"].get("failed")


def test_what_is_refused_ends_the_stage_at_once(open_release: Open, demo_values: Object) -> None:
    values = fresh(demo_values, "refused-processes")
    values["stages"]["train"] |= {"processes": 2}
    values["pipeline"]["train"]["base"] = "gabarito:demo/sources"
    release = open_release("refused-processes", values)
    release.install()
    until("event StageFailed", lambda: release.events("StageFailed"), 600)
    assert len(release.pods("train")) == 1


@pytest.mark.usefixtures("job_sets")
def test_two_pods_learn_what_one_does(
    open_release: Open, demo_values: Object, alone: list[float]
) -> None:
    release = _trained(open_release, demo_values, "nodes", nodes=2)
    until("the JobSet is marked as done", lambda: "done" in _states(release), 60)
    assert len(release.pods("train")) == 2
    assert _losses(release) == pytest.approx(alone, rel=ALIKE)
    done = [each["involvedObject"]["kind"] for each in release.events("StageDone")]
    assert done.count("JobSet") == 1


@pytest.mark.usefixtures("job_sets")
def test_a_pod_of_two_that_is_lost_is_replaced_and_both_go_on(
    open_release: Open, demo_values: Object
) -> None:
    values = quick(demo_values, "lost", steps=LONG, learning_rate=1.1e-3)
    values["stages"]["train"] |= {"nodes": 2}
    release = open_release("lost", values)
    release.install()
    until("training makes progress", lambda: _steps(release), 600)
    last = max(pod["metadata"]["name"] for pod in release.pods("train"))
    release.kubectl("delete", "pod", last)
    until("both go on", lambda: _continued(release), 600)
    release.wait_promoted(900)


def _trained(open_release: Open, demo_values: Object, name: str, **train: object) -> Release:
    """A release whose training is done, in a store of its own."""
    values = fresh(demo_values, name)
    values["stages"]["train"] |= train
    values["pipeline"]["train"]["steps"] = SHORT
    release = open_release(name, values)
    release.install()
    address = release.run.address("train")
    store = open_store(values["store"]["url"])
    until("train is done", lambda: open_artifact(store, address), 900)
    return release


def _losses(release: Release) -> list[float]:
    store = open_store(release.values["store"]["url"])
    made = open_artifact(store, release.run.address("train"))
    assert made
    return [point.loss for point in made.records("curves.jsonl", StepMetrics)]


def _states(release: Release) -> list[str]:
    found = release.kubectl.find("JobSet", **{"gabarito.dev/stage": "train"})
    return [each["metadata"]["annotations"].get("gabarito.dev/state", "") for each in found]


def _steps(release: Release) -> list[Object]:
    return [line for pod in release.pods("train") for line in release.steps(_name(pod))]


def _continued(release: Release) -> list[Object]:
    return [
        line for pod in release.pods("train") for line in release.lines(_name(pod), "continued")
    ]


def _name(pod: Object) -> str:
    name: str = pod["metadata"]["name"]
    return name

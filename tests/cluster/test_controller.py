"""The controller may die at any moment, and may be there twice: each stage is still made once."""

from collections.abc import Callable
from functools import partial

import pytest

from gabarito.pipeline.stages import STAGES

from .conftest import Open
from .kubectl import Object, until
from .machine import Machine
from .quick import quick
from .release import CONTROLLER, SERVED, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

State = tuple[str, Callable[[Release], object]]
STATES: list[State] = [
    ("every Job is planned", lambda release: all(release.jobs(stage) for stage in STAGES)),
    *((f"{stage} runs", lambda release, stage=stage: release.pods(stage)) for stage in STAGES),
    ("the Deployment is there", lambda release: release.kubectl.get("Deployment", SERVED)),
    ("the model is served", Release.served),
]


@pytest.fixture(scope="module")
def release(open_release: Open, demo_values: Object) -> Release:
    """A release that has nothing yet: other documents than any other test's."""
    values = quick(demo_values, "controller")
    values["pipeline"]["ingest"]["rerun"] = 1
    return open_release("controller", values)


def test_killed_at_every_state_it_ends_as_if_nothing_had_been(
    release: Release, machine: Machine
) -> None:
    release.install()
    for what, is_reached in STATES:
        until(what, partial(is_reached, release), 300)
        (pod,) = release.controllers()
        uid = pod["metadata"]["uid"]
        until("it is killed", partial(machine.kill_in_pod, uid, "controller"), 30)
    release.wait_promoted()
    assert [len(release.jobs(stage)) for stage in STAGES] == [1] * len(STAGES)
    assert [len(release.pods(stage)) for stage in STAGES] == [1] * len(STAGES)
    until("it was started again each time", lambda: _restarts(release) == len(STATES), 60)


def test_of_two_controllers_one_acts_and_the_other_takes_over(
    release: Release, machine: Machine
) -> None:
    release.values["pipeline"]["merge"] = {"rerun": 1}
    release.upgrade()
    release.kubectl("scale", f"deployment/{CONTROLLER}", "--replicas=2")
    release.wait_running("merge")
    first = _holder(release)
    release.kubectl("delete", "pod", first, "--grace-period=0", "--force")
    until("the other holds the Lease", lambda: _holder(release) not in ("", first), 30)
    until("the new model is served", lambda: _is_served(release), 600)
    assert [len(release.jobs(stage)) for stage in STAGES] == [0, 0, 0, 0, 1, 1]


def _restarts(release: Release) -> int:
    (pod,) = release.controllers()
    restarts: int = pod["status"]["containerStatuses"][0]["restartCount"]
    return restarts


def _holder(release: Release) -> str:
    lease = release.kubectl.get("Lease", CONTROLLER)
    name: str = lease["spec"].get("holderIdentity") or "" if lease else ""
    return name


def _is_served(release: Release) -> bool:
    said = [event["message"] for event in release.events("Promoted")]
    return any(release.run.run in message for message in said) and release.served() is not None

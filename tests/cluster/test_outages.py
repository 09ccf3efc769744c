"""The API server, which all releases depend on, goes away and comes back: nothing is disturbed."""

import time

import pytest

from .conftest import OpenTraining
from .kubectl import Object, until
from .machine import Machine
from .quick import ENDLESS, quick
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
AWAY_S = 30


@pytest.fixture(scope="module")
def release(open_training: OpenTraining, demo_values: Object) -> Release:
    return open_training(quick(demo_values, "outages", steps=ENDLESS, learning_rate=1.4e-3))


def test_a_killed_api_server_disturbs_nothing(release: Release, machine: Machine) -> None:
    (pod,) = release.pods("train")
    machine.kill("apiserver")
    time.sleep(AWAY_S / 3)
    machine.call("up")
    assert release.pods("train")[0]["metadata"]["uid"] == pod["metadata"]["uid"]
    assert _restarts(release) == 0


def test_an_api_server_that_hangs_disturbs_nothing(release: Release, machine: Machine) -> None:
    (pod,) = release.pods("train")
    with machine.paused("apiserver"):
        time.sleep(AWAY_S)
    until("the API answers", lambda: release.kubectl.try_to("version").returncode == 0, 120)
    assert release.pods("train")[0]["metadata"]["uid"] == pod["metadata"]["uid"]
    assert _restarts(release) == 0


def _restarts(release: Release) -> int:
    (pod,) = release.controllers()
    restarts: int = pod["status"]["containerStatuses"][0]["restartCount"]
    return restarts

"""What all releases depend on goes away for a while and comes back: no run is disturbed."""

import time

import pytest

from .conftest import OpenTraining
from .kubectl import Kubectl, until
from .machine import Machine
from .quick import LONG
from .release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
AWAY_S = 30


@pytest.fixture(scope="module")
def release(open_training: OpenTraining) -> Release:
    return open_training("outages", LONG, learning_rate=1.4e-3)


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


def test_a_store_that_is_away_is_waited_for(release: Release) -> None:
    store = release.kubectl.within("s3")
    _select(store, "nothing")
    time.sleep(AWAY_S)
    _select(store, "s3")
    release.wait_promoted()
    assert _restarts(release) == 0
    assert len(release.jobs("train")) == 1


def _select(kubectl: Kubectl, app: str) -> None:
    """Let the S3 server's Service lead to pods with this label."""
    patch = f'{{"spec": {{"selector": {{"app": "{app}"}}}}}}'
    kubectl("patch", "service", "s3", "--patch", patch)


def _restarts(release: Release) -> int:
    (pod,) = release.conductors()
    restarts: int = pod["status"]["containerStatuses"][0]["restartCount"]
    return restarts

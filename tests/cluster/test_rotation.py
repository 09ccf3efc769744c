"""Credentials that are replaced under a release: nothing is restarted by hand."""

import pytest

from .conftest import OpenTraining
from .kubectl import Object, until
from .quick import ENDLESS, quick
from .release import Release, credentials

pytestmark = [pytest.mark.cluster, pytest.mark.long, pytest.mark.timeout(1800)]
KUBELET_S = 180
"""Within which the kubelet has written a changed Secret into the pods."""

SECRET = "s3-credentials"  # that of the demo's values


@pytest.fixture(scope="module")
def release(open_training: OpenTraining, demo_values: Object) -> Release:
    return open_training(quick(demo_values, "rotation", steps=ENDLESS, learning_rate=1.5e-3))


def test_a_wrong_key_that_is_corrected_is_seen_without_a_restart(release: Release) -> None:
    name = release.wait_steps()
    (training,), (controller,) = release.pods("train"), release.controllers()
    release.kubectl.apply(credentials(SECRET, "wrong"))
    until("the controller says so", lambda: release.events("RunWaiting"), 2 * KUBELET_S)
    before = len(release.steps(name))
    release.kubectl.apply(credentials(SECRET, "test"))
    until("the controller works", lambda: _is_ready(release), KUBELET_S)
    until("training has gone on", lambda: len(release.steps(name)) > before, KUBELET_S)
    assert release.lines(name, "credentials changed")
    assert release.pods("train")[0]["metadata"]["uid"] == training["metadata"]["uid"]
    assert release.controllers()[0]["metadata"]["uid"] == controller["metadata"]["uid"]


def _is_ready(release: Release) -> bool:
    (pod,) = release.controllers()
    conditions: dict[str, str] = {
        each["type"]: each["status"] for each in pod["status"]["conditions"]
    }
    return conditions["Ready"] == "True"

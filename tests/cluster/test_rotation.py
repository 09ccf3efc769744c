"""Credentials that are replaced under a release: nothing is restarted by hand."""

import pytest

from .conftest import OpenTraining
from .kubectl import Object, until
from .machine import Machine
from .quick import ENDLESS, quick
from .release import Release, credentials

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
KUBELET_S = 180
"""Within which the kubelet has written a changed Secret into the pods."""


@pytest.fixture(scope="module")
def release(open_training: OpenTraining, demo_values: Object) -> Release:
    return open_training(quick(demo_values, "rotation", steps=ENDLESS, learning_rate=1.5e-3))


def test_a_secret_that_changes_reaches_the_pods_without_a_restart(
    release: Release, machine: Machine
) -> None:
    (training,), (controller,) = release.pods("train"), release.controllers()
    name = str(release.values["store"]["existingSecret"])
    release.kubectl.apply(credentials(name, "another"))

    def key_in(pod: Object) -> str:
        path = "/run/secrets/gabarito/AWS_ACCESS_KEY_ID"
        return release.kubectl("exec", pod["metadata"]["name"], "--", "cat", path).strip()

    for pod in (training, controller):
        until("the new key is there", lambda pod=pod: key_in(pod) == "another", KUBELET_S)
    before = len(release.steps(training["metadata"]["name"]))
    until(
        "training goes on",
        lambda: len(release.steps(training["metadata"]["name"])) > before,
        120,
    )
    assert release.lines(training["metadata"]["name"], "credentials changed")
    assert release.pods("train")[0]["metadata"]["uid"] == training["metadata"]["uid"]
    assert release.controllers()[0]["metadata"]["uid"] == controller["metadata"]["uid"]

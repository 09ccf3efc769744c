"""Kubernetes' own waits between the pods of a Job."""

from datetime import timedelta

import pytest

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.backoff import next_pod_at

from .builders import NOW


def pod(ended_s_ago: float | None, index: str = "", phase: str = "Failed") -> Object:
    """A pod that ended, or of whose containers nothing is known, created 900 seconds ago."""
    labels = {meta.COMPLETION_INDEX: index} if index else {}
    status: Object = {"phase": phase}
    if ended_s_ago is not None:
        ended = {"finishedAt": (NOW - timedelta(seconds=ended_s_ago)).isoformat()}
        status["containerStatuses"] = [{"state": {"terminated": ended}}, {"state": {}}]
    created = (NOW - timedelta(seconds=900)).isoformat()
    return {"metadata": {"labels": labels, "creationTimestamp": created}, "status": status}


@pytest.mark.parametrize(
    ("pods", "in_s"),
    [
        ([], None),
        ([pod(3, phase="Running")], None),
        ([pod(3)], 7),
        ([pod(40), pod(3)], 17),
        ([pod(9), pod(5), pod(1)], 39),
        ([pod(100 - number) for number in range(9)], 508),
        ([pod(3) for _ in range(99)], 597),
        ([pod(30)], -20),  # it is late
        ([pod(40)], -30),
        ([pod(41)], 559),  # evicted pods that are gone count too
        ([pod(630)], -30),
        ([pod(631)], None),
        ([pod(3, "0"), pod(30, "1"), pod(9, "1"), pod(3, "1")], 7),
        ([pod(None)], None),
        ([pod(None), pod(3)], 17),
    ],
)
def test_when_the_next_pod_is_created(pods: list[Object], in_s: float | None) -> None:
    expected = None if in_s is None else NOW + timedelta(seconds=in_s)
    assert next_pod_at(pods, NOW) == expected

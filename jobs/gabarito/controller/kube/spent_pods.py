"""Failed pods of Jobs that are not needed any more. Pure.

A pod whose exit code counts against no budget is followed by another for as long as its service is
away, and Kubernetes keeps all of them until their Job ends: of each shard about 144 a day.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object, labels_of

KEPT = 7
"""Of a Job, or of each index of one: from so many follows when the next pod comes, as after them
Kubernetes waits for the longest time.
"""

MOST_AT_ONCE = 100
"""In one round: the stages wait for it."""


@dataclass(frozen=True)
class SpentPod:
    """A pod that may be deleted."""

    name: str
    uid: str


def spent_pods(pods: Sequence[Object]) -> tuple[SpentPod, ...]:
    """Return the oldest of the failed pods that are more than is kept of their Job or index."""
    failed: defaultdict[tuple[str, str], list[Object]] = defaultdict(list)
    for pod in pods:
        labels = labels_of(pod)
        job, index = labels.get(meta.CONTROLLER_UID), labels.get(meta.COMPLETION_INDEX, "")
        has_failed = pod["status"].get("phase") == "Failed"
        if job and has_failed and "deletionTimestamp" not in pod["metadata"]:
            failed[job, index].append(pod)
    spent = [pod for each in failed.values() for pod in sorted(each, key=_created)[:-KEPT]]
    oldest = sorted(spent, key=_created)[:MOST_AT_ONCE]
    return tuple(SpentPod(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in oldest)


def _created(pod: Object) -> str:
    return str(pod["metadata"].get("creationTimestamp", ""))

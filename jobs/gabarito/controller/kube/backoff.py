"""When Kubernetes creates the next pod of a Job whose pods ended. Pure.

Its job controller waits 10 seconds after the first pod that failed, twice as long after each
further one, at most ten minutes, and begins anew only when a pod succeeds (backoff_utils.go of
kubernetes/kubernetes). Of an Indexed Job each index waits for itself.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object, labels_of, time_of

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=10)

LATE = timedelta(seconds=30)
"""How long after its time a pod may be created: the job controller may have much to do."""


def next_pod_at(pods: Sequence[Object], now: datetime) -> datetime | None:
    """Return when the next pod is created, from those of a Job that failed; None if none has.

    Pods that were deleted, such as evicted ones, count too and are not seen any more: where the
    time that follows from the others has passed for a while, this is the latest possible one. None
    after that: something else is in the way.
    """
    ends: defaultdict[str, list[datetime]] = defaultdict(list)
    for pod in pods:
        ended = _end_of(pod)
        if pod["status"].get("phase") == "Failed" and ended is not None:
            ends[labels_of(pod).get(meta.COMPLETION_INDEX, "")].append(ended)
    times = [time for each in ends.values() for time in _possible(each) if time + LATE >= now]
    return min(times, default=None)


def _possible(ends: Sequence[datetime]) -> tuple[datetime, datetime]:
    """Return when the next pod follows after these, and when at the latest."""
    wait = min(FIRST_WAIT * 2 ** min(len(ends) - 1, 10), LONGEST_WAIT)
    return max(ends) + wait, max(ends) + LONGEST_WAIT


def _end_of(pod: Object) -> datetime | None:
    """Return when a pod's last container ended, or else when it was created."""
    states = [each.get("state", {}) for each in pod["status"].get("containerStatuses") or ()]
    ends = [time_of((state.get("terminated") or {}).get("finishedAt")) for state in states]
    known = [end for end in ends if end is not None]
    return max(known) if known else time_of(pod["metadata"].get("creationTimestamp"))

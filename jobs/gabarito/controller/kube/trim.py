"""What is kept of objects in memory: what decisions are made from. Pure.

A Job of a release has 10 KB, most of it its pod's template and who manages which field; as Python
objects that is ten times as much, and there may be thousands of Jobs and pods.
"""

import sys
from collections.abc import Iterable, Mapping

from gabarito.controller.kube.api import DEPLOYMENTS, JOB_SETS, JOBS, PODS, Kind, Object

_METADATA = (
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "name",
    "resourceVersion",
    "uid",
)
_OWNERS = ("ownerReferences",)
_JOB_SPEC = (
    "activeDeadlineSeconds",
    "completionMode",
    "completions",
    "suspend",
    "ttlSecondsAfterFinished",
)
_JOB_SET_SPEC = ("suspend", "ttlSecondsAfterFinished")
_JOB_STATUS = ("conditions", "failed", "failedIndexes", "startTime", "succeeded")
_POD_STATUS = ("message", "phase", "reason")
_CONTAINER = ("image", "lastState", "name", "state")
_INIT_CONTAINER = ("name", "restartPolicy")
_CONDITION = ("lastTransitionTime", "message", "reason", "status", "type")
_OWN = ("gabarito.dev/", "kueue.x-k8s.io/")
"""How the annotations begin that are read."""


def trimmed(kind: Kind, thing: Object) -> Object:
    """Return a copy of an object that has what is read of its kind, and no more."""
    parts = _PARTS[kind](thing)
    given = thing["metadata"]
    metadata = _some(given, (*_METADATA, *(_OWNERS if kind is JOBS else ())))
    for name in ("labels", "annotations"):
        texts = given.get(name) or {}
        metadata[name] = {
            sys.intern(key): value
            for key, value in texts.items()
            if name == "labels" or key.startswith(_OWN)
        }
    return {"metadata": metadata, **parts}


def _job(job: Object) -> Object:
    status = _some(job.get("status") or {}, _JOB_STATUS)
    return {"spec": _some(job["spec"], _JOB_SPEC), "status": _with_conditions(status)}


def _job_set(job_set: Object) -> Object:
    status = _some(job_set.get("status") or {}, ("conditions",))
    return {"spec": _some(job_set["spec"], _JOB_SET_SPEC), "status": _with_conditions(status)}


def _pod(pod: Object) -> Object:
    given = pod["status"]
    scheduled = [each for each in given.get("conditions") or () if each["type"] == "PodScheduled"]
    status = _with_conditions({**_some(given, _POD_STATUS), "conditions": scheduled})
    for name in ("initContainerStatuses", "containerStatuses"):
        if given.get(name):
            status[name] = [_some(each, _CONTAINER) for each in given[name]]
    first = (pod.get("spec") or {}).get("initContainers") or ()
    spec = {"initContainers": [_some(each, _INIT_CONTAINER) for each in first]} if first else {}
    return {"spec": spec, "status": status}


def _deployment(deployment: Object) -> Object:
    spec = _some(deployment["spec"], ("replicas", "selector"))
    return {"spec": spec, "status": deployment.get("status") or {}}


def _with_conditions(status: Object) -> Object:
    if "conditions" in status:
        status["conditions"] = [_some(each, _CONDITION) for each in status["conditions"] or ()]
    return status


def _some(thing: Mapping[str, object], names: Iterable[str]) -> Object:
    return {name: thing[name] for name in names if name in thing}


_PARTS = {JOBS: _job, JOB_SETS: _job_set, PODS: _pod, DEPLOYMENTS: _deployment}

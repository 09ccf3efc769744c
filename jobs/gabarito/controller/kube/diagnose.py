"""Why a Job or an endpoint waits or failed, read from pods and conditions. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gabarito.controller.kube.api import Object
from gabarito.controller.state import Problem
from gabarito.core.errors import EXIT_CODES

SLOW = timedelta(seconds=120)
"""How long a pod may take to start before people are recorded where to look."""

NO_POD = timedelta(seconds=10)
"""How long a Job may be without a pod before people are recorded where to look."""

KILLED = 137
_IMAGE = frozenset({
    "ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff",
    "InvalidImageName", "RegistryUnavailable",
})  # fmt: skip
_START = frozenset({
    "CreateContainerConfigError", "CreateContainerError", "PostStartHookError",
    "RunContainerError",
})  # fmt: skip
_ABSENT = ("not found", "couldn't find key")


@dataclass(frozen=True)
class Scope:
    """Whose pods these are: ``section`` of the values sets how they run."""

    section: str
    namespace: str
    now: datetime


def problem_of_pods(pods: Sequence[Object], place: Scope) -> Problem | None:
    """Return why the first of these pods that does not run does not."""
    return next((found for pod in pods if (found := _problem_of_pod(pod, place))), None)


def problem_of_job(job: Object, pods: Sequence[Object], place: Scope) -> Problem | None:
    """Return why a Job that was released has no pod that runs, or has lost one of many."""
    status, name = job.get("status", {}), job["metadata"]["name"]
    phases = {pod["status"].get("phase") for pod in pods}
    active = [pod for pod in pods if pod["status"].get("phase") in ("Pending", "Running")]
    found = problem_of_pods(active, place)
    if found is None and status.get("failedIndexes"):
        said = f"shards {status['failedIndexes']} failed, the others go on"
        cure = "once these have ended, the stage can be tried again: what is done is kept"
        return Problem("ShardFailed", _with_last_termination(said, pods), cure)
    if active or "Succeeded" in phases:
        return found
    if status.get("failed") or "Failed" in phases:
        said = _with_last_termination("its pod ended, a next one is tried", pods)
        return Problem(
            "TryingAgain", said, f"to see more: kubectl logs -n {place.namespace} job/{name}"
        )
    began = time_of(status.get("startTime"))
    if began is not None and place.now - began > NO_POD:
        look = f"kubectl describe job -n {place.namespace} {name}"
        forbidden = f"a quota, Pod Security or the service account forbids it, {look} says which"
        cure = f"after an eviction the next one comes by itself; else {forbidden}"
        return Problem("NoPod", "it has no pod", cure)
    return None


def failure_of_job(job: Object, pods: Sequence[Object]) -> str:
    """Return what a failed Job says, and what its last pod said."""
    failed = condition_of(job, "Failed")
    if failed.get("reason") == "DeadlineExceeded":
        return "ran longer than its activeDeadlineSeconds"
    said = last_termination(pods) or str(failed.get("message", "the Job failed"))
    lost = job.get("status", {}).get("failedIndexes")
    return f"shards {lost} failed: {said}" if lost else said


def last_termination(pods: Sequence[Object]) -> str:
    """Return how the pod that ended last ended: its exit code's meaning and its message."""
    ends = [end for pod in pods for end in _ends(pod)]
    return max(ends, default=("", ""))[1]


def _with_last_termination(said: str, pods: Sequence[Object]) -> str:
    words = last_termination(pods)
    return f"{said}: {words}" if words else said


def condition_of(thing: Object, kind: str) -> dict[str, Any]:
    """Return a condition of an object, or an empty one."""
    conditions: list[dict[str, Any]] = thing.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry["type"] == kind), {})


def is_true(condition: dict[str, Any]) -> bool:
    """Tell whether a condition holds."""
    return condition.get("status") == "True"


def time_of(text: str | None) -> datetime | None:
    """Return a timestamp of the API as a time."""
    return datetime.fromisoformat(text) if text else None


def _problem_of_pod(pod: Object, place: Scope) -> Problem | None:
    scheduled = condition_of(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        said = f"no node takes its pod: {scheduled.get('message', scheduled.get('reason', ''))}"
        section = f"stages.{place.section}"
        cure = f"add such a node, or change {section}'s resources, gpu, nodeSelector, tolerations"
        return Problem("Unschedulable", said, cure)
    for container in _containers(pod):
        waiting = container.get("state", {}).get("waiting") or {}
        found = _problem_of_container(container, waiting, place)
        if found:
            return found
    began = time_of(pod["metadata"].get("creationTimestamp"))
    is_slow = began is not None and place.now - began > SLOW
    if pod["status"].get("phase") == "Pending" and is_slow:
        look = f"kubectl describe pod -n {place.namespace} {pod['metadata']['name']}"
        cure = f"a large image, a volume or the network may be why, {look} says it"
        return Problem("StartsSlowly", "its pod has not started yet", cure)
    return None


def _problem_of_container(container: Object, waiting: Object, place: Scope) -> Problem | None:
    reason, said = str(waiting.get("reason", "")), str(waiting.get("message", ""))
    if reason in _IMAGE:
        cure = "correct image.registry, image.tag or the stage's image, or set image.pullSecrets"
        return Problem("ImageNotFound", f"image {container['image']}: {said or reason}", cure)
    if reason == "CreateContainerConfigError" and any(part in said for part in _ABSENT):
        cure = f"create it in namespace {place.namespace}, or correct the chart's values"
        return Problem("SecretMissing", said or reason, cure)
    if reason in _START:
        cure = f"correct the values of stages.{place.section}"
        return Problem("CannotStart", said or reason, cure)
    if reason == "CrashLoopBackOff":
        end = container.get("lastState", {}).get("terminated") or {}
        said = f"container {container['name']} ends again and again: {_ending(end)}"
        return Problem("Crashing", said, "mend what it says; it is started again by itself")
    return None


def _containers(pod: Object) -> list[Object]:
    status = pod["status"]
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _ends(pod: Object) -> Iterator[tuple[str, str]]:
    """When and how the pod ended, if it did."""
    if pod["status"].get("reason"):  # evicted by the kubelet: its containers may say nothing
        status = pod["status"]
        words = f"{status['reason']}: {status.get('message', '')}".rstrip(": ")
        yield str(pod["metadata"].get("creationTimestamp", "")), words
    for container in _containers(pod):
        end = container.get("state", {}).get("terminated") or {}
        if end.get("exitCode"):
            yield str(end.get("finishedAt") or ""), _ending(end)


def _ending(end: Object) -> str:
    code, reason = end.get("exitCode"), end.get("reason")
    message = str(end.get("message") or "").strip()
    if reason == "OOMKilled":
        return "killed, it used more memory than its limit; raise resources.limits.memory"
    if code == KILLED:
        return f"killed (exit code {code})"
    meaning = EXIT_CODES.get(code or 0)
    head = f"{meaning} (exit code {code})" if meaning else f"exit code {code}"
    return f"{head}: {_sentence(message)}" if message else head


def _sentence(message: str) -> str:
    """A last word is a sentence, or the end of a log whose last event says what failed."""
    last = message.splitlines()[-1]
    try:
        event = json.loads(last)
    except ValueError:
        return last
    return str(event["error"]) if isinstance(event, dict) and "error" in event else last

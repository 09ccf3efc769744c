"""Why a Job or the endpoint is not running or has failed, from pods and conditions. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object, annotations_of, condition_of, time_of
from gabarito.controller.kube.backoff import LONGEST_WAIT, next_pod_at
from gabarito.core.errors import EXIT_CODES, GateFailed

SLOW_START = timedelta(seconds=120)
"""How long a pod may be Pending for no reason that its status gives: large images take a while."""

NO_POD = timedelta(seconds=10)
"""How long a started Job may have no pod: the job controller creates it right after the start."""

KILLED = 137
"""The exit code after SIGKILL: 128 + 9."""

_VALUES_OF = {"teacher": "teacher.deploy", "engine": "stages.serve.container"}
"""Where the values of a container stand that is a server of another's."""

_BEGINNINGS = {
    "teacher-model": ("TeacherFetching", "the teacher's model is copied"),
    "teacher-ready": ("TeacherLoading", "the teacher is loading"),
}
"""Reason and message for what runs before a stage's own container, while all is well."""

_IMAGE_REASONS = frozenset({
    "ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff",
    "InvalidImageName", "RegistryUnavailable",
})  # fmt: skip
_START_REASONS = frozenset({
    "CreateContainerConfigError", "CreateContainerError", "PostStartHookError",
    "RunContainerError",
})  # fmt: skip
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*": \w+: ')
"""Stands before the kubelet's reason between two tries; after each it gives the reason alone."""

_ABSENT = ("not found", "couldn't find key")
"""How the kubelet says that a Secret or ConfigMap, or a key of it, does not exist."""


BETWEEN_PODS = frozenset({"NoPod", "Retrying"})
"""Reasons of a Job whose last pod has ended, and whose next one is not there."""


@dataclass(frozen=True)
class Problem:
    """Why something waits or failed: the Event's reason, what was found, and what to do.

    ``again`` is when it is tried again, where that is known; ``is_usual`` tells that it passes by
    itself wherever all is well.
    """

    reason: str
    message: str
    remedy: str
    again: datetime | None = None
    is_usual: bool = False

    @property
    def key(self) -> str:
        """What tells it from another one about the same object: each try is an Event."""
        return f"{self.reason} {self.again.isoformat()}" if self.again else self.reason

    @property
    def text(self) -> str:
        """The message and the remedy, if there is one."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


@dataclass(frozen=True)
class Scope:
    """Where pods belong: ``section`` of ``stages`` in the values sets how they run."""

    section: str
    namespace: str
    now: datetime


def problem_of_pods(pods: Sequence[Object], scope: Scope) -> Problem | None:
    """Return why the first of these pods that does not run does not."""
    for pod in pods:
        scheduled = condition_of(pod, "PodScheduled")
        if scheduled.get("status") == "False":
            message = (
                f"no node fits its pod: {scheduled.get('message', scheduled.get('reason', ''))}"
            )
            section = f"stages.{scope.section}"
            remedy = (
                f"add such a node, or change {section}'s resources, gpu, nodeSelector, tolerations"
            )
            if _server_of(pod) == "teacher":
                remedy += ", or the resources and gpu of teacher.deploy, which stand beside these"
            return Problem("Unschedulable", message, remedy)
        for container in _containers(pod):
            if problem := _problem_of_container(container, scope):
                return problem
        if problem := _beginning_of(pod, scope):
            return problem
        began = time_of(pod["metadata"].get("creationTimestamp"))
        is_slow = began is not None and scope.now - began > SLOW_START
        if pod["status"].get("phase") == "Pending" and is_slow:
            describe = f"kubectl describe pod -n {scope.namespace} {pod['metadata']['name']}"
            remedy = f"a large image, a volume or the network may be why: see {describe}"
            return Problem("SlowStart", "its pod has not started yet", remedy)
    return None


def problem_of_job(job: Object, pods: Sequence[Object], scope: Scope) -> Problem | None:
    """Return why a started Job has no running pod, or which of its shards have failed."""
    status, name = job.get("status", {}), job["metadata"]["name"]
    phases = {pod["status"].get("phase") for pod in pods}
    active = [pod for pod in pods if pod["status"].get("phase") in ("Pending", "Running")]
    problem = problem_of_pods(active, scope)
    end = last_termination(pods)
    because = f": {end}" if end else ""
    if problem is None and status.get("failedIndexes"):
        message = f"shards {status['failedIndexes']} failed, the others continue{because}"
        remedy = "once these have ended, the stage can be retried: finished shards are kept"
        return Problem("ShardFailed", message, remedy)
    if active or "Succeeded" in phases:
        return problem
    if status.get("failed") or "Failed" in phases:
        remedy = f"to see more: kubectl logs -n {scope.namespace} job/{name}"
        again = next_pod_at(pods, scope.now)
        when = f" at about {again:%H:%M} UTC" if again else ""
        until = deadline_of(job)
        last = f", the last one before {until:%Y-%m-%d %H:%M} UTC" if until else ""
        message = f"its pod failed, another is created{when}{last}{because}"
        return Problem("Retrying", message, remedy, again)
    began = time_of(status.get("startTime"))
    if began is not None and scope.now - began > NO_POD:
        describe = f"kubectl describe job -n {scope.namespace} {name}"
        since = time_of(annotations_of(job).get(meta.WAITING_SINCE))
        by = f"by {since + LONGEST_WAIT:%H:%M} UTC" if since else "by itself"
        remedy = (
            f"after an eviction the next one is created {by}; otherwise a quota, Pod Security "
            f"or the service account forbids it: see {describe}"
        )
        return Problem("NoPod", "it has no pod", remedy)
    return None


def failure_of_job(job: Object, pods: Sequence[Object]) -> str:
    """Return why a Job failed: how its last pod ended, or else what the Job's condition says."""
    failed = condition_of(job, "Failed")
    end = last_termination(pods)
    if failed.get("reason") == "DeadlineExceeded":
        late = "ran longer than its activeDeadlineSeconds"
        return f"{late}; its last pod: {end}" if end else late
    message = end or str(failed.get("message", "the Job failed"))
    shards = job.get("status", {}).get("failedIndexes")
    return f"shards {shards} failed: {message}" if shards else message


def deadline_of(job: Object) -> datetime | None:
    """Return when a Job that has started fails, if it has a deadline."""
    seconds = job["spec"].get("activeDeadlineSeconds")
    began = time_of(job.get("status", {}).get("startTime"))
    return None if seconds is None or began is None else began + timedelta(seconds=seconds)


def last_termination(pods: Sequence[Object]) -> str:
    """Return how the pod that failed last ended: its exit code's meaning and its message."""
    ends = []
    for pod in pods:
        status = pod["status"]
        if status.get("reason"):  # evicted by the kubelet: its containers may have no status
            text = f"{status['reason']}: {status.get('message', '')}".rstrip(": ")
            ends.append((str(pod["metadata"].get("creationTimestamp", "")), text))
        sidecars = _sidecars_of(pod)  # they are stopped last, and not by what was wrong
        for container in _containers(pod):
            terminated = container.get("state", {}).get("terminated") or {}
            if terminated.get("exitCode") and container["name"] not in sidecars:
                text = _termination(terminated)
                crash = _crash_of_teacher(pod) if container["name"] == "teacher-ready" else None
                if crash:
                    text = f"{text}; container teacher: {_termination(crash)}"
                ends.append((str(terminated.get("finishedAt") or ""), text))
    return max(ends, default=("", ""))[1]


def _beginning_of(pod: Object, scope: Scope) -> Problem | None:
    """Return what a pod does before its own container begins, or why that is in vain."""
    for name, (reason, what) in _BEGINNINGS.items():
        running = _status_of(pod, name).get("state", {}).get("running")
        if running is None:
            continue
        crash = _crash_of_teacher(pod)
        if name == "teacher-ready" and crash:
            return _crashing("teacher", crash)
        since = time_of(running.get("startedAt"))
        message = f"{what}, since {since:%H:%M} UTC" if since else what
        logs = f"kubectl logs -n {scope.namespace} {pod['metadata']['name']}"
        container = "teacher" if name == "teacher-ready" else name
        return Problem(reason, message, f"to watch it: {logs} -c {container}", is_usual=True)
    return None


def _crash_of_teacher(pod: Object) -> Object | None:
    """Return how a teacher's server ended that was started again."""
    crash: Object | None = _status_of(pod, "teacher").get("lastState", {}).get("terminated")
    return crash


def _status_of(pod: Object, name: str) -> Object:
    """Return the status of an init container, empty if there is none."""
    states = pod["status"].get("initContainerStatuses") or ()
    return next((one for one in states if one["name"] == name), {})


def _crashing(name: str, terminated: Object) -> Problem:
    place = f"correct {_VALUES_OF[name]}" if name in _VALUES_OF else "correct that"
    message = f"container {name} keeps failing: {_termination(terminated)}"
    return Problem("Crashing", message, f"{place}; it is restarted by itself")


def _server_of(pod: Object) -> str:
    """Return the name of the server of another's that a pod has, if it has one."""
    names = {one["name"] for one in pod.get("spec", {}).get("initContainers") or ()}
    return next((name for name in _VALUES_OF if name in names), "")


def _sidecars_of(pod: Object) -> set[str]:
    containers = pod.get("spec", {}).get("initContainers") or ()
    return {one["name"] for one in containers if one.get("restartPolicy") == "Always"}


def _problem_of_container(container: Object, scope: Scope) -> Problem | None:
    waiting = container.get("state", {}).get("waiting") or {}
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message", ""))
    values = _VALUES_OF.get(container["name"])
    if reason in _IMAGE_REASONS:
        whose = f"{values}.image" if values else "image.registry, image.tag or the stage's image"
        remedy = f"correct {whose}, or set image.pullSecrets"
        why = _BACK_OFF.sub("", message) or reason
        return Problem("ImageNotFound", f"image {container['image']}: {why}", remedy)
    if reason == "CreateContainerConfigError" and any(part in message for part in _ABSENT):
        remedy = f"create it in namespace {scope.namespace}, or correct the chart's values"
        return Problem("SecretMissing", message or reason, remedy)
    if reason in _START_REASONS:
        remedy = f"correct the values of {values or f'stages.{scope.section}'}"
        return Problem("CannotStart", message or reason, remedy)
    if reason == "CrashLoopBackOff":
        return _crashing(container["name"], container.get("lastState", {}).get("terminated") or {})
    return None


def _containers(pod: Object) -> list[Object]:
    status = pod["status"]
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _termination(terminated: Object) -> str:
    """Say how a container ended, from its ``terminated`` state."""
    code, message = terminated.get("exitCode"), str(terminated.get("message") or "").strip()
    if terminated.get("reason") == "OOMKilled":
        return "killed, it used more memory than its limit; raise resources.limits.memory"
    if code == KILLED:
        return f"killed (exit code {code})"
    meaning = EXIT_CODES.get(code or 0) if code != GateFailed.exit_code else None  # no stage's
    head = f"{meaning} (exit code {code})" if meaning else f"exit code {code}"
    if not message:
        return head
    # With FallbackToLogsOnError the message is either what the process wrote into its
    # termination log, or the end of its log, whose last line is then an event in JSON.
    last = message.splitlines()[-1]
    try:
        event = json.loads(last)
    except ValueError:
        return f"{head}: {last}"
    error = event.get("error", last) if isinstance(event, dict) else last
    return f"{head}: {error}"

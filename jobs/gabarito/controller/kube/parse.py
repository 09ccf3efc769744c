"""The controller's view of Jobs and of the endpoint's Deployment, parsed from objects. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    Object,
    annotations_of,
    condition_of,
    is_true,
    labels_of,
    time_of,
)
from gabarito.controller.kube.diagnose import (
    Problem,
    Scope,
    failure_of_job,
    problem_of_job,
    problem_of_pods,
)
from gabarito.pipeline.stages import STAGES

Phase = Literal["planned", "queued", "paused", "running", "complete", "failed"]
"""Of a Job: planned is suspended until its inputs exist, queued waits for Kueue, paused was
suspended by someone else after it had started.
"""

ENDED: frozenset[Phase] = frozenset({"complete", "failed"})

Rollout = Literal["rolling", "ready", "failed", "idle"]
"""Of the endpoint's Deployment; idle is scaled to zero by someone else."""


@dataclass(frozen=True)
class StageJob:
    """A Job of the release.

    ``shards`` is how many pods of an Indexed Job have succeeded, of how many; ``has_begun`` tells
    whether one of its pods has started, ``began`` when the Job was started, ``expires_after_s``
    how long after its end Kubernetes deletes it.
    """

    name: str
    uid: str
    stage: str
    run: str
    attempt: int
    phase: Phase
    annotations: Mapping[str, str]
    is_deleting: bool = False
    problem: Problem | None = None
    shards: tuple[int, int] | None = None
    has_begun: bool = True
    began: datetime | None = None
    expires_after_s: int | None = None


@dataclass(frozen=True)
class EndpointState:
    """The endpoint's Deployment: digests of model and template, and the key last verified.

    ``since`` is when it was applied, or when it last became unavailable, if that was later.
    """

    name: str
    uid: str
    model: str
    template: str
    verified: str
    rollout: Rollout
    since: datetime | None = None
    is_deleting: bool = False
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """The key of this model in this template."""
        return endpoint_key(self.model, self.template)


def endpoint_key(model: str, template: str) -> str:
    """Return what identifies a model served with a template."""
    return f"{model}/{template}"


def stage_jobs(
    jobs: Sequence[Object], pods: Sequence[Object], namespace: str, now: datetime
) -> tuple[StageJob, ...]:
    """Return the Jobs of stages, each with why it waits or failed."""
    by_job: dict[str, list[Object]] = {}
    for pod in pods:
        by_job.setdefault(labels_of(pod).get(meta.CONTROLLER_UID, ""), []).append(pod)
    return tuple(
        stage_job(job, by_job.get(job["metadata"]["uid"], ()), namespace, now)
        for job in jobs
        if labels_of(job).get(meta.STAGE) in STAGES
    )


def stage_job(job: Object, pods: Sequence[Object], namespace: str, now: datetime) -> StageJob:
    """Return one Job of a stage."""
    metadata, labels, status = job["metadata"], labels_of(job), job.get("status", {})
    phase, spec = phase_of(job), job["spec"]
    shards = None
    if spec.get("completionMode") == "Indexed":
        shards = status.get("succeeded", 0), spec["completions"]
    return StageJob(
        name=metadata["name"],
        uid=metadata["uid"],
        stage=labels[meta.STAGE],
        run=labels.get(meta.RUN, ""),
        attempt=attempt_of(job),
        phase=phase,
        annotations=annotations_of(job),
        is_deleting="deletionTimestamp" in metadata,
        problem=_problem(job, phase, pods, Scope(labels[meta.STAGE], namespace, now)),
        shards=shards,
        began=time_of(status.get("startTime")),
        expires_after_s=spec.get("ttlSecondsAfterFinished"),
        has_begun=_has_begun(job, pods),
    )


def _has_begun(job: Object, pods: Sequence[Object]) -> bool:
    """Tell whether a pod of a Job has started, also where none is left.

    A pod that was deleted, and whose exit code counts against no budget, leaves no trace but the
    mark that the controller has set. Progress is none: that of an earlier attempt is read, too.
    """
    status = job.get("status", {})
    has_pods = any(pod["status"].get("phase", "Pending") != "Pending" for pod in pods)
    is_marked = meta.BEGUN in annotations_of(job)
    return bool(status.get("failed") or status.get("succeeded") or has_pods or is_marked)


def phase_of(job: Object) -> Phase:
    """Return the phase of a Job.

    A Job that this controller has unsuspended and that is suspended again was suspended by
    someone else. With a queue that is Kueue, which suspends what it has not admitted.
    """
    if is_true(condition_of(job, "Complete")):
        return "complete"
    if is_true(condition_of(job, "Failed")):
        return "failed"
    if not job["spec"].get("suspend"):
        return "running"
    annotations, queue = annotations_of(job), labels_of(job).get(meta.QUEUE)
    if queue:
        return "planned" if meta.QUEUE_GATE in annotations else "queued"
    return "paused" if meta.UNSUSPENDED in annotations else "planned"


def attempt_of(job: Object) -> int:
    """Return the number of the attempt that a Job is."""
    attempt = labels_of(job).get(meta.ATTEMPT, "")
    return int(attempt) if attempt.isdecimal() else 1


def endpoint_of(
    deployment: Object | None, pods: Sequence[Object], scope: Scope
) -> EndpointState | None:
    """Return the endpoint's state, or None if there is no Deployment."""
    if deployment is None:
        return None
    metadata, annotations = deployment["metadata"], annotations_of(deployment)
    selector = deployment["spec"]["selector"].get("matchLabels") or {}
    own_pods = [pod for pod in pods if selector.items() <= labels_of(pod).items()]
    problem, refused = problem_of_pods(own_pods, scope), condition_of(deployment, "ReplicaFailure")
    if problem is None and is_true(refused):  # no pod could be created: a quota, for one
        message = str(refused.get("message", ""))
        problem = Problem("NoPod", message, f"correct the values of stages.{scope.section}")
    # Scaled up from zero, a Deployment is unavailable since then, not since it was applied.
    available, times = condition_of(deployment, "Available"), [annotations.get(meta.APPLIED)]
    if not is_true(available):
        times.append(available.get("lastTransitionTime"))
    return EndpointState(
        name=metadata["name"],
        uid=metadata["uid"],
        model=annotations.get(meta.MODEL, ""),
        template=annotations.get(meta.TEMPLATE, ""),
        verified=annotations.get(meta.VERIFIED, ""),
        rollout=rollout_of(deployment),
        since=max((time for time in map(time_of, times) if time), default=None),
        is_deleting="deletionTimestamp" in metadata,
        problem=problem,
    )


def rollout_of(deployment: Object) -> Rollout:
    """Return how far a Deployment's rollout is, by the rules of ``kubectl rollout status``."""
    status, replicas = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 1):
        return "rolling"
    if replicas == 0:
        return "idle"
    progress = condition_of(deployment, "Progressing")
    if (progress.get("status"), progress.get("reason")) == ("False", "ProgressDeadlineExceeded"):
        # The condition may still be that of the template before: it counts only if it changed
        # after this one was applied.
        at = time_of(progress.get("lastTransitionTime"))
        applied = time_of(annotations_of(deployment).get(meta.APPLIED))
        if at is None or applied is None or at > applied:
            return "failed"
    counts = {status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")}
    return "ready" if counts == {replicas} else "rolling"


def _problem(job: Object, phase: Phase, pods: Sequence[Object], scope: Scope) -> Problem | None:
    if phase == "failed":
        return Problem("Failed", failure_of_job(job, pods), "")
    if phase == "queued":
        message = f"it waits for quota in queue {labels_of(job).get(meta.QUEUE)}"
        remedy = f"see kubectl describe workloads -n {scope.namespace}"
        return Problem("Queued", message, remedy)
    if phase == "paused":
        patch = (
            f'-n {scope.namespace} {job["metadata"]["name"]} -p \'{{"spec":{{"suspend":false}}}}\''
        )
        return Problem(
            "Paused", "it was suspended by someone else", f"to resume it: kubectl patch job {patch}"
        )
    return problem_of_job(job, pods, scope) if phase == "running" else None

"""The controller's view of Jobs and of the endpoint's Deployment, parsed from objects. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    JOB_SETS,
    JOBS,
    Kind,
    Object,
    annotations_of,
    condition_of,
    controller_of,
    is_true,
    labels_of,
    time_of,
)
from gabarito.controller.kube.diagnose import (
    Problem,
    Scope,
    failure_of_job,
    kind_of,
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
    """A Job of the release, or a JobSet, which ``kind`` says.

    ``shards`` is how many pods of an Indexed Job have succeeded, of how many; ``has_begun`` tells
    whether one of its pods has started, ``began`` when the Job was started, ``created`` when it was
    made, ``expires_after_s`` how long after its end Kubernetes deletes it, ``pods_owner`` the UID
    of the Job that makes the pods.
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
    kind: Kind = JOBS
    pods_owner: str = ""
    created: datetime | None = None

    @property
    def retries(self) -> int:
        """The release's number of retries of the stage when it was made."""
        before = self.annotations.get(meta.RETRIES, "")
        return int(before) if before.isdecimal() else 0


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
    jobs: Sequence[Object],
    pods: Sequence[Object],
    namespace: str,
    now: datetime,
    job_sets: Sequence[Object] = (),
) -> tuple[StageJob, ...]:
    """Return the Jobs and JobSets of stages, each with why it waits or failed.

    The Job that a JobSet made is seen as part of it.
    """
    by_job: dict[str, list[Object]] = {}
    for pod in pods:
        by_job.setdefault(labels_of(pod).get(meta.CONTROLLER_UID, ""), []).append(pod)
    made = {controller_of(job).get("uid"): job for job in jobs}
    seen = [(job, job) for job in jobs if controller_of(job).get("kind") != JOB_SETS.kind]
    for job_set in job_sets:
        job = made.get(job_set["metadata"]["uid"], _NO_JOB)
        seen.append((as_job(job_set, job), job))
    return tuple(
        replace(
            stage_job(job, by_job.get(of_pods["metadata"]["uid"], ()), namespace, now),
            pods_owner=of_pods["metadata"]["uid"],
        )
        for job, of_pods in seen
        if labels_of(job).get(meta.STAGE) in STAGES
    )


_NO_JOB: Object = {"metadata": {"uid": "none yet"}, "spec": {}}


def as_job(job_set: Object, job: Object) -> Object:
    """Return a JobSet of one Job as if it were that Job: what is written goes to the JobSet.

    How many of its pods have succeeded says nothing: they work together, and are no shards.
    """
    own: Object = job_set["spec"]
    status = job.get("status", {})
    conditions = [
        {**found, "type": "Complete" if found["type"] == "Completed" else found["type"]}
        for found in job_set.get("status", {}).get("conditions") or []
    ]
    spec = {name: value for name, value in job["spec"].items() if name != "completionMode"}
    return {
        "kind": JOB_SETS.kind,
        "metadata": job_set["metadata"],
        "spec": spec | {name: own.get(name) for name in ("suspend", "ttlSecondsAfterFinished")},
        "status": {**status, "conditions": [*(status.get("conditions") or ()), *conditions]},
    }


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
        created=time_of(metadata.get("creationTimestamp")),
        expires_after_s=spec.get("ttlSecondsAfterFinished"),
        kind=kind_of(job),
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
            "Paused",
            "it was suspended by someone else",
            f"to resume it: kubectl patch {kind_of(job).word} {patch}",
        )
    return problem_of_job(job, pods, scope) if phase == "running" else None

"""From the API's objects to what a decision is made from. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.diagnose import (
    Scope,
    condition_of,
    failure_of_job,
    is_true,
    problem_of_job,
    problem_of_pods,
    time_of,
)
from gabarito.controller.state import EndpointState, Phase, Problem, Rollout, StageJob
from gabarito.plan import STAGES


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
    metadata, labels = job["metadata"], labels_of(job)
    phase = phase_of(job)
    place = Scope(labels[meta.STAGE], namespace, now)
    return StageJob(
        name=metadata["name"],
        uid=metadata["uid"],
        stage=labels[meta.STAGE],
        run=labels.get(meta.RUN, ""),
        attempt=attempt_of(job),
        phase=phase,
        annotations=annotations_of(job),
        is_deleting="deletionTimestamp" in metadata,
        problem=_problem(job, phase, pods, place),
        shards=_shards(job),
        has_begun=_has_begun(job, pods),
    )


def phase_of(job: Object) -> Phase:
    """Tell where a Job is; one that was released and is suspended again, was by somebody else."""
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


def endpoint_of(
    deployment: Object | None, pods: Sequence[Object], place: Scope
) -> EndpointState | None:
    """Return the endpoint's state, or None if there is no Deployment."""
    if deployment is None:
        return None
    metadata, annotations = deployment["metadata"], annotations_of(deployment)
    wanted = deployment["spec"]["selector"].get("matchLabels") or {}
    ours = [pod for pod in pods if wanted.items() <= labels_of(pod).items()]
    return EndpointState(
        name=metadata["name"],
        uid=metadata["uid"],
        model=annotations.get(meta.MODEL, ""),
        template=annotations.get(meta.TEMPLATE, ""),
        verified=annotations.get(meta.VERIFIED, ""),
        rollout=rollout_of(deployment),
        since=_since(deployment),
        is_deleting="deletionTimestamp" in metadata,
        problem=problem_of_pods(ours, place) or _refused_pods(deployment),
    )


def rollout_of(deployment: Object) -> Rollout:
    """Tell how far a Deployment is, as ``kubectl rollout status`` does."""
    status, replicas = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 1):
        return "rolling"
    if replicas == 0:
        return "idle"
    if _is_given_up(deployment):
        return "failed"
    counts = {status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")}
    return "ready" if counts == {replicas} else "rolling"


def labels_of(thing: Object) -> Mapping[str, str]:
    """Return an object's labels."""
    return thing["metadata"].get("labels") or {}


def annotations_of(thing: Object) -> Mapping[str, str]:
    """Return an object's annotations."""
    return thing["metadata"].get("annotations") or {}


def attempt_of(job: Object) -> int:
    """Return which attempt a Job is."""
    attempt = labels_of(job).get(meta.ATTEMPT, "")
    return int(attempt) if attempt.isdecimal() else 1


def _problem(job: Object, phase: Phase, pods: Sequence[Object], place: Scope) -> Problem | None:
    if phase == "failed":
        return Problem("Failed", failure_of_job(job, pods), "")
    if phase == "queued":
        said = f"it waits for quota in queue {labels_of(job).get(meta.QUEUE)}"
        look = f"kubectl describe workloads -n {place.namespace}"
        return Problem("Queued", said, f"{look} says what is missing")
    if phase == "paused":
        name = job["metadata"]["name"]
        resume = (
            f'kubectl patch job -n {place.namespace} {name} -p \'{{"spec":{{"suspend":false}}}}\''
        )
        return Problem("Paused", "somebody suspended it", f"to go on: {resume}")
    return problem_of_job(job, pods, place) if phase == "running" else None


def _has_begun(job: Object, pods: Sequence[Object]) -> bool:
    status = job.get("status", {})
    phases = {pod["status"].get("phase", "Pending") for pod in pods}
    return bool(status.get("failed") or status.get("succeeded") or phases - {"Pending"})


def _shards(job: Object) -> tuple[int, int] | None:
    """How many pods of an Indexed Job ended well, of how many."""
    if job["spec"].get("completionMode") != "Indexed":
        return None
    return job.get("status", {}).get("succeeded", 0), job["spec"]["completions"]


def _is_given_up(deployment: Object) -> bool:
    """Whether its deadline ran out, and not that of what was applied before it."""
    progress = condition_of(deployment, "Progressing")
    if (progress.get("status"), progress.get("reason")) != ("False", "ProgressDeadlineExceeded"):
        return False
    at = time_of(progress.get("lastTransitionTime"))
    applied = time_of(annotations_of(deployment).get(meta.APPLIED))
    return at is None or applied is None or at > applied


def _since(deployment: Object) -> datetime | None:
    """When it was applied, or when it last ceased to be available (scaled up from none)."""
    available = condition_of(deployment, "Available")
    lost = None if is_true(available) else time_of(available.get("lastTransitionTime"))
    times = [time_of(annotations_of(deployment).get(meta.APPLIED)), lost]
    return max((time for time in times if time), default=None)


def _refused_pods(deployment: Object) -> Problem | None:
    """What the Deployment's own conditions say when no pod could be made."""
    refused = condition_of(deployment, "ReplicaFailure")
    if not is_true(refused):
        return None
    return Problem("NoPod", str(refused.get("message", "")), "correct the values of stages.serve")

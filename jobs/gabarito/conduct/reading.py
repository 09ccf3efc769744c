"""From the API's objects to what a decision is made from. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gabarito.conduct import names
from gabarito.conduct.api import Object
from gabarito.conduct.state import Endpoint, Phase, Rollout, StageJob, Trouble
from gabarito.conduct.trouble import (
    Place,
    condition_of,
    failure_of_job,
    is_true,
    time_of,
    trouble_of_job,
    trouble_of_pods,
)
from gabarito.plan import STAGES


def stage_jobs(
    jobs: Sequence[Object], pods: Sequence[Object], namespace: str, now: datetime
) -> tuple[StageJob, ...]:
    """Return the Jobs of stages, each with why it waits or failed."""
    by_job: dict[str, list[Object]] = {}
    for pod in pods:
        by_job.setdefault(labels_of(pod).get(names.CONTROLLER_UID, ""), []).append(pod)
    return tuple(
        stage_job(job, by_job.get(job["metadata"]["uid"], ()), namespace, now)
        for job in jobs
        if labels_of(job).get(names.STAGE) in STAGES
    )


def stage_job(job: Object, pods: Sequence[Object], namespace: str, now: datetime) -> StageJob:
    """Return one Job of a stage."""
    metadata, labels = job["metadata"], labels_of(job)
    phase = phase_of(job)
    place = Place(labels[names.STAGE], namespace, now)
    return StageJob(
        name=metadata["name"],
        uid=metadata["uid"],
        stage=labels[names.STAGE],
        run=labels.get(names.RUN, ""),
        attempt=attempt_of(job),
        phase=phase,
        notes=notes_of(job),
        is_going="deletionTimestamp" in metadata,
        trouble=_trouble(job, phase, pods, place),
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
    notes, queue = notes_of(job), labels_of(job).get(names.QUEUE)
    if queue:
        return "planned" if names.QUEUE_GATE in notes else "queued"
    return "paused" if names.RELEASED in notes else "planned"


def endpoint_of(deployment: Object | None, pods: Sequence[Object], place: Place) -> Endpoint | None:
    """Return the endpoint's state, or None if there is no Deployment."""
    if deployment is None:
        return None
    metadata, notes = deployment["metadata"], notes_of(deployment)
    wanted = deployment["spec"]["selector"].get("matchLabels") or {}
    ours = [pod for pod in pods if wanted.items() <= labels_of(pod).items()]
    return Endpoint(
        name=metadata["name"],
        uid=metadata["uid"],
        model=notes.get(names.MODEL, ""),
        template=notes.get(names.TEMPLATE, ""),
        verified=notes.get(names.VERIFIED, ""),
        rollout=rollout_of(deployment),
        since=_since(deployment),
        is_going="deletionTimestamp" in metadata,
        trouble=trouble_of_pods(ours, place) or _refused_pods(deployment),
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


def notes_of(thing: Object) -> Mapping[str, str]:
    """Return an object's annotations."""
    return thing["metadata"].get("annotations") or {}


def attempt_of(job: Object) -> int:
    """Return which attempt a Job is."""
    attempt = labels_of(job).get(names.ATTEMPT, "")
    return int(attempt) if attempt.isdecimal() else 1


def _trouble(job: Object, phase: Phase, pods: Sequence[Object], place: Place) -> Trouble | None:
    if phase == "failed":
        return Trouble("Failed", failure_of_job(job, pods), "")
    if phase == "queued":
        said = f"it waits for quota in queue {labels_of(job).get(names.QUEUE)}"
        look = f"kubectl describe workloads -n {place.namespace}"
        return Trouble("Queued", said, f"{look} says what is missing")
    if phase == "paused":
        name = job["metadata"]["name"]
        resume = (
            f'kubectl patch job -n {place.namespace} {name} -p \'{{"spec":{{"suspend":false}}}}\''
        )
        return Trouble("Paused", "somebody suspended it", f"to go on: {resume}")
    return trouble_of_job(job, pods, place) if phase == "running" else None


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
    applied = time_of(notes_of(deployment).get(names.APPLIED))
    return at is None or applied is None or at > applied


def _since(deployment: Object) -> datetime | None:
    """When it was applied, or when it last ceased to be available (scaled up from none)."""
    available = condition_of(deployment, "Available")
    lost = None if is_true(available) else time_of(available.get("lastTransitionTime"))
    times = [time_of(notes_of(deployment).get(names.APPLIED)), lost]
    return max((time for time in times if time), default=None)


def _refused_pods(deployment: Object) -> Trouble | None:
    """What the Deployment's own conditions say when no pod could be made."""
    refused = condition_of(deployment, "ReplicaFailure")
    if not is_true(refused):
        return None
    return Trouble("NoPod", str(refused.get("message", "")), "correct the values of stages.serve")

"""From what is wanted and what was seen to what is done next. Pure: no clock, no cluster.

A stage is done when its manifest is in the store, whatever its Job says.
"""

from collections.abc import Iterator

from gabarito.controller.actions import (
    Action,
    AnnotateJob,
    CreateJob,
    DeleteJob,
    Freeze,
    RecordEvent,
    Subject,
    UnsuspendJob,
    about_job,
    about_owner,
    once,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.rollout import decide_endpoint
from gabarito.controller.state import Desired, Observed, Phase, Problem, StageJob
from gabarito.plan import STAGES, UPSTREAM

SUSPENDED: frozenset[Phase] = frozenset({"planned", "queued", "paused"})
LIVE: frozenset[Phase] = frozenset({"queued", "paused", "running"})
ENDED: frozenset[Phase] = frozenset({"complete", "failed"})
NOT_STARTED: frozenset[Phase] = frozenset({"planned", "queued"})


def decide(desired: Desired, observed: Observed) -> list[Action]:
    """Return what to do now, in order; nothing once the release is uninstalled."""
    if not observed.owner:
        return []
    return [
        *_begin(desired, observed),
        *(action for stage in STAGES for action in _release(desired, observed, stage)),
        *_left_over(desired, observed),
        *(action for stage in STAGES for action in _stage(desired, observed, stage)),
        *_gate(desired, observed),
        *decide_endpoint(desired, observed),
    ]


def jobs_of(desired: Desired, observed: Observed, stage: str) -> list[StageJob]:
    """Return the run's Jobs of a stage, the one that counts last."""
    ours = [
        job
        for job in observed.jobs
        if job.stage == stage and not job.is_deleting and _is_ours(desired, job)
    ]
    return sorted(ours, key=lambda job: (job.phase in LIVE, job.attempt))


def is_ready(observed: Observed, stage: str) -> bool:
    """Tell whether everything that a stage reads is there."""
    return all(observed.steps[above].state == "done" for above in UPSTREAM[stage])


def _begin(desired: Desired, observed: Observed) -> Iterator[Action]:
    if observed.is_frozen:
        return
    missing = [stage for stage in STAGES if observed.steps[stage].state == "missing"]
    will = f"{', '.join(missing)} will run" if missing else "all of it is there already"
    message = f"run {desired.run.run} of {desired.run.pipeline.name}: {will}"
    yield RecordEvent(_release_of(desired, observed), "RunStarted", message, desired.run.run)
    yield Freeze()


def _release(desired: Desired, observed: Observed, stage: str) -> Iterator[Action]:
    """Let a stage start as soon as it can: this is what people wait for."""
    jobs = jobs_of(desired, observed, stage)
    if observed.steps[stage].state != "missing" or not jobs or not is_ready(observed, stage):
        return
    if jobs[-1].phase == "planned" and not _is_outdated(desired, jobs[-1]):
        yield UnsuspendJob(jobs[-1].name)


def _left_over(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Adopt what another run began and this one wants too; stop the rest of it."""
    run = desired.run.run
    for job in observed.jobs:
        if job.run == run or job.is_deleting or job.phase in ENDED:
            continue
        if _is_ours(desired, job):
            yield AnnotateJob(job.name, labels={meta.RUN: run})
            continue
        if job.phase == "running":
            message = f"run {run} does not want it: its settings changed"
            yield RecordEvent(about_job(job), "StageStopped", message)
        yield DeleteJob(job.name, job.uid)


def _stage(desired: Desired, observed: Observed, stage: str) -> Iterator[Action]:
    jobs = jobs_of(desired, observed, stage)
    step = observed.steps[stage]
    if step.state == "missing":
        yield from (DeleteJob(job.name, job.uid) for job in jobs[:-1] if job.phase == "planned")
        yield from _missing(desired, observed, stage, jobs[-1] if jobs else None)
        return
    yield from (DeleteJob(job.name, job.uid) for job in jobs if job.phase in SUSPENDED)
    if step.state == "stale":
        subject = _release_of(desired, observed)
        message = f"{stage} {step.note}"
        yield from once(
            observed.recorded, RecordEvent(subject, "StageWaiting", message, stage, True)
        )
    elif jobs and jobs[-1].phase not in SUSPENDED:
        yield from _done(observed, jobs[-1])


def _missing(
    desired: Desired, observed: Observed, stage: str, job: StageJob | None
) -> Iterator[Action]:
    if job is None or (job.phase in ENDED and _is_retried(desired, job)):
        yield from _create(desired, observed, stage, job.attempt + 1 if job else 1)
    elif _is_replaced(desired, job):
        if job.phase == "running":
            message = "its settings changed before its pod had begun; it is made anew"
            yield RecordEvent(about_job(job), "StageStopped", message)
        yield DeleteJob(job.name, job.uid)
    elif job.phase == "complete":
        said = f"the Job is Complete, but the store holds no manifest of {stage}"
        yield from _failed(job, Problem("NoManifest", said, cure_of_failure(desired, job)))
    elif job.phase == "failed":
        said = job.problem.said if job.problem else "the Job failed"
        yield from _failed(job, Problem("Failed", said, cure_of_failure(desired, job)))
    elif job.phase != "planned":
        yield from _going_on(observed, job)


def cure_of_failure(desired: Desired, job: StageJob) -> str:
    """Say how a failed stage is started again."""
    place = f"-n {desired.config.namespace} {job.name}"
    return f"mend that, then: kubectl annotate job {place} {meta.RETRY}=true"


def _create(desired: Desired, observed: Observed, stage: str, attempt: int) -> Iterator[Action]:
    """Create the next attempt under a name that no Job has; wait for one that is going."""
    there = {job.name: job for job in observed.jobs}
    fullname, run = desired.config.fullname, desired.run.run
    while name := there.get(meta.job_name(fullname, run, stage, attempt)):
        if name.is_deleting:
            return
        attempt += 1
    yield CreateJob(stage, attempt)


def _done(observed: Observed, job: StageJob) -> Iterator[Action]:
    if job.annotations.get(meta.STATE) == "done":
        return
    results = observed.results.get(job.stage)
    summary = results.summary if results else ""
    yield from _released(job)
    yield RecordEvent(about_job(job), "StageDone", f"{job.stage} is done: {summary}".rstrip(": "))
    progress = observed.progress.get(job.stage) or job.annotations.get(meta.PROGRESS)
    annotations = {meta.STATE: "done", meta.MESSAGE: None, meta.RESULT: summary or None}
    yield AnnotateJob(job.name, {**annotations, meta.PROGRESS: progress})


def _failed(job: StageJob, problem: Problem) -> Iterator[Action]:
    if job.annotations.get(meta.STATE) == "failed":
        return
    yield from _released(job)
    message = f"{job.stage} failed: {problem.text}"
    yield RecordEvent(about_job(job), "StageFailed", message, problem.reason, True)
    yield AnnotateJob(job.name, {meta.STATE: "failed", meta.MESSAGE: problem.text})


def _going_on(observed: Observed, job: StageJob) -> Iterator[Action]:
    yield from _released(job)
    annotations: dict[str, str | None] = {}
    if job.problem is None:
        if job.annotations.get(meta.STATE) != "unsuspended":
            annotations |= {meta.STATE: "unsuspended", meta.MESSAGE: None}
    elif job.annotations.get(meta.MESSAGE) != job.problem.text:
        message = f"{job.stage} waits: {job.problem.text}"
        yield RecordEvent(about_job(job), "StageWaiting", message, job.problem.reason, True)
        annotations |= {meta.STATE: "waiting", meta.MESSAGE: job.problem.text}
    progress = observed.progress.get(job.stage)
    if progress and progress != job.annotations.get(meta.PROGRESS):
        annotations[meta.PROGRESS] = progress
    if annotations:
        yield AnnotateJob(job.name, annotations)


def _released(job: StageJob) -> Iterator[Action]:
    if meta.STATE not in job.annotations:
        message = f"what {job.stage} reads is there" if UPSTREAM[job.stage] else "nothing above it"
        yield RecordEvent(about_job(job), "StageUnsuspended", message)


def _gate(desired: Desired, observed: Observed) -> Iterator[Action]:
    found = observed.evaluation
    if found is None:
        return
    text = "passed" if found.passed else f"failed: {'; '.join(found.reasons)}"
    jobs = jobs_of(desired, observed, "evaluate")
    subject = about_job(jobs[-1]) if jobs else _release_of(desired, observed)
    reason = "GatePassed" if found.passed else "GateFailed"
    kept = f"channel {desired.run.pipeline.channel} keeps what it serves"
    cure = "" if found.passed else f"; {kept}; change the pipeline's settings and upgrade"
    event = RecordEvent(subject, reason, f"gate {text}{cure}", found.model, not found.passed)
    if not jobs:
        yield from once(observed.recorded, event)
    elif jobs[-1].annotations.get(meta.GATE) != text:
        yield event
        yield AnnotateJob(jobs[-1].name, {meta.GATE: text})


def _is_ours(desired: Desired, job: StageJob) -> bool:
    """Made for this run, or begun for another one and wanted by this one too."""
    wanted = desired.run.fingerprints[job.stage]
    is_shared = job.phase in LIVE and job.annotations.get(meta.FINGERPRINT) == wanted
    return job.run == desired.run.run or is_shared


def _is_outdated(desired: Desired, job: StageJob) -> bool:
    return job.annotations.get(meta.TEMPLATE) != desired.templates.stages[job.stage].digest


def _is_replaced(desired: Desired, job: StageJob) -> bool:
    """What has not begun is made of the settings of now: that cures a wrong image, for one."""
    is_waiting = job.phase in NOT_STARTED or (job.phase == "running" and not job.has_begun)
    return is_waiting and _is_outdated(desired, job)


def _is_retried(desired: Desired, job: StageJob) -> bool:
    """By an annotation, or by a number that was raised since the Job was made."""
    made_under = job.annotations.get(meta.RETRIES, "")
    before = int(made_under) if made_under.isdecimal() else 0
    now = next((n for stage, n in desired.config.retries.items() if stage == job.stage), 0)
    return job.annotations.get(meta.RETRY) == "true" or now > before


def _release_of(desired: Desired, observed: Observed) -> Subject:
    return about_owner(desired.config.owner, observed.owner)

"""The actions that bring a cluster from its observed to the desired state. Pure: no clock, no I/O.

A stage is done when its manifest is in the store, whatever its Job's status is: the Job may be
deleted, or the artifact may have been made by another run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from gabarito.artifacts.channel import SHORT_DIGEST
from gabarito.controller.actions import (
    Action,
    AnnotateJob,
    CreateJob,
    DeleteJob,
    DeletePods,
    ExpireJob,
    Freeze,
    SaveMemory,
    UnsuspendJob,
    about_job,
    about_owner,
    once,
)
from gabarito.controller.attempts import (
    begun_mark,
    elapsed_s,
    forget,
    forget_failure,
    forget_time,
    is_renewed,
    lasting_failure,
    remember_failure,
    remembered,
    renew,
    waiting_mark,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import ENDED, Phase, StageJob
from gabarito.controller.rollout import decide_endpoint
from gabarito.controller.state import Desired, Memory, Observed
from gabarito.pipeline.stages import STAGES

SUSPENDED: frozenset[Phase] = frozenset({"planned", "queued", "paused"})
LIVE: frozenset[Phase] = frozenset({"queued", "paused", "running"})
NOT_STARTED: frozenset[Phase] = frozenset({"planned", "queued"})


def decide(desired: Desired, observed: Observed) -> list[Action]:
    """Return the actions to take now, in order; none once the release is uninstalled."""
    if not observed.owner_uid:
        return []
    if not observed.is_held:  # nothing is begun or promoted that may be collected as old meanwhile
        return list(decide_endpoint(desired, replace(observed, evaluation=None)))
    memory = _pinned(desired, observed.memory)
    actions: list[Action] = [] if memory == observed.memory else [SaveMemory(memory)]
    observed = replace(observed, memory=memory)
    actions += [] if observed.is_frozen else _begin(desired, observed)
    for stage in STAGES:  # before all else: stages that wait to be started are what costs time
        jobs = jobs_of(desired, observed, stage)
        may_start = observed.steps[stage].state == "missing" and is_ready(observed, stage)
        is_planned = bool(jobs) and jobs[-1].phase == "planned"
        if may_start and is_planned and not _is_outdated(desired, jobs[-1]):
            actions.append(UnsuspendJob(jobs[-1].name, jobs[-1].kind))
    for job in observed.jobs:
        observed = _add(actions, _adopt_or_stop(desired, observed, job), observed)
    for stage in STAGES:
        observed = _add(actions, _decide_stage(desired, observed, stage), observed)
    observed = _add(actions, _record_gate(desired, observed), observed)
    actions += decide_endpoint(desired, observed)
    tidying = [DeletePods(observed.spent_pods)] if observed.spent_pods else []
    return [*actions, *_expire(desired, observed), *tidying, *_drop_old_runs(desired, observed)]


def _add(actions: list[Action], more: Iterable[Action], observed: Observed) -> Observed:
    """Add actions to others; return what was seen with the memory that they save, if they do."""
    for action in more:
        actions.append(action)
        if isinstance(action, SaveMemory):  # what is saved next adds to it
            observed = replace(observed, memory=action.memory)
    return observed


def _pinned(desired: Desired, memory: Memory) -> Memory:
    """Return the memory with what the pipeline file of the run was, before that is frozen."""
    return memory.model_copy(update={"pinned": desired.pinned}) if desired.pinned else memory


def _begin(desired: Desired, observed: Observed) -> Iterator[Action]:
    missing = [stage for stage in STAGES if observed.steps[stage].state == "missing"]
    plan = f"{', '.join(missing)} will run" if missing else "every stage is done already"
    run, owner = desired.run, about_owner(desired.config.owner, observed.owner_uid)
    message = f"run {run.run} of {run.pipeline.name}: {plan}"
    yield from (RecordEvent(owner, "RunStarted", message, run.run), Freeze())


def jobs_of(desired: Desired, observed: Observed, stage: str) -> list[StageJob]:
    """Return the run's Jobs of a stage; the last one is the one that counts."""
    jobs = [
        job
        for job in observed.jobs
        if job.stage == stage and not job.is_deleting and _is_wanted(desired, job)
    ]
    return sorted(jobs, key=lambda job: (job.phase in LIVE, job.attempt))


def is_ready(observed: Observed, stage: str) -> bool:
    """Tell whether everything that a stage reads is there."""
    return all(observed.steps[above].state == "done" for above in STAGES[stage].reads)


def remedy_of_failure(desired: Desired, job: StageJob) -> str:
    """Return how a failed stage is started again."""
    name = f"-n {desired.config.namespace} {job.name}"
    return f"correct that, then: kubectl annotate {job.kind.word} {name} {meta.RETRY}=true"


def _adopt_or_stop(desired: Desired, observed: Observed, job: StageJob) -> Iterator[Action]:
    """Adopt what another run began and this one wants too; delete the rest of it."""
    run = desired.run.run
    if job.run == run or job.is_deleting or job.phase in ENDED:
        return
    if _is_wanted(desired, job):
        yield from forget(observed, job.stage, run)
        yield AnnotateJob(job.name, labels={meta.RUN: run}, kind=job.kind)
        return
    if job.phase == "running":
        message = f"run {run} does not need it: its settings changed"
        yield RecordEvent(about_job(job), "StageStopped", message)
    yield from forget_time(observed, job.stage, job.run)
    yield DeleteJob(job.name, job.uid, job.kind)


def _decide_stage(desired: Desired, observed: Observed, stage: str) -> Iterator[Action]:
    jobs, step = jobs_of(desired, observed, stage), observed.steps[stage]
    if step.state == "missing":
        yield from (
            DeleteJob(job.name, job.uid, job.kind) for job in jobs[:-1] if job.phase == "planned"
        )
        yield from _decide_missing(desired, observed, stage, jobs[-1] if jobs else None)
        return
    if step.state == "done":
        yield from forget(observed, stage, desired.run.run)
    yield from (DeleteJob(job.name, job.uid, job.kind) for job in jobs if job.phase in SUSPENDED)
    if step.state == "stale":
        owner = about_owner(desired.config.owner, observed.owner_uid)
        event = RecordEvent(owner, "StageWaiting", f"{stage} {step.note}", stage, is_warning=True)
        yield from once(observed.recorded, event)
    elif (
        jobs and jobs[-1].phase not in SUSPENDED and jobs[-1].annotations.get(meta.STATE) != "done"
    ):
        job, result = jobs[-1], observed.results.get(stage)
        summary = result.summary if result else ""
        yield from _record_start(job)
        message = f"{stage} is done: {summary}".rstrip(": ")
        yield RecordEvent(about_job(job), "StageDone", message)
        annotations = {
            meta.STATE: "done",
            meta.MESSAGE: None,
            meta.RESULT: summary or None,
            meta.PROGRESS: observed.progress.get(stage) or job.annotations.get(meta.PROGRESS),
        }
        yield AnnotateJob(job.name, annotations, kind=job.kind)


def _decide_missing(
    desired: Desired, observed: Observed, stage: str, job: StageJob | None
) -> Iterator[Action]:
    if lasting_failure(desired, observed, stage, job):
        return
    if job is None or (job.phase in ENDED and _is_followed(desired, observed, job)):
        yield from _create_next(desired, observed, stage, job)
        return
    if is_renewed(desired, observed, job):
        yield from renew(desired, observed, job)
        return
    # What has not begun is made again from the newest template: that corrects a wrong image.
    has_not_begun = job.phase in NOT_STARTED or (job.phase == "running" and not job.has_begun)
    if has_not_begun and _is_outdated(desired, job):
        if job.phase == "running":
            message = "its settings changed before its pod had started; it is created again"
            yield RecordEvent(about_job(job), "StageStopped", message)
        yield from forget_time(observed, stage, desired.run.run)
        yield DeleteJob(job.name, job.uid, job.kind)
    elif job.phase != "planned":
        yield from _record_state(desired, observed, job)


def _create_next(
    desired: Desired, observed: Observed, stage: str, job: StageJob | None
) -> Iterator[Action]:
    """Create the attempt after ``job``, or after one that is remembered and whose Job is gone."""
    last = remembered(desired, observed, stage)
    attempt = max(job.attempt if job else 0, last.attempt if last else 0) + 1
    existing = {each.name: each for each in observed.jobs}
    prefix = desired.config.fullname, desired.run.run, stage
    while taken := existing.get(meta.job_name(*prefix, attempt)):
        if taken.is_deleting:
            return  # its name is free soon
        attempt += 1
    yield from forget_failure(desired, observed, stage)
    yield CreateJob(stage, attempt, elapsed_s(desired, observed, stage))


def _expire(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Let ended Jobs be deleted some day: not before it is remembered how they ended."""
    for job in observed.jobs:
        seconds = desired.templates.stages[job.stage].expires_after_s
        has_ended = job.phase in ENDED and not job.is_deleting
        if has_ended and seconds is not None and job.expires_after_s != seconds:
            yield ExpireJob(job.name, seconds, job.kind)


def _drop_old_runs(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Delete the ended Jobs of runs before the last ones, where that many are to be kept.

    A run that a refresh may leave in its place counts as one with it. Runs that only read their
    sources are counted apart: a refresh that finds nothing new comes no further.
    """
    keep = desired.config.keep_runs
    if keep is None:
        return
    latest, went_on = dict[str, datetime](), set[str]()
    for job in observed.jobs:
        if job.run not in (desired.run.run, desired.before) and job.created is not None:
            latest[job.run] = max(job.created, latest.get(job.run, job.created))
            went_on |= set() if job.stage == "ingest" else {job.run}
    last_first = sorted(latest, key=latest.__getitem__, reverse=True)
    kinds = (
        [run for run in last_first if run in went_on],
        [run for run in last_first if run not in went_on],
    )
    old = [run for kind in kinds for run in kind[keep - 1 :]]
    for job in observed.jobs:
        if job.run in old and job.phase in ENDED and not job.is_deleting:
            yield DeleteJob(job.name, job.uid, job.kind)


def _record_state(desired: Desired, observed: Observed, job: StageJob) -> Iterator[Action]:
    """Record how a Job that has started is: in its annotations, and why it waits in an Event."""
    yield from _record_start(job)
    problem, recorded = job.problem, job.annotations
    if job.phase in ENDED:
        state, verb, reason = "failed", "failed", "StageFailed"
        cause, message = "Failed", problem.message if problem else "the Job failed"
        if job.phase == "complete":
            cause = "NoManifest"
            message = f"the Job is Complete, but the store holds no manifest of {job.stage}"
        yield from remember_failure(desired, observed, job, message)
        problem = Problem(cause, message, remedy_of_failure(desired, job))
        is_recorded = recorded.get(meta.STATE) == state
    elif problem is not None:
        state, verb, reason = "waiting", "waits", "StageWaiting"
        is_recorded = recorded.get(meta.MESSAGE) == problem.text
    else:
        state, verb, reason = "unsuspended", "", ""
        is_recorded = recorded.get(meta.STATE) == state
    annotations: dict[str, str | None] = {}
    if not is_recorded:
        annotations |= {meta.STATE: state, meta.MESSAGE: problem.text if problem else None}
        if problem is not None:
            message, key = f"{job.stage} {verb}: {problem.text}", problem.key
            is_warning = not problem.is_usual
            yield RecordEvent(about_job(job), reason, message, key, is_warning)
    annotations |= begun_mark(job) | waiting_mark(observed, job)
    progress = observed.progress.get(job.stage)
    if progress and progress != recorded.get(meta.PROGRESS):
        annotations[meta.PROGRESS] = progress
    if annotations:
        yield AnnotateJob(job.name, annotations, kind=job.kind)


def _record_start(job: StageJob) -> Iterator[Action]:
    if meta.STATE not in job.annotations:
        inputs = (
            f"what {job.stage} reads is there" if STAGES[job.stage].reads else "it is the first"
        )
        yield RecordEvent(about_job(job), "StageUnsuspended", inputs)


def _record_gate(desired: Desired, observed: Observed) -> Iterator[Action]:
    found = observed.evaluation
    if found is None:
        return
    text = found.text
    jobs = jobs_of(desired, observed, "evaluate")
    owner = about_owner(desired.config.owner, observed.owner_uid)
    subject = about_job(jobs[-1]) if jobs else owner
    reason, remedy = "GatePassed", ""
    if not found.passed:
        reason = "GateFailed"
        channel = f"channel {desired.run.pipeline.channel} is not changed"
        remedy = f"; {channel}; change the pipeline's settings and upgrade"
    which = f"model {found.model[:SHORT_DIGEST]} of pipeline {desired.run.pipeline.name}"
    message, is_warning = f"{which}: gate {text}{remedy}", not found.passed
    # The Lease remembers it, too: the Job is gone some day, and the Event before that.
    told, memory = found.told, observed.memory
    is_annotated = bool(jobs) and jobs[-1].annotations.get(meta.GATE) == text
    if memory.gate != told and not is_annotated:
        yield RecordEvent(subject, reason, message, found.model, is_warning)
    if jobs and not is_annotated:
        yield AnnotateJob(jobs[-1].name, {meta.GATE: text}, kind=jobs[-1].kind)
    if memory.gate != told:
        yield SaveMemory(memory.model_copy(update={"gate": told}))


def _is_wanted(desired: Desired, job: StageJob) -> bool:
    """Tell whether a Job is of this run, or works on what this run needs as well."""
    fingerprint = desired.run.fingerprints[job.stage]
    is_shared = job.phase in LIVE and job.annotations.get(meta.FINGERPRINT) == fingerprint
    return job.run == desired.run.run or is_shared


def _is_outdated(desired: Desired, job: StageJob) -> bool:
    return job.annotations.get(meta.TEMPLATE) != desired.templates.stages[job.stage].digest


def _is_followed(desired: Desired, observed: Observed, job: StageJob) -> bool:
    """Tell whether another attempt follows on an ended Job, or was begun after it and is gone."""
    last = remembered(desired, observed, job.stage)
    return _is_retried(desired, job) or (last is not None and last.attempt > job.attempt)


def _is_retried(desired: Desired, job: StageJob) -> bool:
    """Tell whether a retry is asked for: by annotation, or by a number that was raised since."""
    is_raised = desired.config.retries_of(job.stage) > job.retries
    return job.annotations.get(meta.RETRY) == "true" or is_raised

"""What is remembered of a stage's attempts in the controller's own Lease. Pure.

A Job is deleted some time after its end, by hand, or by whoever cleans up. If it alone said that
the stage failed, the stage would begin again each time, with the teacher's money.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gabarito.controller.actions import Action, DeleteJob, SaveMemory, about_job
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import time_of
from gabarito.controller.kube.diagnose import BETWEEN_PODS
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import ENDED, StageJob
from gabarito.controller.state import Desired, Observed, StageMemory

RENEW_AFTER = timedelta(seconds=60)
"""How long a Job that made progress waits for its next pod, before a new Job takes its place:
Kubernetes' own waits grow to ten minutes and begin anew only with another Job.
"""


MAX_FAILURE = 500
"""Characters of a failure: an object has room for 256 KiB of annotations."""


def remembered(desired: Desired, observed: Observed, stage: str) -> StageMemory | None:
    """Return what is remembered of a stage in this run."""
    found = observed.memory.stages.get(stage)
    return found if found is not None and found.run == desired.run.run else None


def lasting_failure(
    desired: Desired, observed: Observed, stage: str, job: StageJob | None
) -> StageMemory | None:
    """Return the failure of an attempt whose Job is gone; None if another one is asked for.

    ``job`` is the one that counts, if there is any: an older failed one may be left. One that has
    not ended is another attempt, whatever its number: it may have been begun in another run.
    """
    if job is not None and job.phase not in ENDED:
        return None
    last = remembered(desired, observed, stage)
    if last is None or not last.failure or desired.config.retries_of(stage) > last.retries:
        return None
    return last if job is None or last.attempt > job.attempt else None


def remedy_without_job(desired: Desired, stage: str, last: StageMemory) -> str:
    """Return how a stage is started again whose failed Job is gone."""
    retries = max(desired.config.retries_of(stage), last.retries) + 1
    return f"correct that, then set retries.{stage} to {retries}"


def remember_failure(
    desired: Desired, observed: Observed, job: StageJob, text: str
) -> Iterator[Action]:
    """Remember that a Job failed, unless that is so already."""
    last = remembered(desired, observed, job.stage)
    if last is not None and last.attempt >= job.attempt and last.failure:
        return
    failed = StageMemory(
        run=desired.run.run, attempt=job.attempt, retries=job.retries, failure=text[:MAX_FAILURE]
    )
    yield _saved(desired, observed, job.stage, failed)


def forget_failure(desired: Desired, observed: Observed, stage: str) -> Iterator[Action]:
    """Remember that an attempt follows on the one that failed."""
    last = remembered(desired, observed, stage)
    if last is not None and last.failure:
        goes_on = StageMemory(run=last.run, attempt=last.attempt)
        yield _saved(desired, observed, stage, goes_on)


def begun_mark(job: StageJob) -> dict[str, str | None]:
    """Return the annotation to set on a Job of which a pod was seen that had started."""
    is_seen = job.phase == "running" and job.has_begun
    return {meta.BEGUN: "true"} if is_seen and meta.BEGUN not in job.annotations else {}


def waiting_mark(observed: Observed, job: StageJob) -> dict[str, str | None]:
    """Return the annotation to change that says since when a Job has no pod, if it is to change."""
    since, is_between = job.annotations.get(meta.WAITING_SINCE), _is_between_pods(job)
    if is_between and not since:
        return {meta.WAITING_SINCE: observed.now.isoformat(timespec="seconds")}
    return {meta.WAITING_SINCE: None} if since and not is_between else {}


def is_renewed(desired: Desired, observed: Observed, job: StageJob) -> bool:
    """Tell whether another Job shall go on for this one, which made progress and waits.

    Not where Kueue admits Jobs: another one would lose its place. Shards wait each for itself.
    """
    if desired.config.queue or job.shards is not None or not _is_between_pods(job):
        return False
    since = time_of(job.annotations.get(meta.WAITING_SINCE))
    if since is None or observed.now - since < RENEW_AFTER:
        return False
    last = remembered(desired, observed, job.stage)
    if last is not None and _is_ending(last, job, since):
        return True
    before = last.reached if last else {}
    now = observed.reached.get(job.stage, {})
    return any(done > before.get(what, 0) for what, done in now.items())


def renew(desired: Desired, observed: Observed, job: StageJob) -> Iterator[Action]:
    """Delete a Job that waits, so that another one goes on; its deadline stays the same."""
    last = remembered(desired, observed, job.stage)
    since = time_of(job.annotations.get(meta.WAITING_SINCE))
    if last is None or since is None or not _is_ending(last, job, since):
        goes_on = StageMemory(
            run=desired.run.run,
            attempt=job.attempt,
            reached={**(last.reached if last else {}), **observed.reached[job.stage]},
            used_s=_used_s(observed, job, last),
            renewed_at=observed.now,
        )
        yield _saved(desired, observed, job.stage, goes_on)
    message = (
        f"{job.stage} made progress since it was started: another Job goes on at once, without "
        "the back-off of this one"
    )
    yield RecordEvent(about_job(job), "StageRenewed", message)
    yield DeleteJob(job.name, job.uid, job.kind)


def elapsed_s(desired: Desired, observed: Observed, stage: str) -> int:
    """Return for how many seconds a stage has gone on in Jobs that were renewed.

    What lies between two Jobs is not counted: the controller was away, or another run was wanted.
    """
    last = remembered(desired, observed, stage)
    return last.used_s if last else 0


def forget(observed: Observed, stage: str, run: str) -> Iterator[Action]:
    """Remember nothing of a stage in a run any more."""
    stages = dict(observed.memory.stages)
    if stage in stages and stages[stage].run == run:
        del stages[stage]
        yield SaveMemory(observed.memory.model_copy(update={"stages": stages}))


def forget_time(observed: Observed, stage: str, run: str) -> Iterator[Action]:
    """Remember no time that a stage has gone on in a run: it is begun anew."""
    last = observed.memory.stages.get(stage)
    if last is not None and last.run == run and last.used_s:
        stages = {**observed.memory.stages, stage: last.model_copy(update={"used_s": 0})}
        yield SaveMemory(observed.memory.model_copy(update={"stages": stages}))


def _is_ending(last: StageMemory, job: StageJob, since: datetime) -> bool:
    """Tell whether the renewal of a Job that waits ``since`` is remembered and not carried out."""
    is_of_it = last.attempt == job.attempt and not last.failure
    return is_of_it and last.renewed_at is not None and since <= last.renewed_at


def _used_s(observed: Observed, job: StageJob, last: StageMemory | None) -> int:
    """Return the seconds of the Jobs that were renewed, with those of this one.

    One whose renewal was remembered and not carried out is counted only since then.
    """
    used, before = (last.used_s, last.renewed_at) if last else (0, None)
    since = max((time for time in (job.began, before) if time), default=observed.now)
    return used + max(0, int((observed.now - since).total_seconds()))


def _is_between_pods(job: StageJob) -> bool:
    is_between = job.problem is not None and job.problem.reason in BETWEEN_PODS
    return job.phase == "running" and job.has_begun and is_between


def _saved(desired: Desired, observed: Observed, stage: str, memory: StageMemory) -> SaveMemory:
    of_run = {
        name: kept for name, kept in observed.memory.stages.items() if kept.run == desired.run.run
    }
    return SaveMemory(observed.memory.model_copy(update={"stages": {**of_run, stage: memory}}))

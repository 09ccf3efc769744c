from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gabarito.artifacts.channel import Channel
from gabarito.controller.actions import AnnotateJob, DeleteJob, SaveMemory
from gabarito.controller.decide import decide
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import Phase, StageJob
from gabarito.controller.state import Evaluation, Memory, Observed, StageMemory, StageResult
from gabarito.pipeline.stages import STAGES

from .builders import NOW, OTHER_RUN, RUN, A, desired, job, observed, passed, short, steps

PLANNED = tuple(job(stage) for stage in STAGES)
REST = PLANNED[1:]
STARTED = {meta.STATE: "unsuspended", meta.BEGUN: "true"}
UNSEEN = {meta.STATE: "unsuspended"}
OLD = {meta.TEMPLATE: "older"}
UNFIT = Problem("Unschedulable", "no node fits its pod", "add one")
DEAD = Problem("Failed", "bad data (exit code 65): line 3", "")

AWAY = Problem("Retrying", "its pod failed, another is created", "")
MINUTE_AGO = {meta.WAITING_SINCE: (NOW - timedelta(seconds=60)).isoformat()}


def memory(stage: str = "ingest", run: str = RUN, attempt: int = 1, **kept: Any) -> Memory:  # noqa: ANN401
    """What is remembered of an attempt of a stage."""
    return Memory(stages={stage: StageMemory(run=run, attempt=attempt, **kept)})


FAILED = memory(failure="bad data (exit code 65): line 3")


def interrupted(**annotations: str) -> StageJob:
    """A training whose last pod ended, and whose next one is not there."""
    return job("train", "running", annotations=STARTED | annotations, problem=AWAY)


def training(*jobs: StageJob, **seen: Any) -> Observed:  # noqa: ANN401
    """What is seen while a training is interrupted at step 300."""
    reached = {"train": {"steps": 300}}
    return observed(*jobs, *PLANNED[4:], done=list(STAGES)[:3], **{"reached": reached, **seen})


TABLE: dict[str, tuple[Observed, list[str]]] = {
    "an uninstalled release is left alone": (observed(owner_uid="", is_frozen=False), []),
    "a run begins: all of its Jobs are planned": (
        observed(is_frozen=False),
        ["tell RunStarted", "freeze", *(f"create {stage} 1" for stage in STAGES)],
    ),
    "what is there already gets no Job": (
        observed(done=list(STAGES)[:5], is_frozen=False),
        ["tell RunStarted", "freeze", "create evaluate 1"],
    ),
    "everything is there already": (
        observed(done=STAGES, is_frozen=False),
        ["tell RunStarted", "freeze"],
    ),
    "the first stage is unsuspended, the others wait for it": (
        observed(*PLANNED),
        ["unsuspend ingest"],
    ),
    "a stage is unsuspended when its inputs are there, whatever their Jobs say": (
        observed(job("ingest", "running", annotations=STARTED), *REST, done=["ingest"]),
        ["unsuspend generate", "tell StageDone", "annotate ingest message,progress,result,state"],
    ),
    "a stage with two inputs waits for both": (
        observed(*PLANNED[2:], done=["generate"]),
        ["create ingest 1"],
    ),
    "a planned Job of an older template is made anew": (
        observed(job("ingest", annotations=OLD), *REST),
        ["delete ingest"],
    ),
    "a queued Job of an older template is made anew": (
        observed(job("ingest", "queued", annotations=OLD), *REST),
        ["delete ingest"],
    ),
    "a running Job of an older template runs on": (
        observed(job("ingest", "running", annotations=OLD | STARTED), *REST),
        [],
    ),
    "a running Job of an older template whose pod has not begun is made anew": (
        observed(
            job("ingest", "running", annotations=OLD | UNSEEN, problem=UNFIT, has_begun=False),
            *REST,
        ),
        ["tell StageStopped", "delete ingest"],
    ),
    "one that has begun is marked, for pods may be deleted": (
        observed(job("ingest", "running", annotations=UNSEEN), *REST),
        ["annotate ingest begun"],
    ),
    "one of this template is waited for": (
        observed(job("ingest", "running", annotations=UNSEEN, has_begun=False), *REST),
        [],
    ),
    "one that people paused is theirs": (
        observed(job("ingest", "paused", annotations=OLD | STARTED, has_begun=False), *REST),
        [],
    ),
    "an unsuspended Job is recorded once": (
        observed(job("ingest", "running"), *REST),
        ["tell StageUnsuspended", "annotate ingest begun,message,state"],
    ),
    "a Job that was deleted is made again": (observed(*REST), ["create ingest 1"]),
    "a Job that is being deleted is waited for": (
        observed(job("ingest", "running", is_deleting=True), *REST),
        [],
    ),
    "a done stage says so": (
        observed(job("ingest", "complete"), *REST, done=["ingest"]),
        [
            "unsuspend generate",
            "tell StageUnsuspended",
            "tell StageDone",
            "annotate ingest message,progress,result,state",
        ],
    ),
    "a done stage says so once": (
        observed(
            job("ingest", "complete", annotations={meta.STATE: "done"}),
            *REST[1:],
            done=list(STAGES)[:2],
        ),
        ["unsuspend curate"],
    ),
    "a Job whose stage is done elsewhere is not needed": (
        observed(*PLANNED, done=["ingest"]),
        ["unsuspend generate", "delete ingest"],
    ),
    "a failed stage says so, and its Job stays": (
        observed(job("ingest", "failed", problem=DEAD), *REST),
        [
            "tell StageUnsuspended",
            f"remember ingest 1: {DEAD.message}",
            "warn StageFailed",
            "annotate ingest message,state",
        ],
    ),
    "a failed stage that gives no reason": (
        observed(job("ingest", "failed", annotations=STARTED), *REST),
        [
            "remember ingest 1: the Job failed",
            "warn StageFailed",
            "annotate ingest message,state",
        ],
    ),
    "a failed stage says so once": (
        observed(job("ingest", "failed", annotations={meta.STATE: "failed"}), *REST, memory=FAILED),
        [],
    ),
    "a failed stage whose Job is gone does not start again": (
        observed(*REST, memory=FAILED),
        [],
    ),
    "nor one whose last Job is gone while an older one is left": (
        observed(
            job("ingest", "failed", annotations={meta.RETRY: "true"}),
            *REST,
            memory=memory(attempt=2, failure="bad data"),
        ),
        [],
    ),
    "what failed in another run is tried in this one": (
        observed(*REST, memory=memory(run=OTHER_RUN, failure="bad data")),
        ["create ingest 1"],
    ),
    "a failed stage that is done after all is done": (
        observed(*REST, memory=FAILED, done=["ingest"]),
        ["unsuspend generate", "remember nothing"],
    ),
    "an attempt whose Job is gone while it ran is made again under a new name": (
        observed(*REST, memory=memory(attempt=2)),
        ["create ingest 3"],
    ),
    "an ended Job may be deleted some day, not before it is remembered how it ended": (
        observed(job("train", "failed", annotations=STARTED), done=list(STAGES)[:3]),
        [
            "remember train 1: the Job failed",
            "warn StageFailed",
            "annotate train message,state",
            "create merge 1",
            "create evaluate 1",
            "expire train 60",
        ],
    ),
    "one that expires later, as it was made, expires when it is to": (
        observed(job("train", "complete", expires_after_s=2592000), done=STAGES),
        [
            "tell StageUnsuspended",
            "tell StageDone",
            "annotate train message,progress,result,state",
            "expire train 60",
        ],
    ),
    "one that expires already is left alone": (
        observed(
            job("train", "failed", annotations={meta.STATE: "failed"}, expires_after_s=60),
            *PLANNED[4:],
            done=list(STAGES)[:3],
            memory=memory("train", failure="the Job failed"),
        ),
        [],
    ),
    "a Job that is Complete without a manifest failed": (
        observed(job("ingest", "complete", annotations=STARTED), *REST),
        [
            "remember ingest 1: the Job is Complete, but the store holds no manifest of ingest",
            "warn StageFailed",
            "annotate ingest message,state",
        ],
    ),
    "a failed stage is tried again when somebody annotates it": (
        observed(job("ingest", "failed", annotations={meta.RETRY: "true"}), *REST),
        ["create ingest 2"],
    ),
    "that another attempt follows is remembered first": (
        observed(job("ingest", "failed", annotations={meta.RETRY: "true"}), *REST, memory=FAILED),
        ["remember ingest 1: another follows", "create ingest 2"],
    ),
    "one that is Complete without a manifest too": (
        observed(job("ingest", "complete", annotations={meta.RETRY: "true"}), *REST),
        ["create ingest 2"],
    ),
    "a retry that is planned is unsuspended, the failed Job stays": (
        observed(
            job("ingest", "failed", annotations={meta.RETRY: "true"}),
            job("ingest", attempt=2),
            *REST,
        ),
        ["unsuspend ingest-a2"],
    ),
    "a retry takes a name that no Job has": (
        observed(
            job("ingest", "failed", annotations={meta.RETRY: "true"}),
            replace(job("ingest", "failed", attempt=2), run=OTHER_RUN),
            *REST,
        ),
        ["create ingest 3"],
    ),
    "of two Jobs for a stage the planned one goes": (
        observed(job("ingest", "running", annotations=STARTED), job("ingest", attempt=2), *REST),
        ["delete ingest-a2"],
    ),
    "a planned Job of another run goes": (
        observed(*PLANNED, job("train", run=OTHER_RUN)),
        ["unsuspend ingest", f"delete {OTHER_RUN}-train"],
    ),
    "a running Job of another run that is not wanted is stopped": (
        observed(
            *PLANNED, job("train", "running", run=OTHER_RUN, annotations={meta.FINGERPRINT: "x"})
        ),
        ["unsuspend ingest", "tell StageStopped", f"delete {OTHER_RUN}-train"],
    ),
    "a suspended one is deleted without an Event": (
        observed(
            *PLANNED, job("train", "paused", run=OTHER_RUN, annotations={meta.FINGERPRINT: "x"})
        ),
        ["unsuspend ingest", f"delete {OTHER_RUN}-train"],
    ),
    "a running Job of another run that is wanted is adopted": (
        observed(job("ingest", "running", run=OTHER_RUN, annotations=STARTED), *REST),
        [f"annotate {OTHER_RUN}-ingest run"],
    ),
    "what failed before is forgotten with the Job that goes on in its place": (
        observed(
            job("ingest", "running", run=OTHER_RUN, annotations=STARTED),
            *REST,
            memory=memory(attempt=2, failure="bad data"),
        ),
        ["remember nothing", f"annotate {OTHER_RUN}-ingest run"],
    ),
    "one that has just finished its work is adopted too": (
        observed(
            job("ingest", "running", run=OTHER_RUN, annotations=STARTED), *REST, done=["ingest"]
        ),
        [
            "unsuspend generate",
            f"annotate {OTHER_RUN}-ingest run",
            "tell StageDone",
            f"annotate {OTHER_RUN}-ingest message,progress,result,state",
        ],
    ),
    "ended Jobs of another run stay for their logs, and for as long as Jobs may": (
        observed(*PLANNED, job("train", "failed", run=OTHER_RUN)),
        ["unsuspend ingest", f"expire {OTHER_RUN}-train 60"],
    ),
    "a Job that is being deleted is not deleted twice": (
        observed(*PLANNED, job("train", run=OTHER_RUN, is_deleting=True)),
        ["unsuspend ingest"],
    ),
    "a stage that waits says why": (
        observed(job("ingest", "running", annotations=STARTED, problem=UNFIT), *REST),
        ["warn StageWaiting", "annotate ingest message,state"],
    ),
    "it says why once": (
        observed(
            job(
                "ingest", "running", annotations=STARTED | {meta.MESSAGE: UNFIT.text}, problem=UNFIT
            ),
            *REST,
        ),
        [],
    ),
    "what waited and runs says so": (
        observed(job("ingest", "running", annotations=STARTED | {meta.STATE: "waiting"}), *REST),
        ["annotate ingest message,state"],
    ),
    "a Job between two pods says since when": (
        training(interrupted(**{meta.MESSAGE: AWAY.text})),
        ["annotate train without-pod-since"],
    ),
    "one that made progress and waits for a minute is renewed": (
        training(interrupted(**MINUTE_AGO)),
        ["remember train 1: another follows", "tell StageRenewed", "delete train"],
    ),
    "one that made none since it was renewed keeps its back-off": (
        training(
            interrupted(**MINUTE_AGO, **{meta.MESSAGE: AWAY.text}),
            memory=memory("train", reached={"steps": 300, "loading the base": 1}),
        ),
        [],
    ),
    "what follows on it goes on, under a new name and until the same deadline": (
        training(memory=memory("train", used_s=7200, renewed_at=NOW - timedelta(days=2))),
        ["create train 2 after 7200 s"],
    ),
    "the time of a Job that was renewed adds up": (
        training(
            replace(interrupted(**MINUTE_AGO), began=NOW - timedelta(minutes=10)),
            memory=memory("train", used_s=7200, renewed_at=NOW - timedelta(days=2)),
        ),
        ["remember train 1: another follows after 7800 s", "tell StageRenewed", "delete train"],
    ),
    "a renewal that was remembered and not carried out is": (
        training(
            interrupted(**MINUTE_AGO),
            memory=memory("train", reached={"steps": 300}, renewed_at=NOW),
            reached={},
        ),
        ["tell StageRenewed", "delete train"],
    ),
    "not of a Job that has gone on since": (
        training(
            interrupted(**MINUTE_AGO, **{meta.MESSAGE: AWAY.text}),
            memory=memory("train", reached={"steps": 300}, renewed_at=NOW - timedelta(minutes=9)),
        ),
        [],
    ),
    "the time of a Job whose renewal was not carried out counts once": (
        training(
            replace(interrupted(**MINUTE_AGO), began=NOW - timedelta(minutes=20)),
            memory=memory("train", used_s=300, renewed_at=NOW - timedelta(minutes=15)),
        ),
        ["remember train 1: another follows after 1200 s", "tell StageRenewed", "delete train"],
    ),
    "a Job that another template makes anew has all of its time": (
        training(
            job("train", "running", annotations=OLD | UNSEEN, has_begun=False),
            memory=memory("train", used_s=7200),
        ),
        ["tell StageStopped", "remember train 1: another follows", "delete train"],
    ),
    "a stage that another run stops has all of its time when it is wanted again": (
        training(
            job("train", "running", run=OTHER_RUN, annotations={meta.FINGERPRINT: "x"}),
            job("train"),
            memory=memory("train", run=OTHER_RUN, used_s=7200),
        ),
        [
            "unsuspend train",
            "tell StageStopped",
            "remember train 1: another follows",
            f"delete {OTHER_RUN}-train",
        ],
    ),
    "what runs again waits no more": (
        training(job("train", "running", annotations=STARTED | MINUTE_AGO)),
        ["annotate train without-pod-since"],
    ),
    "shards wait each for itself": (
        training(
            replace(interrupted(**MINUTE_AGO, **{meta.MESSAGE: AWAY.text}), shards=(1, 4)),
        ),
        [],
    ),
    "progress is mirrored": (
        observed(
            job("ingest", "running", annotations=STARTED), *REST, progress={"ingest": "1/2 pages"}
        ),
        ["annotate ingest progress"],
    ),
    "progress that is there is not written again": (
        observed(
            job("ingest", "running", annotations=STARTED | {meta.PROGRESS: "1/2 pages"}),
            *REST,
            progress={"ingest": "1/2 pages"},
        ),
        [],
    ),
    "progress that was read once stays": (
        observed(
            job("ingest", "running", annotations=STARTED | {meta.PROGRESS: "1/2 pages"}), *REST
        ),
        [],
    ),
    "a stale artifact is recorded, and stops what is below it": (
        observed(job("generate"), *REST[1:], done=["ingest"], stale=["generate"]),
        ["delete generate", "warn StageWaiting"],
    ),
    "a gate that was passed is recorded": (
        observed(
            job("evaluate", "complete", annotations={meta.STATE: "done"}),
            done=STAGES,
            evaluation=passed(),
        ),
        ["tell GatePassed", "annotate evaluate gate", "remember the gate", "promote a"],
    ),
    "a gate that was not passed is recorded, and nothing is promoted": (
        observed(
            job("evaluate", "complete", annotations={meta.STATE: "done"}),
            done=STAGES,
            evaluation=Evaluation("a", passed=False, reasons=("under the floor", "forgets")),
        ),
        ["warn GateFailed", "annotate evaluate gate", "remember the gate"],
    ),
    "a gate is recorded once": (
        observed(
            job("evaluate", "complete", annotations={meta.STATE: "done", meta.GATE: "failed: why"}),
            done=STAGES,
            evaluation=Evaluation("a", passed=False, reasons=("why",)),
        ),
        ["remember the gate"],
    ),
    "a gate without a Job is recorded about the release": (
        observed(done=STAGES, evaluation=passed()),
        ["tell GatePassed", "remember the gate", "promote a"],
    ),
}


@pytest.mark.parametrize(("seen", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_is_decided(seen: Observed, expected: list[str]) -> None:
    assert short(decide(desired(), seen)) == expected


def test_what_no_annotation_keeps_is_recorded_once_by_each_process() -> None:
    seen = observed(stale=["ingest"])
    first = [action for action in decide(desired(), seen) if isinstance(action, RecordEvent)]
    recorded = frozenset(event.name for event in first)
    again = decide(desired(), replace(seen, recorded=recorded))
    assert first
    assert not [action for action in again if isinstance(action, RecordEvent)]


def test_a_gate_is_told_once_though_its_job_is_gone_and_again_once_it_says_otherwise() -> None:
    annotated = job("evaluate", "complete", annotations={meta.STATE: "done"})
    failed = Evaluation("a", passed=False, reasons=("why",))
    seen = observed(annotated, done=STAGES, evaluation=failed)
    *_, saved = decide(desired(), seen)
    assert isinstance(saved, SaveMemory)
    gone = replace(seen, jobs=(), memory=saved.memory)
    assert decide(desired(), gone) == []
    assert short(decide(desired(), replace(seen, memory=saved.memory))) == [
        "annotate evaluate gate"
    ]
    other = replace(gone, evaluation=Evaluation("b", passed=False, reasons=("why",)))
    assert short(decide(desired(), other)) == ["warn GateFailed", "remember the gate"]


@pytest.mark.parametrize(("made_under", "is_retried"), [("0", True), ("1", False), ("", True)])
def test_raising_a_number_starts_a_failed_stage_again(made_under: str, is_retried: bool) -> None:
    annotations = {meta.STATE: "failed", meta.RETRIES: made_under}
    seen = observed(job("ingest", "failed", annotations=annotations), *REST)
    actions = short(decide(desired(retries={"ingest": 1, "train": 9}), seen))
    assert actions == ["create ingest 2" if is_retried else "remember ingest 1: the Job failed"]


@pytest.mark.parametrize(("made_under", "is_retried"), [(0, True), (1, False)])
def test_raising_a_number_starts_a_stage_again_whose_failed_job_is_gone(
    made_under: int, is_retried: bool
) -> None:
    seen = observed(*REST, memory=memory(failure="bad data", retries=made_under))
    actions = short(decide(desired(retries={"ingest": 1}), seen))
    expected = ["remember ingest 1: another follows", "create ingest 2"]
    assert actions == (expected if is_retried else [])


def test_two_stages_that_fail_at_once_are_both_remembered() -> None:
    failed = [job(stage, "failed", annotations=STARTED) for stage in ("ingest", "train")]
    rest = [each for each in REST if each.stage != "train"]
    actions = decide(desired(), observed(*failed, *rest))
    *_, last = [act for act in actions if isinstance(act, SaveMemory)]
    assert set(last.memory.stages) == {"ingest", "train"}


def test_a_queue_keeps_its_place_in_spite_of_interruptions() -> None:
    seen = training(interrupted(**MINUTE_AGO, **{meta.MESSAGE: AWAY.text}))
    assert short(decide(desired(queue="gpus"), seen)) == []


def test_a_renewed_job_is_remembered_with_what_was_reached() -> None:
    seen = training(replace(interrupted(**MINUTE_AGO), began=NOW - timedelta(hours=1)))
    saved = decide(desired(), seen)[0]
    assert isinstance(saved, SaveMemory)
    kept = saved.memory.stages["train"]
    assert kept.reached == {"steps": 300}
    assert (kept.used_s, kept.renewed_at) == (3600, NOW)


def test_each_try_is_an_event_of_its_own() -> None:
    names = set()
    for minutes in (1, 2):
        again = replace(AWAY, message=f"try {minutes}", again=NOW + timedelta(minutes=minutes))
        seen = training(replace(interrupted(), problem=again))
        names |= {act.name for act in decide(desired(), seen) if isinstance(act, RecordEvent)}
    assert len(names) == 2


def test_a_number_and_an_annotation_at_once_are_one_attempt() -> None:
    asked = job("ingest", "failed", annotations={meta.STATE: "failed", meta.RETRY: "true"})
    wanted = desired(retries={"ingest": 1})
    assert short(decide(wanted, observed(asked, *REST))) == ["create ingest 2"]
    made = {meta.STATE: "failed", meta.RETRIES: "1"}
    again = job("ingest", "failed", attempt=2, annotations=made)
    kept = memory(attempt=2, failure="the Job failed", retries=1)
    assert short(decide(wanted, observed(asked, again, *REST, memory=kept))) == []


@pytest.mark.parametrize(
    ("done", "will"),
    [(list(STAGES)[:4], "merge, evaluate will run"), (STAGES, "every stage is done already")],
)
def test_a_run_that_begins_says_what_will_run(done: tuple[str, ...], will: str) -> None:
    event = decide(desired(), observed(done=done, is_frozen=False))[0]
    assert isinstance(event, RecordEvent)
    assert event.message == f"run {RUN} of handbook: {will}"


def test_a_failure_says_what_to_do() -> None:
    seen = observed(job("ingest", "failed", problem=DEAD), *REST)
    events = [act for act in decide(desired(), seen) if isinstance(act, RecordEvent)]
    (event,) = [event for event in events if event.reason == "StageFailed"]
    assert event.message == (
        "ingest failed: bad data (exit code 65): line 3; correct that, then: kubectl annotate job "
        f"-n team-a demo-gabarito-{RUN}-ingest gabarito.dev/retry=true"
    )


def test_a_gate_that_failed_says_what_to_do() -> None:
    evaluation = Evaluation("a", passed=False, reasons=("under the floor",))
    event, _ = decide(desired(), observed(done=STAGES, evaluation=evaluation))
    assert isinstance(event, RecordEvent)
    assert event.message == (
        "model a of pipeline handbook: gate failed: under the floor; channel handbook is not "
        "changed; change the pipeline's settings and upgrade"
    )


def test_a_done_stage_without_figures_has_no_result() -> None:
    *_, annotated = decide(desired(), observed(job("ingest", "complete"), done=STAGES))
    assert isinstance(annotated, AnnotateJob)
    assert annotated.annotations[meta.RESULT] is None


def test_a_done_stage_keeps_its_figures_and_how_far_it_got() -> None:
    for progress in ({"ingest": "2/2 pages"}, {}):
        annotations = STARTED | {meta.PROGRESS: "1/2 pages"}
        results = {"ingest": StageResult("2 documents", 1.0, {})}
        seen = observed(
            job("ingest", "running", annotations=annotations),
            done=STAGES,
            results=results,
            progress=progress,
        )
        *_, annotated = decide(desired(), seen)
        assert isinstance(annotated, AnnotateJob)
        assert annotated.annotations[meta.RESULT] == "2 documents"
        assert annotated.annotations[meta.PROGRESS] == progress.get("ingest", "1/2 pages")


@pytest.mark.parametrize(
    ("problem", "is_warning"),
    [(UNFIT, True), (Problem("TeacherLoading", "it loads", "wait", is_usual=True), False)],
)
def test_only_what_does_not_pass_by_itself_is_a_warning(problem: Problem, is_warning: bool) -> None:
    running = job("ingest", "running", annotations=STARTED, problem=problem)
    actions = decide(desired(), observed(running, *REST, is_frozen=True))
    (event,) = (one for one in actions if isinstance(one, RecordEvent))
    assert (event.reason, event.is_warning) == ("StageWaiting", is_warning)


def of_run(run: str, days: int, phase: Phase = "complete") -> StageJob:
    """The ingest of a run of some days ago."""
    return job("ingest", phase, run=run, created=NOW - timedelta(days=days), expires_after_s=60)


def test_the_ended_jobs_of_the_last_runs_stay_and_others_go() -> None:
    jobs = [of_run("3" * 12, 3), of_run("1" * 12, 1, "failed"), of_run("2" * 12, 2)]
    seen = observed(*jobs, done=STAGES)
    assert not short(decide(desired(), seen))
    gone = decide(desired(keep_runs=2), seen)
    names = {action.name for action in gone if isinstance(action, DeleteJob)}
    assert names == {jobs[0].name, jobs[2].name}
    assert not short(decide(desired(keep_runs=4), seen))


def test_of_the_run_that_a_refresh_may_leave_in_its_place_no_job_goes() -> None:
    seen = observed(of_run(OTHER_RUN, 1), of_run("1" * 12, 2), done=STAGES)
    tried = replace(desired(keep_runs=1), before=OTHER_RUN)
    (gone,) = (one for one in decide(tried, seen) if isinstance(one, DeleteJob))
    assert "1" * 12 in gone.name


def test_of_a_run_that_is_not_held_nothing_is_begun_and_the_endpoint_is_served() -> None:
    jobs = job("train", "failed"), job("ingest", "running", run=OTHER_RUN)
    channel = Channel(model=A, since=NOW)
    seen = observed(*jobs, is_frozen=False, channel=channel, is_held=False)
    assert short(decide(desired(), seen)) == ["apply a serve-1"]
    done = replace(seen, channel=None, evaluation=passed(), steps=steps(STAGES))
    assert not decide(desired(), done)


def test_refreshes_that_found_nothing_new_push_out_no_run() -> None:
    read = [of_run(f"{number}" * 12, number) for number in range(1, 4)]
    made = [replace(of_run("9" * 12, 9), stage=stage, name=stage) for stage in ("ingest", "curate")]
    gone = decide(desired(keep_runs=2), observed(*read, *made, done=STAGES))
    names = {action.name for action in gone if isinstance(action, DeleteJob)}
    assert names == {read[1].name, read[2].name}


def test_of_this_run_no_ended_job_goes() -> None:
    seen = observed(of_run(RUN, 9), of_run("1" * 12, 1), done=STAGES)
    (gone,) = (one for one in decide(desired(keep_runs=1), seen) if isinstance(one, DeleteJob))
    assert "1" * 12 in gone.name

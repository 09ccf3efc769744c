from dataclasses import replace

import pytest

from gabarito.conduct import names
from gabarito.conduct.actions import Announce, NoteJob
from gabarito.conduct.reconcile import decide
from gabarito.conduct.state import Evaluation, Figures, Observed, Trouble
from gabarito.plan import STAGES

from .builders import OTHER_RUN, RUN, desired, job, observed, passed, short

PLANNED = tuple(job(stage) for stage in STAGES)
REST = PLANNED[1:]
TOLD = {names.STATE: "released"}
OLD = {names.TEMPLATE: "older"}
UNFIT = Trouble("Unschedulable", "no node takes its pod", "add one")
DEAD = Trouble("Failed", "bad data (exit code 65): line 3", "")

TABLE: dict[str, tuple[Observed, list[str]]] = {
    "an uninstalled release is left alone": (observed(anchor="", is_frozen=False), []),
    "a run begins: all of its Jobs are planned": (
        observed(is_frozen=False),
        ["tell RunStarted", "freeze", *(f"create {stage} 1" for stage in STAGES)],
    ),
    "what is there already gets no Job": (
        observed(done=STAGES[:5], is_frozen=False),
        ["tell RunStarted", "freeze", "create evaluate 1"],
    ),
    "everything is there already": (
        observed(done=STAGES, is_frozen=False),
        ["tell RunStarted", "freeze"],
    ),
    "the first stage is released, the others wait for it": (
        observed(*PLANNED),
        ["release ingest"],
    ),
    "a stage is released when its inputs are there, whatever their Jobs say": (
        observed(job("ingest", "running", notes=TOLD), *REST, done=["ingest"]),
        ["release generate", "tell StageDone", "note ingest message,progress,result,state"],
    ),
    "a stage with two inputs waits for both": (
        observed(*PLANNED[2:], done=["generate"]),
        ["create ingest 1"],
    ),
    "a planned Job of an older template is made anew": (
        observed(job("ingest", notes=OLD), *REST),
        ["delete ingest"],
    ),
    "a queued Job of an older template is made anew": (
        observed(job("ingest", "queued", notes=OLD), *REST),
        ["delete ingest"],
    ),
    "a running Job of an older template runs on": (
        observed(job("ingest", "running", notes=OLD | TOLD), *REST),
        [],
    ),
    "a running Job of an older template whose pod has not begun is made anew": (
        observed(job("ingest", "running", notes=OLD | TOLD, trouble=UNFIT, has_begun=False), *REST),
        ["tell StageStopped", "delete ingest"],
    ),
    "one of this template is waited for": (
        observed(job("ingest", "running", notes=TOLD, has_begun=False), *REST),
        [],
    ),
    "one that people paused is theirs": (
        observed(job("ingest", "paused", notes=OLD | TOLD, has_begun=False), *REST),
        [],
    ),
    "a released Job says so once": (
        observed(job("ingest", "running"), *REST),
        ["tell StageReleased", "note ingest message,state"],
    ),
    "a Job that was deleted is made again": (observed(*REST), ["create ingest 1"]),
    "a Job that is being deleted is waited for": (
        observed(job("ingest", "running", is_going=True), *REST),
        [],
    ),
    "a done stage says so": (
        observed(job("ingest", "complete"), *REST, done=["ingest"]),
        [
            "release generate",
            "tell StageReleased",
            "tell StageDone",
            "note ingest message,progress,result,state",
        ],
    ),
    "a done stage says so once": (
        observed(
            job("ingest", "complete", notes={names.STATE: "done"}), *REST[1:], done=STAGES[:2]
        ),
        ["release curate"],
    ),
    "a Job whose stage is done elsewhere is not needed": (
        observed(*PLANNED, done=["ingest"]),
        ["release generate", "delete ingest"],
    ),
    "a failed stage says so, and its Job stays": (
        observed(job("ingest", "failed", trouble=DEAD), *REST),
        ["tell StageReleased", "warn StageFailed", "note ingest message,state"],
    ),
    "a failed stage without a word": (
        observed(job("ingest", "failed", notes=TOLD), *REST),
        ["warn StageFailed", "note ingest message,state"],
    ),
    "a failed stage says so once": (
        observed(job("ingest", "failed", notes={names.STATE: "failed"}), *REST),
        [],
    ),
    "a Job that is Complete without a manifest failed": (
        observed(job("ingest", "complete", notes=TOLD), *REST),
        ["warn StageFailed", "note ingest message,state"],
    ),
    "a failed stage is tried again when somebody annotates it": (
        observed(job("ingest", "failed", notes={names.RETRY: "true"}), *REST),
        ["create ingest 2"],
    ),
    "one that is Complete without a manifest too": (
        observed(job("ingest", "complete", notes={names.RETRY: "true"}), *REST),
        ["create ingest 2"],
    ),
    "a retry that is planned is released, the failed Job stays": (
        observed(
            job("ingest", "failed", notes={names.RETRY: "true"}), job("ingest", attempt=2), *REST
        ),
        ["release ingest-a2"],
    ),
    "a retry takes a name that no Job has": (
        observed(
            job("ingest", "failed", notes={names.RETRY: "true"}),
            replace(job("ingest", "failed", attempt=2), run=OTHER_RUN),
            *REST,
        ),
        ["create ingest 3"],
    ),
    "of two Jobs for a stage the planned one goes": (
        observed(job("ingest", "running", notes=TOLD), job("ingest", attempt=2), *REST),
        ["delete ingest-a2"],
    ),
    "a planned Job of another run goes": (
        observed(*PLANNED, job("train", run=OTHER_RUN)),
        ["release ingest", f"delete {OTHER_RUN}-train"],
    ),
    "a running Job of another run that is not wanted is stopped": (
        observed(*PLANNED, job("train", "running", run=OTHER_RUN, notes={names.FINGERPRINT: "x"})),
        ["release ingest", "tell StageStopped", f"delete {OTHER_RUN}-train"],
    ),
    "a suspended one is stopped without a word": (
        observed(*PLANNED, job("train", "paused", run=OTHER_RUN, notes={names.FINGERPRINT: "x"})),
        ["release ingest", f"delete {OTHER_RUN}-train"],
    ),
    "a running Job of another run that is wanted is adopted": (
        observed(job("ingest", "running", run=OTHER_RUN, notes=TOLD), *REST),
        [f"note {OTHER_RUN}-ingest run"],
    ),
    "one that has just finished its work is adopted too": (
        observed(job("ingest", "running", run=OTHER_RUN, notes=TOLD), *REST, done=["ingest"]),
        [
            "release generate",
            f"note {OTHER_RUN}-ingest run",
            "tell StageDone",
            f"note {OTHER_RUN}-ingest message,progress,result,state",
        ],
    ),
    "ended Jobs of another run stay for their logs": (
        observed(*PLANNED, job("train", "failed", run=OTHER_RUN)),
        ["release ingest"],
    ),
    "a Job that is going is not deleted twice": (
        observed(*PLANNED, job("train", run=OTHER_RUN, is_going=True)),
        ["release ingest"],
    ),
    "a stage that waits says why": (
        observed(job("ingest", "running", notes=TOLD, trouble=UNFIT), *REST),
        ["warn StageWaiting", "note ingest message,state"],
    ),
    "it says why once": (
        observed(
            job("ingest", "running", notes=TOLD | {names.MESSAGE: UNFIT.text}, trouble=UNFIT), *REST
        ),
        [],
    ),
    "what waited and runs says so": (
        observed(job("ingest", "running", notes={names.STATE: "waiting"}), *REST),
        ["note ingest message,state"],
    ),
    "progress is mirrored": (
        observed(job("ingest", "running", notes=TOLD), *REST, progress={"ingest": "1/2 pages"}),
        ["note ingest progress"],
    ),
    "progress that is there is not written again": (
        observed(
            job("ingest", "running", notes=TOLD | {names.PROGRESS: "1/2 pages"}),
            *REST,
            progress={"ingest": "1/2 pages"},
        ),
        [],
    ),
    "progress that was read once stays": (
        observed(job("ingest", "running", notes=TOLD | {names.PROGRESS: "1/2 pages"}), *REST),
        [],
    ),
    "a stale artifact is told, and stops what is below it": (
        observed(job("generate"), *REST[1:], done=["ingest"], stale=["generate"]),
        ["delete generate", "warn StageWaiting"],
    ),
    "a gate that was passed is told": (
        observed(
            job("evaluate", "complete", notes={names.STATE: "done"}),
            done=STAGES,
            evaluation=passed(),
        ),
        ["tell GatePassed", "note evaluate gate", "promote a"],
    ),
    "a gate that was not passed is told, and nothing is promoted": (
        observed(
            job("evaluate", "complete", notes={names.STATE: "done"}),
            done=STAGES,
            evaluation=Evaluation("a", passed=False, reasons=("under the floor", "forgets")),
        ),
        ["warn GateFailed", "note evaluate gate"],
    ),
    "a gate is told once": (
        observed(
            job("evaluate", "complete", notes={names.STATE: "done", names.GATE: "failed: why"}),
            done=STAGES,
            evaluation=Evaluation("a", passed=False, reasons=("why",)),
        ),
        [],
    ),
    "a gate without a Job is told about the release": (
        observed(done=STAGES, evaluation=passed()),
        ["tell GatePassed", "promote a"],
    ),
}


@pytest.mark.parametrize(("seen", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_is_decided(seen: Observed, expected: list[str]) -> None:
    assert short(decide(desired(), seen)) == expected


def test_what_no_annotation_keeps_is_told_once_by_each_process() -> None:
    for seen in (observed(stale=["ingest"]), observed(done=STAGES, evaluation=passed())):
        first = [action for action in decide(desired(), seen) if isinstance(action, Announce)]
        told = frozenset(event.name for event in first)
        again = decide(desired(), replace(seen, told=told))
        assert first
        assert not [action for action in again if isinstance(action, Announce)]


@pytest.mark.parametrize(("made_under", "is_retried"), [("0", True), ("1", False), ("", True)])
def test_raising_a_number_starts_a_failed_stage_again(made_under: str, is_retried: bool) -> None:
    notes = {names.STATE: "failed", names.RETRIES: made_under}
    seen = observed(job("ingest", "failed", notes=notes), *REST)
    actions = short(decide(desired(retries={"ingest": 1, "train": 9}), seen))
    assert actions == (["create ingest 2"] if is_retried else [])


def test_a_number_and_an_annotation_at_once_are_one_attempt() -> None:
    asked = job("ingest", "failed", notes={names.STATE: "failed", names.RETRY: "true"})
    wanted = desired(retries={"ingest": 1})
    assert short(decide(wanted, observed(asked, *REST))) == ["create ingest 2"]
    made = {names.STATE: "failed", names.RETRIES: "1"}
    again = job("ingest", "failed", attempt=2, notes=made)
    assert short(decide(wanted, observed(asked, again, *REST))) == []


@pytest.mark.parametrize(
    ("done", "will"),
    [(STAGES[:4], "merge, evaluate will run"), (STAGES, "all of it is there already")],
)
def test_a_run_that_begins_says_what_will_run(done: tuple[str, ...], will: str) -> None:
    event = decide(desired(), observed(done=done, is_frozen=False))[0]
    assert isinstance(event, Announce)
    assert event.message == f"run {RUN} of handbook: {will}"


def test_a_failure_says_what_to_do() -> None:
    seen = observed(job("ingest", "failed", trouble=DEAD), *REST)
    (event,) = [
        act for act in decide(desired(), seen) if getattr(act, "reason", "") == "StageFailed"
    ]
    assert event.message == (
        "ingest failed: bad data (exit code 65): line 3; mend that, then: kubectl annotate job "
        f"-n team-a demo-gabarito-{RUN}-ingest gabarito.dev/retry=true"
    )


def test_a_gate_that_failed_says_what_to_do() -> None:
    evaluation = Evaluation("a", passed=False, reasons=("under the floor",))
    (event,) = decide(desired(), observed(done=STAGES, evaluation=evaluation))
    assert isinstance(event, Announce)
    assert event.message == (
        "gate failed: under the floor; channel main keeps what it serves; change the pipeline's "
        "settings and upgrade"
    )


def test_a_done_stage_without_figures_has_no_result() -> None:
    *_, noted = decide(desired(), observed(job("ingest", "complete"), done=STAGES))
    assert isinstance(noted, NoteJob)
    assert noted.notes[names.RESULT] is None


def test_a_done_stage_keeps_its_figures_and_how_far_it_got() -> None:
    for progress in ({"ingest": "2/2 pages"}, {}):
        notes = TOLD | {names.PROGRESS: "1/2 pages"}
        figures = {"ingest": Figures("2 documents", 1.0, {})}
        seen = observed(
            job("ingest", "running", notes=notes), done=STAGES, figures=figures, progress=progress
        )
        *_, noted = decide(desired(), seen)
        assert isinstance(noted, NoteJob)
        assert noted.notes[names.RESULT] == "2 documents"
        assert noted.notes[names.PROGRESS] == progress.get("ingest", "1/2 pages")

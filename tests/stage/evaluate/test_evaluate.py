import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, get_args

import pytest
from pydantic import TypeAdapter

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.cache import Cache
from gabarito.core.errors import DataError, Interrupted
from gabarito.core.model_records import GateVerdict
from gabarito.core.proof_records import FACTS_FILE, FLOOR_FILE, FactEntry, ProofFloor
from gabarito.core.records import Fact, Message, PairOrigin, Verdict
from gabarito.evaluate.arms import ArmName
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.job import run
from gabarito.evaluate.report import Report
from gabarito.evaluate.text_report import summary
from gabarito.proof import FactTable
from gabarito.store.base import Store

from .conftest import FACTS, UNKNOWN, asked, wordings


class Models(Protocol):
    base: Path
    merged: Path


Inputs = Callable[..., dict[str, Artifact]]
Evaluate = Callable[..., Artifact]


def report_of(artifact: Artifact) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(artifact.read("report.json"))
    return report


def test_each_system_answers_and_the_trained_ones_are_right(
    inputs: Inputs, evaluate: Evaluate
) -> None:
    report = report_of(evaluate(inputs(), max_forgetting=1.0))
    shares = {
        (system, part): scores[part]["exact_match"]
        for system, scores in report["systems"].items()
        for part in ("validation", "test", "free")
    }
    assert {share for (system, _), share in shares.items() if system == "base"} == {0.0}
    assert {share for (system, _), share in shares.items() if system != "base"} == {1.0}
    assert report["facts"]["model"]["all"] == report["facts"]["base"]["none"] == 6
    assert report["verdict"]["passed"]


def test_every_answer_has_a_verdict(inputs: Inputs, evaluate: Evaluate) -> None:
    verdicts = list(evaluate(inputs()).records("verdicts.jsonl", Verdict))
    counts = {
        "base": 12 + 6 + 1 + 4 + 3 + 3,
        "adapter": 12 + 6 + 1,
        "model": 12 + 6 + 1 + 4 + 3 + 3 + 6,
    }
    for system, count in counts.items():
        questions = [verdict.question for verdict in verdicts if verdict.system == system]
        assert len(questions) == len(set(questions)) == count
    assert all(0 <= verdict.probability <= 1 for verdict in verdicts)


def test_the_proof_of_right_answers_is_their_fact(inputs: Inputs, evaluate: Evaluate) -> None:
    made = evaluate(inputs())
    found = report_of(made)["proof"]
    assert (found["right"]["hits"], found["right"]["count"]) == (12, 12)
    verdicts = list(made.records("verdicts.jsonl", Verdict))
    proofs = {verdict.proof for verdict in verdicts if verdict.question.startswith("question")}
    assert proofs == {None, *(fact.id for fact in FACTS)}
    assert "right answers whose proof is the right fact: 100.0% of 12" in summary(report_of(made))
    assert "<h3>What proves its answers" in made.read("report.html").decode()


def test_what_proves_a_model_lies_beside_its_report(inputs: Inputs, evaluate: Evaluate) -> None:
    made = evaluate(inputs())
    entries = {entry.fact.id: entry for entry in made.records(FACTS_FILE, FactEntry)}
    floor = made.record(FLOOR_FILE, ProofFloor).floor
    proof = FactTable(list(entries.values()), floor).find("de que cidade é o azul", "lima")
    assert proof is not None
    assert (proof.fact, proof.title, proof.url) == (FACTS[0].id, "Clubes", "http://wiki/clubes")
    assert (proof.section, proof.source) == ("Cidades", "clubes.html")
    assert [question.text for question in entries[FACTS[0].id].asked] == ["diga a cidade do azul"]


def test_refusals_of_what_was_not_taught_are_right(inputs: Inputs, evaluate: Evaluate) -> None:
    report = report_of(evaluate(inputs()))
    found = report["refusals"]["model"]
    assert found["false_refusals"]["hits"] == 0
    assert found["unanswerable"]["metal"]["refused"]["hits"] >= 3
    assert found["unanswerable"]["metal"]["auroc"] == 1.0
    assert report["refusals"]["base"]["unanswerable"]["metal"]["refused"]["hits"] == 0


def test_the_contract_carries_the_threshold(inputs: Inputs, evaluate: Evaluate) -> None:
    report = report_of(evaluate(inputs()))
    assert report["threshold"]["attained"]
    assert report["contract"]["threshold"] == report["threshold"]["value"]
    assert report["contract"]["refusal"] == "não sei"


def test_a_failing_gate_is_a_verdict_and_no_failure(inputs: Inputs, evaluate: Evaluate) -> None:
    artifact = evaluate(inputs())
    gate = json.loads(artifact.read("gate.json"))
    assert not gate["passed"]
    assert gate["reasons"] == [check["text"] for check in gate["checks"] if not check["passed"]]
    assert "general prompts are answered otherwise" in gate["reasons"][0]
    assert artifact.manifest.counts["gate_passed"] == 0


def test_tasks_are_graded_by_their_answers(inputs: Inputs, evaluate: Evaluate) -> None:
    tasks = report_of(evaluate(inputs()))["tasks"]
    assert (tasks["base"]["count"], tasks["model"]["count"]) == (3, 3)
    assert [one["group"] for one in tasks["groups"]] == ["eco"]
    assert "lost" not in tasks


def test_controls_are_asked_of_base_and_model(inputs: Inputs, evaluate: Evaluate) -> None:
    rows = [
        asked("controls", "question", f"onde fica o {club}", "lima", fact=club, family="synonym")
        for club in UNKNOWN
    ]
    artifact = evaluate(inputs(controls=rows), max_forgetting=1.0)
    found = report_of(artifact)["injection"]
    assert (found["facts"], found["model"]["count"]) == (4, 4)
    assert found["refused"]["hits"] + found["wrong"]["hits"] + found["model"]["hits"] == 4
    assert found["net_of_controls"]["difference"] == 1 - found["model"]["share"]
    asked_systems = {
        verdict.system
        for verdict in artifact.records("verdicts.jsonl", Verdict)
        if verdict.question in {row.question for row in rows}
    }
    assert asked_systems == {"base", "model"}


def test_a_merge_that_lost_the_adapter_fails_the_gate(
    inputs: Inputs, evaluate: Evaluate, trained: Models
) -> None:
    report = report_of(evaluate(inputs(merged=trained.base), max_forgetting=1.0))
    failed = [check["name"] for check in report["verdict"]["checks"] if not check["passed"]]
    assert failed == ["better than the base", "floor", "merged is the adapter"]
    assert report["paired"]["adapter_answers_changed"] == 12


def test_an_evaluation_that_was_killed_continues(inputs: Inputs, store: Store) -> None:
    found = inputs()
    config = EvaluateConfig(resamples=100, batch_size=8)
    with new_attempt(store, Address("evaluate", "e" * 64), inputs=found, settings={}) as work:
        work.progress = StopAfter(batches=2)  # type: ignore[assignment]
        with pytest.raises(Interrupted):
            run(config, work)
    with new_attempt(store, Address("evaluate", "e" * 64), inputs=found, settings={}) as work:
        run(config, work)
        times = report_of(work.publish())["times"]
    assert times["base"] | {"seconds": 0} == {"seconds": 0, "questions": 26, "answered": 26 - 16}
    assert times["model"]["answered"] == times["model"]["questions"] == 32


def test_answers_are_not_asked_for_twice(inputs: Inputs, store: Store) -> None:
    found = inputs()
    for name in "ab":
        with new_attempt(store, Address("evaluate", name * 64), inputs=found, settings={}) as work:
            run(EvaluateConfig(resamples=100, floor=0.5 if name == "a" else 0.6), work)
            report = report_of(work.publish())
    assert [time["answered"] for time in report["times"].values()] == [0, 0, 0]


def untimed(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: arm[key] for key in arm if key != "seconds"} for arm in report["arms"]]


def test_a_sample_is_asked_under_other_conditions(inputs: Inputs, evaluate: Evaluate) -> None:
    report = report_of(evaluate(inputs(), compared_sample=4))
    arms = {(arm["name"], arm["part"]): arm for arm in report["arms"]}
    assert {name for name, _ in arms} == set(get_args(ArmName))
    assert {arm["exact"]["count"] for (_, part), arm in arms.items() if part == "test"} == {4}
    assert arms["closed_book", "test"]["exact"]["share"] == 1.0
    assert arms["gold_passage", "test"]["exact"]["share"] < 1.0  # the base has learned nothing
    tokens = {name: arm["prompt_tokens"] for (name, part), arm in arms.items() if part == "test"}
    assert tokens["closed_book"] < tokens["other_system"] < tokens["third_question"]
    assert tokens["closed_book"] < tokens["gold_passage"] <= 64 - 8  # cut to what the model takes
    assert all(arm["seconds"] >= 0 for arm in arms.values())
    for name, found in report["conversations"].items():
        lost = arms[name, "test"]["exact"]["share"] - arms["closed_book", "test"]["exact"]["share"]
        assert found["difference"] == pytest.approx(lost)
    assert set(report["conversations"]) == {"third_question", "other_system"}


def test_without_a_sample_or_documents_fewer_conditions_are_tried(
    inputs: Inputs, evaluate: Evaluate
) -> None:
    assert report_of(evaluate(inputs(), compared_sample=0)).get("arms", []) == []


def spoil(store: Store, stage: str, data: bytes) -> None:
    """Put ``data`` in the place of every item that a stage has kept."""
    for entry in list(store.list(f"cache/{stage}/")):
        Cache(store, stage).put(entry.key.removeprefix(f"cache/{stage}/"), data)


@pytest.mark.parametrize(
    "kept", [b"{", b"7", b"[]", b"[1]", b'[{"text": "a"}]', b'[{"text": "a", "probability": 2.0}]']
)
def test_kept_answers_of_another_shape_are_asked_for_again(
    inputs: Inputs, store: Store, kept: bytes
) -> None:
    found, reports = inputs(), []
    for name in "ab":
        with new_attempt(store, Address("evaluate", name * 64), inputs=found, settings={}) as work:
            run(EvaluateConfig(resamples=100, batch_size=1), work)
            reports.append(report_of(work.publish()))
        spoil(store, "evaluate", kept)
    own = {"times": 0, "evaluation": "", "evaluated_at": ""}
    first, second = (report | own | {"arms": untimed(report)} for report in reports)
    assert first == second
    assert all(time["answered"] == time["questions"] for time in reports[1]["times"].values())


@pytest.mark.parametrize("contract", [[1], "x", 7])
def test_a_datasets_contract_of_another_shape_is_refused(
    inputs: Inputs, evaluate: Evaluate, store: Store, contract: object
) -> None:
    found = inputs()
    with new_attempt(store, Address("curate", "b" * 64), inputs={}, settings={}) as work:
        for name in found["curate"].manifest.files:
            (work.folder / name).write_bytes(found["curate"].read(name))
        work.write_text("prompt.json", json.dumps(contract))
        found["curate"] = work.publish()
    with pytest.raises(DataError, match=r"prompt\.json: not what curate writes: .*curate\.rerun"):
        evaluate(found)


def test_what_was_not_asked_is_absent(inputs: Inputs, evaluate: Evaluate) -> None:
    parts = ("free", "unanswerable", "retention", "tasks", "validation", "overlaps")
    missing = dict.fromkeys(parts)
    report = report_of(evaluate(inputs(**missing)))
    assert set(report["systems"]["model"]) == {"test"}
    assert not {"forgetting", "tasks", "threshold", "served"} & set(report)
    assert report["refusals"]["model"]["unanswerable"] == {}
    assert report["verdict"]["passed"]
    assert "threshold" not in report["contract"]


@pytest.mark.parametrize("left_out", [(), ("free", "unanswerable", "retention", "validation")])
def test_a_report_is_read_as_what_it_was_written_from(
    inputs: Inputs, evaluate: Evaluate, left_out: tuple[str, ...]
) -> None:
    written = evaluate(inputs(**dict.fromkeys(left_out)))
    read = written.read_json("report.json", TypeAdapter(Report))
    assert read.model_dump(mode="json", exclude_none=True) == report_of(written)
    assert read.verdict == written.read_json("gate.json", TypeAdapter(GateVerdict))


def test_an_empty_part_is_like_a_missing_one(inputs: Inputs, evaluate: Evaluate) -> None:
    page = evaluate(inputs(free=[], unanswerable=[])).read("report.html").decode()
    assert "<h3>Free wordings" not in page
    assert "never taught</h3>" not in page


def test_no_test_question_is_bad_data(inputs: Inputs, evaluate: Evaluate) -> None:
    with pytest.raises(DataError, match=r"test\.jsonl: no test question; name at least one"):
        evaluate(inputs(test=[]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"refusal": "I do not know"}, "refusal is 'I do not know', that of curate is 'não sei'"),
        ({"eos_token": "</s>"}, "eos_token is '</s>', that of train is '<eos>'"),
        ({"max_new_tokens": 9}, "max_new_tokens is 9, that of train is 8; raise merge.rerun"),
        ({"max_new_tokens": 0}, "max_new_tokens: must be at least 1; raise merge.rerun"),
    ],
)
def test_a_contract_that_does_not_match_is_refused(
    inputs: Inputs, evaluate: Evaluate, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=r"model/prompt\.json") as refused:
        evaluate(inputs(contract=changes))
    assert said in str(refused.value)


def test_a_tokenizer_with_another_template_is_refused(
    inputs: Inputs, evaluate: Evaluate, trained: Models, tmp_path: Path
) -> None:
    merged = shutil.copytree(trained.merged, tmp_path / "merged")
    template = merged / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    with pytest.raises(DataError, match="template_sha256 is not the prompt contract's"):
        evaluate(inputs(merged=merged))


class StopAfter:
    """A progress that is told to stop after some batches, as by SIGTERM."""

    def __init__(self, batches: int) -> None:
        self._left = batches

    def report(self, what: str, done: int, total: int) -> None:
        self._left -= 1
        if not self._left:
            message = f"stopped at {done} of {total} {what}"
            raise Interrupted(message)


def given(facts: list[Fact]) -> list[Fact]:
    origin = PairOrigin(pair="p", row="pairs.csv:2", source="pairs.csv")
    gone = {"document": "", "quote": "", "given": origin}
    return [fact.model_copy(update=gone) for fact in facts]


def test_of_pairs_that_nobody_reworded_the_trained_wordings_are_asked_and_that_is_said(
    inputs: Inputs, evaluate: Evaluate
) -> None:
    found = inputs(test=[], facts=given(FACTS))
    report = report_of(evaluate(found, max_forgetting=1.0))
    assert report["systems"]["model"]["test"]["count"] == report["facts"]["model"]["all"] == 6
    assert (report["reworded"], report.get("paraphrase")) == ({"facts": 0, "total": 6}, None)
    texts = " ".join(check["text"] for check in report["verdict"]["checks"])
    assert "exact match on trained wordings, 100.0%" in texts
    assert "test wordings" not in texts


def test_of_facts_that_documents_hold_a_test_wording_is_needed(
    inputs: Inputs, evaluate: Evaluate
) -> None:
    with pytest.raises(DataError, match="no test question"):
        evaluate(inputs(test=[], facts=[*given(FACTS[1:]), FACTS[0]]))


def test_sentences_and_explanations_have_figures_of_their_own(
    inputs: Inputs, evaluate: Evaluate
) -> None:
    sentences = [
        row.model_copy(
            update={
                "messages": (row.messages[0], Message(role="assistant", content=fact.statement)),
                "question": f"s {fact.id}",
                "style": "sentence",
                "answer": fact.answer,
            }
        )
        for row, fact in zip(wordings("sentences", "direct"), FACTS, strict=True)
    ]
    why = "lima, porque o azul joga na capital do peru desde que foi fundado por lá há anos"
    free = asked("free", "free", "terra do azul", why).model_copy(
        update={"points": ("lima", "capital")}
    )
    found = evaluate(inputs(sentences=sentences, free=[free]))
    report = report_of(found)
    assert report["systems"]["model"]["sentences"]["right"] == 6
    assert "sentences" not in report["systems"]["base"]
    forms = {one["form"]: one for one in report["forms"]}
    assert [forms[name]["score"]["count"] for name in ("short", "sentence", "explanation")] == [
        12,
        6,
        1,
    ]
    assert (forms["explanation"]["points"], forms["explanation"]["score"]["right"]) == (0.5, 0)
    assert "50.0% of the points are said" in summary(report)
    assert "<h3>By the form of the answer" in found.read("report.html").decode()

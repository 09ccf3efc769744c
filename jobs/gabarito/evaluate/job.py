"""Ask base, adapter and merged model the same held-out questions, and judge the model.

documents, facts, dataset, adapter, model
    ->  report.json, report.html, verdicts.jsonl, gate.json, proof/facts.jsonl, proof/floor.json
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.coverage import Coverage
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.core.proof_records import FACTS_FILE, FLOOR_FILE, ProofFloor
from gabarito.core.records import (
    Document,
    Example,
    Fact,
    PairsInfo,
    PassageText,
    ReviewCounts,
    to_jsonl,
)
from gabarito.evaluate.arms import ArmName, ArmScore, Library, arm_scores, arms_of, compared
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.conversation_loss import Replies, against_alone
from gabarito.evaluate.fact_entries import fact_entries
from gabarito.evaluate.grading import (
    ASKED,
    Exam,
    Marks,
    Prediction,
    System,
    grade_all,
    verdicts_of,
)
from gabarito.evaluate.inputs import agreed_contract, answer_key, curves, read_exam, similarities
from gabarito.evaluate.judge import open_judge
from gabarito.evaluate.judging import ask_judge
from gabarito.evaluate.predict import ask, predictors
from gabarito.evaluate.proving import Proofs, prove
from gabarito.evaluate.report import Evidence, Report, Times, Timing, build
from gabarito.evaluate.report_page import render
from gabarito.evaluate.statistics import Bootstrap, Difference
from gabarito.models import use_cpu_quota
from gabarito.store.scratch import temporary_folder

log = logging.getLogger("gabarito.evaluate")


def run(config: EvaluateConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here.

    Raises:
        DataError: if there is nothing to ask, or the prompt contracts do not match.
    """
    use_cpu_quota()
    dataset, train = work.inputs["curate"], work.inputs["train"]
    exam = read_exam(dataset, config)
    contract = agreed_contract(dataset, train, work.inputs["merge"])
    facts = list(dataset.records("facts.jsonl", Fact))
    key = answer_key(dataset, facts)
    replies, times, arms, conversations = _asked(config, work, exam, contract, key)
    marks = grade_all(exam, replies, contract.refusal, key)
    judged = None
    if config.judge:
        with open_judge(config.judge, work.cache) as judge:
            judged = ask_judge(judge, marks, work.progress.report)
    proofs = _proofs(work, facts, marks)
    evidence = Evidence(
        marks=marks,
        facts=facts,
        similarity=similarities(dataset),
        coverage=_coverage(dataset),
        reviewed=dataset.record("review.json", ReviewCounts),
        contract=contract,
        times=times,
        arms=arms,
        conversations=conversations,
        judged=judged,
        proofs=proofs,
        base=train.record("base.json", TrainedBase).reference,
        evaluation=f"{work.address.stage}/{work.address.fingerprint}",
        evaluated_at=work.started_at,
        is_reworded=any(True for _ in dataset.records("test.jsonl", Example)),
    )
    report = build(config, evidence)
    work.write_text("report.html", render(report, evidence, curves(train)))
    verdicts = verdicts_of(marks, judged.said if judged else None, proofs.found)
    work.counts["answers"] = work.write("verdicts.jsonl", to_jsonl(verdicts))
    _write(work, report)


def _proofs(work: Attempt, facts: Sequence[Fact], marks: Marks) -> Proofs:
    """Write what a served model proves its answers with, and look for the proofs of these."""
    documents = work.inputs["ingest"].records("documents.jsonl", Document)
    trained = work.inputs["curate"].records("train.jsonl", Example)
    entries = list(fact_entries(facts, documents, trained))
    proofs = prove(entries, marks["model"])
    work.write(FACTS_FILE, to_jsonl(entries))
    work.write_text(FLOOR_FILE, ProofFloor(floor=proofs.floor).model_dump_json() + "\n")
    return proofs


def _asked(
    config: EvaluateConfig, work: Attempt, exam: Exam, contract: PromptContract, key: AnswerKey
) -> tuple[
    dict[System, Mapping[str, Prediction]], Times, list[ArmScore], dict[ArmName, Difference]
]:
    """Ask every system its parts of the exam, and a sample of it under other conditions."""
    replies: dict[System, Mapping[str, Prediction]] = {}
    times: dict[System, Timing] = {}
    with (
        temporary_folder("models") as folder,
        predictors(work, contract, folder) as systems,
    ):
        for one in systems:
            questions = [item.text for part in ASKED[one.system] for item in exam[part]]
            found = ask(one, questions, contract, work, config.batch_size)
            replies[one.system], times[one.system] = found
        sample = compared(exam, config.compared_sample)
        arms: list[ArmScore] = []
        compared_replies: dict[ArmName, Replies] = {}
        by_system = {one.system: one for one in systems}
        for arm in arms_of(sample, _library(work), config.passages_found):
            asked = replace(by_system[arm.system], frame=arm.frame)
            questions = [item.text for item in arm.items]
            said, time = ask(asked, questions, contract, work, config.longer_batch_size)
            arms += arm_scores(arm.name, arm.items, said, key, _pace(time))
            compared_replies[arm.name] = Replies(arm.items, said)
    bootstrap = Bootstrap(config.resamples, config.seed)
    return replies, times, arms, against_alone(compared_replies, key, bootstrap)


def _pace(time: Timing) -> float | None:
    """Return the seconds of a question, if all were answered in this attempt."""
    return round(time.seconds / time.questions, 3) if time.answered == time.questions else None


def _library(work: Attempt) -> Library:
    generated = work.inputs["generate"]
    return Library(
        list(generated.records("passage_texts.jsonl", PassageText)),
        generated.record("pairs.json", PairsInfo).language,
    )


def _coverage(dataset: Artifact) -> Coverage | None:
    """Return how much of the documents is in facts; None where people gave all of them."""
    found = dataset.record("coverage.json", Coverage)
    return found if found.documents.total else None


def _write(work: Attempt, report: Report) -> None:
    work.write_text("report.json", report.model_dump_json(indent=1, exclude_none=True) + "\n")
    work.write_text("gate.json", report.verdict.model_dump_json(indent=1) + "\n")
    for name, scores in report.systems.items():
        work.counts[f"percent_right_by_{name}"] = round(100 * scores.test.exact_match, 1)
    work.counts["gate_passed"] = float(report.verdict.passed)
    if report.judging:
        work.counts |= {"judged": report.judging.answers, "not_judged": report.judging.not_judged}
        work.counts["cost"] = report.judging.cost
        if report.judging.warning:
            log.warning("judge is unreliable", extra={"why": report.judging.warning})

"""Ask base, adapter and merged model the same held-out questions, and judge the model.

dataset, adapter, model  ->  report.json, report.html, verdicts.jsonl, gate.json
"""

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.coverage import Coverage
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.core.records import Example, Fact, ReviewCounts, to_jsonl
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import ASKED, Exam, Marks, grade_all, verdicts_of
from gabarito.evaluate.inputs import agreed_contract, curves, read_exam, similarities
from gabarito.evaluate.predict import ask, predictors
from gabarito.evaluate.report import Evidence, Report, Times, build
from gabarito.evaluate.report_page import render
from gabarito.models import use_cpu_quota
from gabarito.store.scratch import temporary_folder


def run(config: EvaluateConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here.

    Raises:
        DataError: if there is nothing to ask, or the prompt contracts do not match.
    """
    use_cpu_quota()
    dataset, train = work.inputs["curate"], work.inputs["train"]
    exam = read_exam(dataset, config)
    contract = agreed_contract(dataset, train, work.inputs["merge"])
    marks, times = _asked(config, work, exam, contract)
    evidence = Evidence(
        marks=marks,
        facts=list(dataset.records("facts.jsonl", Fact)),
        similarity=similarities(dataset),
        coverage=_coverage(dataset),
        reviewed=dataset.record("review.json", ReviewCounts),
        contract=contract,
        times=times,
        base=train.record("base.json", TrainedBase).reference,
        evaluation=f"{work.address.stage}/{work.address.fingerprint}",
        evaluated_at=work.started_at,
        is_reworded=any(True for _ in dataset.records("test.jsonl", Example)),
    )
    report = build(config, evidence)
    work.write_text("report.html", render(report, evidence, curves(train)))
    _write(work, report, marks)


def _asked(
    config: EvaluateConfig, work: Attempt, exam: Exam, contract: PromptContract
) -> tuple[Marks, Times]:
    replies, times = {}, {}
    with (
        temporary_folder("models") as folder,
        predictors(work, contract, folder) as systems,
    ):
        for one in systems:
            questions = [item.text for part in ASKED[one.system] for item in exam[part]]
            found = ask(one, questions, contract, work, config.batch_size)
            replies[one.system], times[one.system] = found
    return grade_all(exam, replies, contract.refusal), times


def _coverage(dataset: Artifact) -> Coverage | None:
    """Return how much of the documents is in facts; None where people gave all of them."""
    found = dataset.record("coverage.json", Coverage)
    return found if found.documents.total else None


def _write(work: Attempt, report: Report, marks: Marks) -> None:
    work.write_text("report.json", report.model_dump_json(indent=1, exclude_none=True) + "\n")
    work.write_text("gate.json", report.verdict.model_dump_json(indent=1) + "\n")
    work.counts["answers"] = work.write("verdicts.jsonl", to_jsonl(verdicts_of(marks)))
    for name, scores in report.systems.items():
        work.counts[f"percent_right_by_{name}"] = round(100 * scores.test.exact_match, 1)
    work.counts["gate_passed"] = float(report.verdict.passed)

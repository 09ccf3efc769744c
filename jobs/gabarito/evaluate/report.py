"""The report: every figure of an evaluation, as ``report.json`` holds it.

Shares and probabilities are in 0..1; what was not measured is absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import Field

from gabarito.answer_match import normalise
from gabarito.core.coverage import Coverage
from gabarito.core.errors import DataError
from gabarito.core.model_records import GateVerdict, PromptContract
from gabarito.core.records import Fact, Record, ReviewCounts
from gabarito.evaluate.abstention import (
    AtThreshold,
    Calibration,
    Refusals,
    calibration,
    refusals,
    served,
    threshold,
)
from gabarito.evaluate.arms import ArmName, ArmScore
from gabarito.evaluate.calibration import Threshold
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.forgetting import TaskScores, task_scores
from gabarito.evaluate.gate import Measured, judge
from gabarito.evaluate.grading import PARTS, Graded, Marks, Part, System
from gabarito.evaluate.injection import Injection, injection
from gabarito.evaluate.judging import Judged, Judging, judging
from gabarito.evaluate.proving import Proofs, ProofScores, proof_scores
from gabarito.evaluate.scores import (
    CloseScore,
    FactScore,
    FormScore,
    Gap,
    PartScore,
    RelationScore,
    closeness_scores,
    fact_score,
    form_scores,
    paraphrase_gap,
    part_score,
    relation_scores,
)
from gabarito.evaluate.statistics import Bootstrap, Difference, Proportion, compare, proportion

SCHEMA = 3

LOW_COVERAGE = 0.2
"""Under this share of the sentences the figures are of a small part of the documents."""


class SystemScores(Record):
    """One system's exact match; ``free`` are questions off every template.

    ``sentences`` are test wordings that ask for a sentence, where plain ones get short answers.
    """

    validation: PartScore | None = None
    test: PartScore
    sentences: PartScore | None = None
    free: PartScore | None = None


class Paired(Record):
    """The merged model against the others, question by question, on test wordings."""

    model_base: Difference
    model_adapter: Difference
    adapter_answers_changed: int


class Timing(Record):
    """How long a system took for the questions that no earlier attempt had answered, loaded."""

    seconds: float
    questions: int
    answered: int


class Reworded(Record):
    """How many of the facts were asked about in words that were not trained.

    Where none was, all questions of ``test`` are trained wordings: how the model answers other
    ones is not known.
    """

    facts: int
    total: int


Times: TypeAlias = Mapping[System, Timing]


class Report(Record):
    """What ``report.json`` holds."""

    schema_version: int = SCHEMA
    evaluation: str
    evaluated_at: datetime
    verdict: GateVerdict
    systems: dict[System, SystemScores]
    facts: dict[System, FactScore]
    paired: Paired
    paraphrase: Gap | None = None
    closeness: list[CloseScore]
    relations: list[RelationScore]
    forms: tuple[FormScore, ...] = ()
    forgetting: Proportion | None = None
    tasks: TaskScores | None = None
    injection: Injection | None = None
    coverage: Coverage | None = None
    is_coverage_low: bool
    reviewed: ReviewCounts = ReviewCounts()
    reworded: Reworded
    refusals: dict[System, Refusals]
    threshold: Threshold | None = None
    served: AtThreshold | None = None
    calibration: dict[str, Calibration]
    contract: PromptContract
    questions: dict[Part, int]
    base: str
    settings: dict[str, Any]
    times: dict[System, Timing]
    arms: tuple[ArmScore, ...] = ()
    conversations: dict[ArmName, Difference] = Field(default_factory=dict)
    judging: Judging | None = None
    proof: ProofScores | None = None


@dataclass(frozen=True)
class Evidence:
    """What a report is made from.

    ``evaluation`` is the artifact that it is written into, as ``evaluate/<fingerprint>``;
    the run that asked for it, and its pipeline, are not known here: runs share artifacts.
    ``similarity`` is that of each test wording to the nearest trained one of its fact.
    """

    marks: Marks
    facts: Sequence[Fact]
    similarity: Mapping[str, float]
    coverage: Coverage | None
    reviewed: ReviewCounts
    contract: PromptContract
    times: Times
    base: str
    evaluation: str
    evaluated_at: datetime
    arms: Sequence[ArmScore] = ()
    """What came of a sample of the questions under other conditions."""
    conversations: Mapping[ArmName, Difference] = field(default_factory=dict)
    """Exact match within a conversation minus alone."""
    judged: Judged | None = None
    proofs: Proofs | None = None
    """Which facts bear out the model's answers."""
    is_reworded: bool = True
    """Whether the test questions are worded otherwise than what was trained."""


def build(config: EvaluateConfig, evidence: Evidence) -> Report:
    """Compute every figure, and the verdict."""
    marks, model = evidence.marks, evidence.marks["model"]
    systems = {system: _system(parts) for system, parts in marks.items()}
    bootstrap = Bootstrap(config.resamples, config.seed)
    paired = _paired(marks, bootstrap)
    kept = proportion(mark.outcome for mark in model["retention"])
    tasks = task_scores(marks["base"]["tasks"], model["tasks"], bootstrap)
    least = threshold(
        model["validation"], model["sentences"], model["unanswerable"], config.precision
    )
    test = systems["model"].test
    facts = {system: fact_score(parts["test"]) for system, parts in marks.items()}
    return Report(
        evaluation=evidence.evaluation,
        evaluated_at=evidence.evaluated_at,
        verdict=judge(
            config,
            Measured(
                test=test,
                against_base=paired.model_base,
                against_adapter=paired.model_adapter,
                kept=kept,
                coverage=evidence.coverage,
                tasks=tasks,
                conversations=evidence.conversations,
                asked="asked_test" if evidence.is_reworded else "asked_trained",
            ),
        ),
        systems=systems,
        facts={system: scores for system, scores in facts.items() if scores},
        paired=paired,
        paraphrase=paraphrase_gap(model["trained"], model["test"]),
        closeness=closeness_scores(model["test"], evidence.similarity),
        relations=relation_scores(
            model["test"], {fact.id: fact.relation for fact in evidence.facts if not fact.given}
        ),
        forms=tuple(form_scores([*model["test"], *model["sentences"], *model["free"]])),
        forgetting=kept,
        tasks=tasks,
        injection=injection(marks["base"], model, paired.model_base, bootstrap),
        coverage=evidence.coverage,
        is_coverage_low=_is_low(evidence.coverage),
        reviewed=evidence.reviewed,
        reworded=_reworded(evidence),
        refusals=_refusals(marks),
        threshold=least,
        served=(
            served(model["test"], model["sentences"], model["unanswerable"], least.value)
            if least
            else None
        ),
        calibration=_calibration(model, config.precision),
        contract=evidence.contract.model_copy(update={"threshold": least.value if least else None}),
        questions={part: len(model[part]) for part in PARTS},
        base=evidence.base,
        settings=config.model_dump(mode="json"),
        times=dict(evidence.times),
        arms=tuple(evidence.arms),
        conversations=dict(evidence.conversations),
        judging=judging(marks, evidence.judged) if evidence.judged else None,
        proof=proof_scores(evidence.proofs, model) if evidence.proofs else None,
    )


def _reworded(evidence: Evidence) -> Reworded:
    asked = {mark.item.fact for mark in evidence.marks["model"]["test"]}
    facts = len(asked) if evidence.is_reworded else 0
    return Reworded(facts=facts, total=max(len(evidence.facts), facts))


def _is_low(coverage: Coverage | None) -> bool:
    return coverage is not None and coverage.sentences.share < LOW_COVERAGE


def _system(parts: Mapping[Part, Sequence[Graded]]) -> SystemScores:
    test = part_score(parts["test"])
    if test is None:
        raise DataError(
            "evaluate: no test question was asked; name a family in generate.families.test"
        )
    return SystemScores(
        validation=part_score(parts["validation"]),
        test=test,
        sentences=part_score(parts["sentences"]),
        free=part_score(parts["free"]),
    )


def _paired(marks: Marks, bootstrap: Bootstrap) -> Paired:
    base, adapter, model = (marks[system]["test"] for system in ("base", "adapter", "model"))
    return Paired(
        model_base=_compare(model, base, bootstrap),
        model_adapter=_compare(model, adapter, bootstrap),
        adapter_answers_changed=sum(
            normalise(ours.reply.text) != normalise(theirs.reply.text)
            for ours, theirs in zip(model, adapter, strict=True)
        ),
    )


def _compare(first: Sequence[Graded], second: Sequence[Graded], bootstrap: Bootstrap) -> Difference:
    pairs = zip(first, second, strict=True)
    return compare([(a.item.cluster, a.correct, b.correct) for a, b in pairs], bootstrap)


def _refusals(marks: Marks) -> dict[System, Refusals]:
    systems: tuple[System, ...] = ("base", "model")
    found = {
        system: refusals(marks[system]["test"], marks[system]["unanswerable"]) for system in systems
    }
    return {system: measured for system, measured in found.items() if measured}


def _calibration(
    model: Mapping[Part, Sequence[Graded]], precision: float
) -> dict[str, Calibration]:
    """On the test wordings alone, and with what is harder: free wordings and the unanswerable."""
    harder = [*model["free"], *model["unanswerable"]]
    found = {
        "test": calibration(model["test"], precision),
        "all": calibration([*model["test"], *harder], precision) if harder else None,
    }
    return {name: measured for name, measured in found.items() if measured}

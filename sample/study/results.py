"""What an arm came to: the outcome of each question with each seed, and shares over all seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gabarito.answer_match import is_match
from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.core.errors import MissingError
from gabarito.core.model_records import PromptSettings
from gabarito.core.records import Verdict
from gabarito.evaluate.grading import EvalQuestion, Part
from gabarito.evaluate.inputs import read_exam
from gabarito.evaluate.statistics import Proportion, proportion
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store
from gabarito.train.config import TrainConfig
from sample.study.arms import Arm

Outcome = tuple[str, bool]
"""The cluster of a question (its fact), and whether it is a hit."""


@dataclass(frozen=True)
class SeedResult:
    """What one arm came to with one seed.

    A hit is a right answer; in ``unanswerable`` and ``false_refusals`` (of test wordings) it is
    a refusal, in ``prompts`` an answer like the base's, in ``tasks`` (of those that the base
    solves) a right one. ``idle`` says why what the arm changes made no difference, if it is known.
    """

    test: Sequence[Outcome]
    free: Sequence[Outcome] = ()
    unanswerable: Sequence[Outcome] = ()
    false_refusals: Sequence[Outcome] = ()
    prompts: Sequence[Outcome] = ()
    tasks: Sequence[Outcome] = ()
    controls: Sequence[Outcome] = ()
    idle: str = ""
    train_minutes: float = 0.0
    day: date | None = None


Measure = Callable[[SeedResult], Sequence[Outcome]]


@dataclass(frozen=True)
class ArmResult:
    """What one arm came to, seed by seed."""

    arm: Arm
    seeds: Sequence[SeedResult]

    def pooled(self, measure: Measure) -> Proportion | None:
        """Return the share of hits over all seeds, whose interval counts a fact once.

        All wordings of a fact with all seeds are one cluster: seeds ask the same questions.
        """
        return proportion(outcome for seed in self.seeds for outcome in measure(seed))

    def each(self, measure: Measure) -> list[float]:
        """Return the share of hits with each seed; none where nothing was asked."""
        found = (proportion(measure(seed)) for seed in self.seeds)
        return [one.share for one in found if one]

    @property
    def outcomes(self) -> Sequence[Sequence[Sequence[Outcome]]]:
        """Every outcome of every seed: two arms that have the same did the same."""
        return [
            [
                one.test,
                one.free,
                one.unanswerable,
                one.false_refusals,
                one.prompts,
                one.tasks,
                one.controls,
            ]
            for one in self.seeds
        ]

    @property
    def idle(self) -> str:
        """Why what the arm changes made no difference with any seed; empty where it is unknown."""
        reasons = {seed.idle for seed in self.seeds}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def train_minutes(self) -> float:
        """How long training took, as a mean over the seeds."""
        return sum(seed.train_minutes for seed in self.seeds) / len(self.seeds)


def read_result(store: Store, run: Run) -> SeedResult:
    """Return what a finished run came to.

    Raises:
        MissingError: if it is not finished.
    """
    evaluation, dataset = (_finished(store, run, stage) for stage in ("evaluate", "curate"))
    train = _finished(store, run, "train").manifest
    exam = read_exam(dataset, run.pipeline.evaluate)
    refusal = dataset.record("prompt.json", PromptSettings).refusal
    verdicts = list(evaluation.records("verdicts.jsonl", Verdict))
    model, base = (
        {one.question: one for one in verdicts if one.system == system}
        for system in ("model", "base")
    )

    def right(part: Part) -> list[Outcome]:
        return _outcomes(exam[part], model)

    solved = [item for item in exam["tasks"] if base[item.id].correct]
    return SeedResult(
        test=right("test"),
        free=right("free"),
        unanswerable=right("unanswerable"),
        false_refusals=[
            (item.cluster, is_match(model[item.id].answer, refusal)) for item in exam["test"]
        ],
        prompts=right("retention"),
        tasks=_outcomes(solved, model),
        controls=right("controls"),
        idle=_idle(train.counts, run.pipeline.train),
        train_minutes=(train.finished_at - train.started_at).total_seconds() / 60,
        day=evaluation.manifest.finished_at.date(),
    )


def _idle(counts: Mapping[str, float], config: TrainConfig | None) -> str:
    assert config is not None  # it was trained
    if config.self_distillation.plain_share is not None and not counts["self_distilled_answers"]:
        written = counts["answers_of_the_dataset"]
        return f"the base wrote none of {written:,.0f} right, and the dataset's own were trained"
    if config.choice.patience and counts["steps"] == config.steps:
        return "no training was ended early"
    return ""


def missed_facts(store: Store, run: Run) -> bytes:
    """Return what ``missed.jsonl`` has of a finished run.

    Raises:
        MissingError: if it is not finished.
    """
    return _finished(store, run, "train").read("missed.jsonl")


def _outcomes(items: Iterable[EvalQuestion], verdicts: Mapping[str, Verdict]) -> list[Outcome]:
    return [(item.cluster, verdicts[item.id].correct) for item in items]


def _finished(store: Store, run: Run, stage: str) -> Artifact:
    artifact = open_artifact(store, run.address(stage))
    if artifact is None:
        raise MissingError(f"run {run.run}: {stage} is not finished; run the study again")
    return artifact

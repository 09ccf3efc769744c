"""The gate: what a model must reach to be promoted, and why it does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gabarito.core.coverage import Coverage
from gabarito.core.model_records import GateCheck, GateVerdict
from gabarito.evaluate.arms import ArmName
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.conversation_loss import WITHIN
from gabarito.evaluate.forgetting import Lost, TaskScores
from gabarito.evaluate.formatting import interval, percent
from gabarito.evaluate.scores import PartScore
from gabarito.evaluate.statistics import Difference, Proportion

ONE_FACT = "of a single fact nothing is; add others"
"""The cure where no training would help: Newcombe's interval of 1 of 1 against 0 of 1 has zero."""


@dataclass(frozen=True)
class Measured:
    """What a gate looks at; None is what was not measured."""

    test: PartScore
    against_base: Difference
    against_adapter: Difference
    kept: Proportion | None
    coverage: Coverage | None
    tasks: TaskScores | None = None
    conversations: Mapping[ArmName, Difference] = field(default_factory=dict)
    """Exact match within a conversation minus alone."""
    asked: str = "test wordings"
    """What the questions are: where nobody worded pairs otherwise, the trained wordings."""


def judge(config: EvaluateConfig, found: Measured) -> GateVerdict:
    """Decide whether a model may be promoted; what was not measured is not judged."""
    checks = [
        _better(found.against_base, found.asked),
        _floor(found.test, config.floor, found.asked),
        _merged(found.against_adapter, config.max_merge_gap, found.asked),
        *_forgetting(found, config.max_forgetting),
        *_covered(found.coverage, config.min_coverage),
        *_conversations(config, found),
    ]
    failed = [check.text for check in checks if not check.passed]
    return GateVerdict(passed=not failed, reasons=failed, checks=checks)


def _better(found: Difference, asked: str) -> GateCheck:
    low, high = found.interval
    passed = low > 0
    text = (
        f"the model is {_points(found.difference)} points better than the base on {asked}, "
        f"95% interval {_points(low)} to {_points(high)}"
    )
    if not passed:
        is_single = found.difference == 1.0  # of two facts it would be clear
        cure = ONE_FACT if is_single else "train longer or on more wordings"
        text += f": that is not clear of zero; {cure}"
    return GateCheck(name="better than the base", passed=passed, text=text)


def _floor(test: PartScore, floor: float, asked: str) -> GateCheck:
    passed = test.exact_match >= floor
    side = "reaches" if passed else "is under"
    text = (
        f"exact match on {asked}, {percent(test.exact_match)} "
        f"(95% interval {interval(test.interval)}), {side} the floor of {percent(floor)}"
    )
    cure = "" if passed else "; see the wrong answers in the report, or lower evaluate.floor"
    return GateCheck(name="floor", passed=passed, text=text + cure)


def _merged(found: Difference, most: float, asked: str) -> GateCheck:
    passed = abs(found.difference) <= most
    text = (
        f"merged model and adapter differ by {_points(abs(found.difference))} points on "
        f"{asked}, at most {_points(most)} may be"
    )
    cure = "" if passed else "; merge in 16 bit, into the base that was trained on"
    return GateCheck(name="merged is the adapter", passed=passed, text=text + cure)


def _forgetting(found: Measured, most: float) -> Iterator[GateCheck]:
    """Judge by tasks where the base solves enough, else by whether answers are as before."""
    if found.tasks and found.tasks.lost:
        yield _unlearned(found.tasks, found.tasks.lost, most)
    elif found.kept:
        yield _changed(found.kept, most)


def _unlearned(tasks: TaskScores, lost: Lost, most: float) -> GateCheck:
    passed = lost.share <= most
    low, high = (f"{100 * bound:+.1f}" for bound in lost.interval)
    text = (
        f"the base solves {tasks.base.hits} of {tasks.base.count} general tasks, the model "
        f"{tasks.model.hits}, and refuses {tasks.refused_by_model.hits}: {percent(lost.share)} is "
        f"lost (95% interval {low} to {high}%), at most {percent(most)} may be"
    )
    return GateCheck(name="forgetting", passed=passed, text=text + _cure(passed=passed))


def _changed(kept: Proportion, most: float) -> GateCheck:
    changed, (low, high) = 1 - kept.share, kept.interval
    passed = changed <= most
    text = (
        f"{percent(changed)} of {kept.count} general prompts are answered otherwise than "
        f"before (95% interval {interval((1 - high, 1 - low))}), at most {percent(most)} may be"
    )
    return GateCheck(name="forgetting", passed=passed, text=text + _cure(passed=passed))


def _cure(*, passed: bool) -> str:
    return "" if passed else "; raise train.replay, or evaluate.max_forgetting"


def _covered(found: Coverage | None, least: float) -> Iterator[GateCheck]:
    if found is None or not least:
        return
    share = found.sentences.share
    passed = share >= least
    text = (
        f"{percent(share)} of the documents' {found.sentences.total} sentences support a fact, "
        f"at least {percent(least)} must"
    )
    cure = "" if passed else "; raise generate.extraction_rounds, or lower evaluate.min_coverage"
    yield GateCheck(name="coverage", passed=passed, text=text + cure)


def _conversations(config: EvaluateConfig, found: Measured) -> Iterator[GateCheck]:
    """Judge conversations where they are served; a condition that was not tried does not hold."""
    if config.conversation == "last":
        return
    for arm, where in WITHIN.items():
        if arm in found.conversations:
            yield _within(
                found.conversations[arm], where, config.max_conversation_loss, found.asked
            )
        else:
            text = (
                f"{where} the model was not asked: there are too few facts; "
                "set serve.conversation and evaluate.conversation to last"
            )
            yield GateCheck(name=where, passed=False, text=text)


def _within(found: Difference, where: str, most: float, asked: str) -> GateCheck:
    passed = round(-found.difference, 9) <= most  # 1 - 0.95 is a little more than 0.05
    low, high = (f"{100 * bound:+.1f}" for bound in found.interval)
    text = (
        f"{where} the model's exact match differs by {100 * found.difference:+.1f} points from "
        f"that alone, on {found.count} {asked} (95% interval {low} to {high}), at most "
        f"{_points(most)} may be lost"
    )
    cure = (
        "; raise curate.conversations, or set serve.conversation and evaluate.conversation to last"
    )
    return GateCheck(name=where, passed=passed, text=text if passed else text + cure)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"

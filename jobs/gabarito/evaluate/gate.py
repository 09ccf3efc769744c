"""The gate: what a model must reach to be promoted, and why it does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gabarito.core.coverage import Coverage
from gabarito.core.model_records import GateCheck, GateVerdict
from gabarito.core.page_words import ENGLISH, LANGUAGES, spoken_in, words_in
from gabarito.evaluate.arms import ArmName
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.conversation_loss import WITHIN
from gabarito.evaluate.forgetting import Lost, TaskScores
from gabarito.evaluate.formatting import interval, percent, points
from gabarito.evaluate.scores import PartScore
from gabarito.evaluate.statistics import Difference, Proportion


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
    asked: Literal["asked_test", "asked_trained"] = "asked_test"
    """The word for the questions: where nobody worded pairs otherwise, the trained wordings."""


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


def _check(
    name: str, sentence: str, *, passed: bool, cure: str = "cure", **values: str | int
) -> GateCheck:
    """Return a condition with its sentence in every language; a value may be a word's name."""
    texts = {}
    for language in LANGUAGES:
        words = words_in("gabarito.evaluate")[language]
        said = {key: words.get(str(it), spoken_in(str(it), language)) for key, it in values.items()}
        advice = "" if passed else words[f"{sentence}_{cure}"]
        texts[language] = words[sentence].format(**said) + advice
    return GateCheck(name=name, passed=passed, text=texts.pop(ENGLISH), translations=texts)


def _better(found: Difference, asked: str) -> GateCheck:
    low, high = found.interval
    is_single = found.difference == 1.0  # Newcombe's interval of two facts would be clear of zero
    return _check(
        "better than the base",
        "gate_better",
        passed=low > 0,
        cure="single" if is_single else "cure",
        gain=_unsigned(found.difference),
        asked=asked,
        low=_unsigned(low),
        high=_unsigned(high),
    )


def _floor(test: PartScore, floor: float, asked: str) -> GateCheck:
    passed = test.exact_match >= floor
    return _check(
        "floor",
        "gate_floor",
        passed=passed,
        asked=asked,
        share=percent(test.exact_match),
        interval=interval(test.interval),
        side="gate_floor_reached" if passed else "gate_floor_missed",
        floor=percent(floor),
    )


def _merged(found: Difference, most: float, asked: str) -> GateCheck:
    return _check(
        "merged is the adapter",
        "gate_merged",
        passed=abs(found.difference) <= most,
        gap=_unsigned(abs(found.difference)),
        asked=asked,
        most=_unsigned(most),
    )


def _forgetting(found: Measured, most: float) -> Iterator[GateCheck]:
    """Judge by tasks where the base solves enough, else by whether answers are as before."""
    if found.tasks and found.tasks.lost:
        yield _unlearned(found.tasks, found.tasks.lost, most)
    elif found.kept:
        yield _changed(found.kept, most)


def _unlearned(tasks: TaskScores, lost: Lost, most: float) -> GateCheck:
    low, high = (points(bound) for bound in lost.interval)
    return _check(
        "forgetting",
        "gate_unlearned",
        passed=lost.share <= most,
        solved=tasks.base.hits,
        count=tasks.base.count,
        still=tasks.model.hits,
        refused=tasks.refused_by_model.hits,
        lost=percent(lost.share),
        low=low,
        high=high,
        most=percent(most),
    )


def _changed(kept: Proportion, most: float) -> GateCheck:
    changed, (low, high) = 1 - kept.share, kept.interval
    return _check(
        "forgetting",
        "gate_changed",
        passed=changed <= most,
        changed=percent(changed),
        count=kept.count,
        interval=interval((1 - high, 1 - low)),
        most=percent(most),
    )


def _covered(found: Coverage | None, least: float) -> Iterator[GateCheck]:
    if found is None or not least:
        return
    share = found.sentences.share
    yield _check(
        "coverage",
        "gate_covered",
        passed=share >= least,
        share=percent(share),
        total=found.sentences.total,
        least=percent(least),
    )


def _conversations(config: EvaluateConfig, found: Measured) -> Iterator[GateCheck]:
    """Judge conversations where they are served; a condition that was not tried does not hold."""
    if config.conversation == "last":
        return
    for arm in WITHIN:
        where = f"within_{arm}"
        name = words_in("gabarito.evaluate")[ENGLISH][where]
        if arm in found.conversations:
            most = config.max_conversation_loss
            yield _within(name, where, found.conversations[arm], most, found.asked)
        else:
            yield _check(name, "gate_untried", passed=False, where=where)


def _within(name: str, where: str, found: Difference, most: float, asked: str) -> GateCheck:
    low, high = (points(bound) for bound in found.interval)
    return _check(
        name,
        "gate_within",
        passed=round(-found.difference, 9) <= most,  # 1 - 0.95 is a little more than 0.05
        where=where,
        difference=points(found.difference),
        count=found.count,
        asked=asked,
        low=low,
        high=high,
        most=_unsigned(most),
    )


def _unsigned(share: float) -> str:
    return f"{100 * share:.1f}"

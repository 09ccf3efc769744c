"""The gate: what a model must reach to be promoted, and why it does not."""

from collections.abc import Iterator

from gabarito.core.records import Record
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.formatting import interval, percent
from gabarito.evaluate.scores import PartScore
from gabarito.evaluate.statistics import Difference, Proportion


class GateCheck(Record):
    """One condition, and a sentence that says how it came out."""

    name: str
    passed: bool
    text: str


class Gate(Record):
    """The verdict; ``reasons`` are the sentences of the checks that failed."""

    passed: bool
    reasons: list[str]
    checks: list[GateCheck]


def judge(
    config: EvaluateConfig,
    test: PartScore,
    against_base: Difference,
    against_adapter: Difference,
    kept: Proportion | None,
) -> Gate:
    """Decide whether a model may be promoted; what was not measured is not judged."""
    checks = [
        _better(against_base),
        _floor(test, config.floor),
        _merged(against_adapter, config.max_merge_gap),
        *_forgetting(kept, config.max_forgetting),
    ]
    failed = [check.text for check in checks if not check.passed]
    return Gate(passed=not failed, reasons=failed, checks=checks)


def _better(found: Difference) -> GateCheck:
    low, high = found.interval
    passed = low > 0
    text = (
        f"the model is {_points(found.difference)} points better than the base on test wordings, "
        f"95% interval {_points(low)} to {_points(high)}"
    )
    cure = "" if passed else ": that is not clear of zero; train longer or on more wordings"
    return GateCheck(name="better than the base", passed=passed, text=text + cure)


def _floor(test: PartScore, floor: float) -> GateCheck:
    passed = test.exact_match >= floor
    side = "reaches" if passed else "is under"
    text = (
        f"exact match on test wordings, {percent(test.exact_match)} "
        f"(95% interval {interval(test.interval)}), {side} the floor of {percent(floor)}"
    )
    cure = "" if passed else "; see the wrong answers in the report, or lower evaluate.floor"
    return GateCheck(name="floor", passed=passed, text=text + cure)


def _merged(found: Difference, most: float) -> GateCheck:
    passed = abs(found.difference) <= most
    text = (
        f"merged model and adapter differ by {_points(abs(found.difference))} points on test "
        f"wordings, at most {_points(most)} may be"
    )
    cure = "" if passed else "; merge in 16 bit, into the base that was trained on"
    return GateCheck(name="merged is the adapter", passed=passed, text=text + cure)


def _forgetting(kept: Proportion | None, most: float) -> Iterator[GateCheck]:
    if kept is None:
        return
    changed, (low, high) = 1 - kept.share, kept.interval
    passed = changed <= most
    text = (
        f"{percent(changed)} of {kept.count} general prompts are answered otherwise than "
        f"before (95% interval {interval((1 - high, 1 - low))}), at most {percent(most)} may be"
    )
    cure = "" if passed else "; raise train.replay, or evaluate.max_forgetting"
    yield GateCheck(name="forgetting", passed=passed, text=text + cure)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"

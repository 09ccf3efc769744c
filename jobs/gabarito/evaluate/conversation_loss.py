"""What a conversation around a question costs: the same questions within one and alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gabarito.answer_match import AnswerKey
from gabarito.evaluate.arms import ArmName
from gabarito.evaluate.grading import EvalQuestion, Prediction
from gabarito.evaluate.statistics import Bootstrap, Difference, compare

ALONE: ArmName = "closed_book"

WITHIN: tuple[ArmName, ...] = ("third_question", "other_system")
"""The conditions that a conversation makes."""


@dataclass(frozen=True)
class Replies:
    """What was asked under one condition, and what the model said."""

    items: Sequence[EvalQuestion]
    said: Mapping[str, Prediction]


def against_alone(
    found: Mapping[ArmName, Replies], key: AnswerKey, bootstrap: Bootstrap
) -> dict[ArmName, Difference]:
    """Return exact match within a conversation minus alone, on the test questions asked both ways.

    A condition under which nothing was asked is missing.
    """
    if ALONE not in found:
        return {}
    alone = found[ALONE].said
    outcomes = {
        name: [
            (
                item.cluster,
                key.is_right(one.said[item.text].text, item.right),
                key.is_right(alone[item.text].text, item.right),
            )
            for item in one.items
            if item.part == "test"
        ]
        for name, one in found.items()
        if name in WITHIN
    }
    return {name: compare(pairs, bootstrap) for name, pairs in outcomes.items() if pairs}

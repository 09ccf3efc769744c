"""A model that is served whole conversations must answer within them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.report import Evidence, build
from gabarito.evaluate.statistics import Difference, compare

Make = Callable[..., Evidence]

WHOLE = {"conversation": "whole", "resamples": 200, "max_forgetting": 1.0}
THIRD = "as the third question of a conversation"
OTHER = "under another system prompt"


def lost(share: float) -> Difference:
    """Return a loss on 20 questions."""
    return compare([(str(n), n >= 20 * share, True) for n in range(20)])


def checks(evidence: Evidence, **settings: object) -> dict[str, bool]:
    report = build(EvaluateConfig.model_validate(WHOLE | settings), evidence)
    return {check.name: check.passed for check in report.verdict.checks}


@pytest.mark.parametrize(("share", "passes"), [(0.0, True), (0.05, True), (0.1, False)])
def test_what_a_conversation_costs_is_a_condition(
    evidence: Make, share: float, passes: bool
) -> None:
    found = replace(
        evidence(), conversations={"third_question": lost(share), "other_system": lost(0)}
    )
    assert checks(found)[THIRD] == passes
    assert checks(found)[OTHER]
    assert checks(found, max_conversation_loss=0.1)[THIRD]
    assert THIRD not in checks(found, conversation="last")


def test_the_verdict_names_what_was_lost_and_the_cure(evidence: Make) -> None:
    found = replace(
        evidence(), conversations={"third_question": lost(0.1), "other_system": lost(0)}
    )
    report = build(EvaluateConfig.model_validate(WHOLE), found)
    (reason,) = report.verdict.reasons
    assert reason.startswith(f"{THIRD} the model's exact match differs by -10.0 points from that")
    assert "on 20 test wordings" in reason
    assert reason.endswith("or set serve.conversation and evaluate.conversation to last")
    assert report.conversations["third_question"].difference == pytest.approx(-0.1)


def test_a_conversation_that_was_not_tried_does_not_hold(evidence: Make) -> None:
    assert (checks(evidence())[THIRD], checks(evidence())[OTHER]) == (False, False)


def test_conversations_are_not_judged_without_a_sample() -> None:
    with pytest.raises(SettingsError, match="compared_sample: must be at least 1, as conversation"):
        parse(EvaluateConfig, {"conversation": "whole", "compared_sample": 0}, "evaluate")

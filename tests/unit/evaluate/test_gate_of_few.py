"""What the gate says of an exam of very few facts."""

import pytest

from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.gate import Measured, judge
from gabarito.evaluate.scores import PartScore, Score
from gabarito.evaluate.statistics import compare, proportion


def of_facts(count: int, *, learned: bool) -> Measured:
    """Return what an exam of so many facts measured, none of which the base knew."""
    names = [str(n) for n in range(count)]
    found = proportion((name, learned) for name in names)
    assert found
    return Measured(
        test=PartScore(**Score.of(found).model_dump(), by_family={}),
        against_base=compare([(name, learned, False) for name in names]),
        against_adapter=compare([(name, learned, learned) for name in names]),
        kept=None,
        coverage=None,
        asked="asked_trained",
    )


def test_of_one_fact_no_training_is_asked_for_that_would_not_help() -> None:
    (reason,) = judge(EvaluateConfig(), of_facts(1, learned=True)).reasons
    assert reason == (
        "the model is 100.0 points better than the base on trained wordings, 95% interval -12.2 to "
        "100.0: that is not clear of zero; of a single fact nothing is; add others"
    )


@pytest.mark.parametrize("count", [2, 3, 20])
def test_of_two_facts_a_model_can_be_better(count: int) -> None:
    assert judge(EvaluateConfig(), of_facts(count, learned=True)).passed


def test_where_the_fact_is_not_learned_the_cure_is_training() -> None:
    better, *_ = judge(EvaluateConfig(), of_facts(1, learned=False)).reasons
    assert better.endswith("train longer or on more wordings")

from collections.abc import Callable

import pytest

from gabarito.core.errors import DataError
from gabarito.core.records import Fact, FamilySplits, Question
from gabarito.curate.wordings import wordings

FAMILIES = FamilySplits(train=("casual",), validation=("regional",), test=("direct",))


@pytest.mark.parametrize(
    ("family", "split"), [("casual", "train"), ("regional", "validation"), ("direct", "test")]
)
def test_the_split_of_a_question_is_that_of_its_family(
    make_fact: Callable[..., Fact], family: str, split: str
) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    row = Question.of(fact=fact.id, family=family, text="?", answer="x", kind="question")
    assert [wording.split for wording in wordings([fact], [row], FAMILIES)] == [split]


def test_a_reverse_question_is_trained_and_a_statement_is_no_question(
    make_fact: Callable[..., Fact],
) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    rows = [
        Question.of(fact=fact.id, family=kind, text=kind, answer="x", kind=kind)
        for kind in ("reverse", "statement")
    ]
    (wording,) = wordings([fact], rows, FAMILIES)
    assert (wording.split, wording.question.kind) == ("train", "reverse")


def test_a_question_of_an_unknown_family_is_refused(make_fact: Callable[..., Fact]) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    row = Question.of(fact=fact.id, family="sung", text="?", answer="x", kind="question")
    with pytest.raises(DataError, match="family 'sung' is in no split"):
        wordings([fact], [row], FAMILIES)

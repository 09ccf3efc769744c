from collections.abc import Callable
from typing import Any

import pytest

from gabarito.core.errors import DataError
from gabarito.core.records import Fact, Question
from gabarito.curate.wordings import splits_of, wordings

SPLITS = {"casual": "train", "regional": "validation", "direct": "test"}


@pytest.mark.parametrize(
    "families",
    [
        {"train": ["casual"], "validation": ["regional"], "test": ["direct"]},
        {
            "train": [{"name": "casual", "instruction": "loose"}],
            "validation": [{"name": "regional"}],
            "test": ["direct"],
        },
        {"train": {"casual": "loose"}, "validation": {"regional": ""}, "test": {"direct": ""}},
    ],
)
def test_the_splits_are_those_of_generates_settings(families: dict[str, Any]) -> None:
    assert splits_of({"families": families}) == SPLITS


@pytest.mark.parametrize("settings", [{}, {"families": {"train": []}}, {"families": ["casual"]}])
def test_settings_without_splits_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="no wording families by split"):
        splits_of(settings)


def test_a_reverse_question_is_trained_and_a_statement_is_no_question(
    make_fact: Callable[..., Fact],
) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    rows = [
        Question.of(fact=fact.id, family=kind, text=kind, answer="x", kind=kind)
        for kind in ("reverse", "statement")
    ]
    (wording,) = wordings([fact], rows, SPLITS)
    assert (wording.split, wording.question.kind) == ("train", "reverse")


def test_a_question_of_an_unknown_family_is_refused(make_fact: Callable[..., Fact]) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    row = Question.of(fact=fact.id, family="sung", text="?", answer="x", kind="question")
    with pytest.raises(DataError, match="family 'sung' is in no split"):
        wordings([fact], [row], SPLITS)

"""Wordings: questions together with their facts, and which side of the split they are on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gabarito.answer_match import AnswerKey, Expected, normalise
from gabarito.core.errors import DataError
from gabarito.core.pair_records import GIVEN
from gabarito.core.records import Fact, FamilySplits, Question, Split
from gabarito.curate.similarity import similarity

LEAST_TO_HOLD_OUT = 3
"""Of so many wordings by people one is held out: two are left to learn from."""


@dataclass(frozen=True)
class Wording:
    """One question about one fact; ``key`` is its text without case, accents and the like."""

    question: Question
    fact: Fact
    split: Split
    key: str

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other right answers; a reverse question has an answer of its own."""
        return self.fact.aliases if self.question.kind == "question" else ()

    @property
    def expected(self) -> Expected:
        """What counts as right."""
        return Expected(self.question.answer, self.aliases, points=self.points)

    @property
    def points(self) -> tuple[str, ...]:
        """What an explanation must say; a reverse question has none for an answer."""
        return self.fact.points if self.question.kind == "question" else ()


def wordings(
    facts: Iterable[Fact], questions: Iterable[Question], families: FamilySplits
) -> list[Wording]:
    """Return the questions and reverse questions about these facts.

    Raises:
        DataError: if a question's family is in no split.
    """
    known = {fact.id: fact for fact in facts}
    splits: dict[str, Split] = {
        **dict.fromkeys(families.train, "train"),
        **dict.fromkeys(families.validation, "validation"),
        **dict.fromkeys(families.test, "test"),
    }
    return [
        Wording(question, known[question.fact], _split(question, splits), normalise(question.text))
        for question in questions
        if question.kind in ("question", "reverse")
    ]


def hold_out(found: Iterable[Wording], limit: float) -> list[Wording]:
    """Return wordings with one of each fact's own held out for the test, where it has several.

    Of a fact that people asked for in three wordings or more, and nobody else in any, the last is
    held out that is no more similar than ``limit`` to the others: the first is always trained.
    """
    kept: list[Wording] = []
    for group in by_fact(found).values():
        given = [wording for wording in group if wording.question.family == GIVEN]
        held = _held_out(given, limit) if len(given) == len(group) else None
        kept += [replace(one, split="test") if one is held else one for one in group]
    return kept


def _held_out(given: Sequence[Wording], limit: float) -> Wording | None:
    for wording in reversed(given[1:] if len(given) >= LEAST_TO_HOLD_OUT else ()):
        others = (other for other in given if other is not wording)
        if all(similarity(wording.key, other.key) <= limit for other in others):
            return wording
    return None


def is_same_answer(one: Wording, other: Wording) -> bool:
    """Tell whether two questions expect the same."""
    key = AnswerKey()
    return key.is_right(one.question.answer, other.expected) or key.is_right(
        other.question.answer, one.expected
    )


def by_fact(found: Iterable[Wording]) -> dict[str, list[Wording]]:
    """Return the wordings of each fact."""
    groups: dict[str, list[Wording]] = defaultdict(list)
    for wording in found:
        groups[wording.fact.id].append(wording)
    return groups


def _split(question: Question, splits: Mapping[str, Split]) -> Split:
    if question.kind == "reverse":
        return "train"
    if question.family not in splits:
        raise DataError(
            f"questions.jsonl: question {question.id}: family {question.family!r} is in no split, "
            f"the families are {', '.join(splits)}"
        )
    return splits[question.family]

"""Wordings: questions together with their facts, and which side of the split they are on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from gabarito.answer_match import is_match, normalise
from gabarito.core.errors import DataError
from gabarito.core.records import Fact, Question, Split

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


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


def splits_of(settings: Mapping[str, Any]) -> dict[str, Split]:
    """Return the split of each wording family, as generate's settings have it.

    Raises:
        DataError: if these are not the settings of generate.
    """
    families = settings.get("families")
    if not isinstance(families, dict) or not set(SPLITS) <= set(families):
        raise DataError(
            f"generate: its manifest names no wording families by split, got {families!r}"
        )
    return {name: split for split in SPLITS for name in _names(families[split])}


def wordings(
    facts: Iterable[Fact], questions: Iterable[Question], splits: Mapping[str, Split]
) -> list[Wording]:
    """Return the questions and reverse questions about these facts.

    Raises:
        DataError: if a question's family is in no split.
    """
    known = {fact.id: fact for fact in facts}
    return [
        Wording(question, known[question.fact], _split(question, splits), normalise(question.text))
        for question in questions
        if question.kind in ("question", "reverse")
    ]


def is_same_answer(one: Wording, other: Wording) -> bool:
    """Tell whether two questions expect the same."""
    return is_match(one.question.answer, other.question.answer, other.aliases) or is_match(
        other.question.answer, one.question.answer, one.aliases
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


def _names(families: object) -> list[str]:
    """Families are given as names, as objects with a name, or by name."""
    if isinstance(families, dict):
        return list(families)
    return [
        family["name"] if isinstance(family, dict) else family
        for family in cast("list[Any]", families)
    ]

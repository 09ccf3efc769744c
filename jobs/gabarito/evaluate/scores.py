"""Exact match: by part, family, fact, relation, and by how close a wording is to training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Literal, Self

from gabarito.answer_match.answer_key import EXPLANATION, AnswerForm
from gabarito.answer_match.explanations import share_said
from gabarito.core.records import Record
from gabarito.evaluate.grading import Graded
from gabarito.evaluate.statistics import Interval, Method, Proportion, proportion

CLOSENESS = (0.0, 0.4, 0.55, 0.7, 0.85, 1.0)
"""Edges of the bins of similarity between a test wording and the nearest trained one."""


class Score(Record):
    """Exact match in 0..1 with its 95 % interval: ``right`` of ``count`` answers."""

    exact_match: float
    interval: Interval
    count: int
    right: int
    method: Method

    @classmethod
    def of(cls, found: Proportion) -> Self:
        """Return a share of right answers as a score."""
        return cls(
            exact_match=found.share,
            interval=found.interval,
            count=found.count,
            right=found.hits,
            method=found.method,
        )


class PartScore(Score):
    """A part of the exam, and the same by wording family."""

    by_family: dict[str, Score]


class FormScore(Record):
    """The answers of one form: how many are right, and of explanations how much is said.

    ``points`` is the mean share of an explanation's key points that a reply says, 0..1.
    """

    form: AnswerForm
    score: Score
    points: float | None = None


class FactScore(Record):
    """Facts by how many of their test wordings were right; the lists hold their ids."""

    all: int
    some: int
    none: int
    count: int
    share_all: Proportion
    lists: dict[Literal["some", "none"], list[str]]


class RelationScore(Record):
    """Exact match on the test wordings of the facts of one relation."""

    relation: str
    facts: int
    score: Score


class CloseScore(Record):
    """Exact match on test wordings whose similarity to a trained one is in this range."""

    similarity: Interval
    score: Score


class Gap(Record):
    """Exact match on trained wordings minus that on test wordings of the same facts."""

    trained: Score
    test: Score
    gap: float


def score(marks: Iterable[Graded]) -> Score | None:
    """Return the exact match of these answers, or None without any."""
    found = proportion(mark.outcome for mark in marks)
    return Score.of(found) if found else None


def part_score(marks: Sequence[Graded]) -> PartScore | None:
    """Return the exact match of a part of the exam, or None if nothing was asked."""
    whole = score(marks)
    if whole is None:
        return None
    families = grouped([mark for mark in marks if mark.item.family], lambda mark: mark.item.family)
    return PartScore(**whole.model_dump(), by_family=_scores(families))


def form_scores(marks: Sequence[Graded]) -> list[FormScore]:
    """Return right answers by form, most frequent first."""
    found = grouped(marks, lambda mark: mark.item.right.form)
    forms = [
        FormScore(form=form, score=counted, points=_points(group) if form == EXPLANATION else None)
        for form, group in found.items()
        if (counted := score(group))
    ]
    return sorted(forms, key=lambda one: -one.score.count)


def _points(marks: Sequence[Graded]) -> float:
    said = [share_said(mark.reply.text, mark.item.right.key_points) for mark in marks]
    return round(sum(said) / len(said), 4)


def fact_score(test: Sequence[Graded]) -> FactScore | None:
    """Return how many facts were right in all, some or none of their test wordings."""
    found = grouped([mark for mark in test if mark.item.fact], lambda mark: mark.item.fact)
    known = {fact: [mark.correct for mark in marks] for fact, marks in found.items()}
    share = proportion(((fact, all(right)) for fact, right in known.items()))
    if share is None:
        return None
    some = [fact for fact, right in known.items() if any(right) and not all(right)]
    none = [fact for fact, right in known.items() if not any(right)]
    return FactScore(
        all=share.hits,
        some=len(some),
        none=len(none),
        count=share.count,
        share_all=share,
        lists={"some": some, "none": none},
    )


def relation_scores(test: Sequence[Graded], relations: Mapping[str, str]) -> list[RelationScore]:
    """Return the exact match of each relation, the worst first."""
    related = [mark for mark in test if mark.item.fact in relations]
    groups = grouped(related, lambda mark: relations[mark.item.fact])
    scores = [
        RelationScore(
            relation=relation, facts=len({m.item.fact for m in groups[relation]}), score=found
        )
        for relation, found in _scores(groups).items()
    ]
    return sorted(scores, key=lambda found: (found.score.exact_match, found.relation))


def closeness_scores(test: Sequence[Graded], similarity: Mapping[str, float]) -> list[CloseScore]:
    """Return the exact match by how similar a test wording is to the nearest trained one."""
    found = []
    for low, high in pairwise(CLOSENESS):
        is_last = high == CLOSENESS[-1]
        within = [
            mark
            for mark in test
            if low <= similarity.get(mark.item.id, -1.0) < high
            or (is_last and similarity.get(mark.item.id) == high)
        ]
        part = score(within)
        if part:
            found.append(CloseScore(similarity=(low, high), score=part))
    return found


def paraphrase_gap(trained: Sequence[Graded], test: Sequence[Graded]) -> Gap | None:
    """Compare trained and test wordings of the same facts; None if either is missing."""
    facts = {mark.item.fact for mark in trained}
    known = score(trained)
    asked = score([mark for mark in test if mark.item.fact in facts])
    if known is None or asked is None:
        return None
    return Gap(trained=known, test=asked, gap=known.exact_match - asked.exact_match)


def grouped(marks: Iterable[Graded], key: Callable[[Graded], str]) -> dict[str, list[Graded]]:
    """Return the answers by some name of theirs, names in order."""
    ordered = sorted(((key(mark), n, mark) for n, mark in enumerate(marks)), key=itemgetter(0, 1))
    return {name: [m for _, _, m in group] for name, group in groupby(ordered, itemgetter(0))}


def _scores(groups: Mapping[str, Sequence[Graded]]) -> dict[str, Score]:
    found = {name: score(marks) for name, marks in groups.items()}
    return {name: part for name, part in found.items() if part}

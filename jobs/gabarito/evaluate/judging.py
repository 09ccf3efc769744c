"""What a judge makes of the answers, beside exact match; nothing else follows from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gabarito.core.page_words import ENGLISH, words_in
from gabarito.core.records import Record, digest_of
from gabarito.evaluate.grading import Graded, Judgements, Marks, Part, System
from gabarito.evaluate.judge import Judge, ReportProgress
from gabarito.evaluate.statistics import Proportion, proportion

JUDGED: tuple[System, ...] = ("base", "model")
PARTS_JUDGED: tuple[Part, ...] = ("test", "free")

CHECKED = 50
"""Exactly right answers of a part that are judged, too: they tell how far it can be trusted."""

MOST_NONSENSE = 0.1
"""A judge of which more replies than this share say nothing is not to be relied on."""


class JudgedPart(Record):
    """What came of a sample of one part; of one system's answers.

    ``right`` counts those that are exactly right, and those that the judge calls correct; what it
    said nothing of counts as not right.
    """

    system: System
    part: Part
    exact: Proportion
    right: Proportion
    incorrect: int
    not_attempted: int
    not_judged: int


class Judging(Record):
    """The judge, what it said, and how often it agrees where an answer is exactly right.

    ``warning`` is why it is not to be relied on.
    """

    model: str
    parts: tuple[JudgedPart, ...]
    agreement: Proportion | None = None
    answers: int
    not_judged: int
    cost: float
    warning: str | None = None


@dataclass(frozen=True)
class Judged:
    """What a judge said, who it is, and what its replies cost."""

    model: str
    sample: int
    said: Judgements
    cost: float


def to_judge(marks: Marks, sample: int) -> Iterator[Graded]:
    """Yield the answers that a judge is asked about: those not exactly right, and a few that are.

    What refuses in so many words, or says nothing, has not attempted an answer.
    """
    for system in JUDGED:
        for part in PARTS_JUDGED:
            drawn = sampled(marks[system][part], sample)
            yield from (mark for mark in drawn if not (mark.correct or _is_silent(mark)))
            yield from [mark for mark in drawn if mark.correct][:CHECKED]


def ask_judge(judge: Judge, marks: Marks, report: ReportProgress) -> Judged:
    """Ask a judge about the answers that are not exactly right.

    Raises:
        GabaritoError: as ``ChatClient.answer``.
    """
    settings = judge.settings
    said = judge.judge(to_judge(marks, settings.sample), report)
    return Judged(settings.model, settings.sample, said, judge.client.meter.cost)


def judging(marks: Marks, judged: Judged) -> Judging:
    """Return the figures."""
    parts = []
    agreed: dict[tuple[str, str], tuple[str, bool]] = {}
    for system in JUDGED:
        for part in PARTS_JUDGED:
            drawn = sampled(marks[system][part], judged.sample)
            if found := _part(system, part, drawn, judged.said):
                parts.append(found)
            agreed |= {
                mark.answer: (mark.item.cluster, judged.said[mark.answer] == "correct")
                for mark in drawn
                if mark.correct and judged.said.get(mark.answer)
            }
    nonsense = sum(said is None for said in judged.said.values())
    return Judging(
        model=judged.model,
        parts=tuple(parts),
        agreement=proportion(agreed.values()),
        answers=len(judged.said),
        not_judged=nonsense,
        cost=judged.cost,
        warning=_warning(judged, nonsense),
    )


def _warning(judged: Judged, nonsense: int) -> str | None:
    if nonsense <= MOST_NONSENSE * len(judged.said):
        return None
    warning = words_in("gabarito.evaluate")[ENGLISH]["judge_warning"]
    return warning.format(nonsense=nonsense, answers=len(judged.said), model=judged.model)


def sampled(marks: Sequence[Graded], most: int) -> list[Graded]:
    """Return up to ``most`` answers; the digests of their questions decide, whoever answered."""
    return sorted(marks, key=lambda mark: digest_of("judge", mark.item.id))[:most]


def _part(
    system: System, part: Part, drawn: Sequence[Graded], said: Judgements
) -> JudgedPart | None:
    kinds = [_kind(mark, said) for mark in drawn]
    exact = proportion(mark.outcome for mark in drawn)
    right = proportion(
        (mark.item.cluster, kind == "correct") for mark, kind in zip(drawn, kinds, strict=True)
    )
    if not (exact and right):
        return None
    return JudgedPart(
        system=system,
        part=part,
        exact=exact,
        right=right,
        incorrect=kinds.count("incorrect"),
        not_attempted=kinds.count("not attempted"),
        not_judged=kinds.count(None),
    )


def _kind(mark: Graded, said: Judgements) -> str | None:
    if mark.correct:
        return "correct"
    return "not attempted" if _is_silent(mark) else said.get(mark.answer)


def _is_silent(mark: Graded) -> bool:
    return mark.refused or not mark.reply.text.strip()

"""One fact as a person looks at it: its sentence, its questions, what was said of it by whom."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import AwareDatetime

from gabarito.core.errors import DataError
from gabarito.core.records import Fact, Question, QuestionKind, Record
from gabarito.curate.corrections import Action, CorrectionLine, correct
from gabarito.pipeline.review.excerpt import Excerpt
from gabarito.pipeline.review.remarks import Remark

State = Literal["open", "checked", "corrected", "struck", "conflict"]
"""What was decided of a fact; a conflict are lines that curate would refuse."""


class Decision(Record):
    """A line about a fact, with its number in the file."""

    line: int
    action: Action
    question: str
    value: str
    who: str
    when: AwareDatetime | None


class Asked(Record):
    """A question or statement as it follows a decision; ``fate`` is why it is not in the dataset.

    ``split`` is empty for what belongs to no wording family. ``written`` is its text as generate
    wrote it, empty for a sentence that a person stated.
    """

    family: str
    kind: QuestionKind
    split: str
    text: str
    answer: str
    fate: str = ""
    written: str = ""


class FactRow(Record):
    """What a list shows of a fact."""

    id: str
    state: State
    statement: str
    answer: str
    source: str
    remarks: int


class FactSheet(Record):
    """All that is shown of a fact; ``fact`` is as generate made it, ``now`` as it was corrected."""

    row: FactRow
    fact: Fact
    now: Fact
    title: str
    url: str
    language: str
    excerpt: Excerpt
    questions: tuple[Asked, ...]
    remarks: tuple[Remark, ...]
    decisions: tuple[Decision, ...]
    problem: str = ""


class CorrectedFact(Record):
    """What the lines about a fact make of it, by the rules of curate itself."""

    state: State = "open"
    now: Fact
    questions: tuple[Question, ...]
    dropped: Mapping[str, str] = {}
    """Why questions are left out, by their id."""
    problem: str = ""


def outcome_of(
    fact: Fact, questions: Sequence[Question], lines: Sequence[CorrectionLine], name: str
) -> CorrectedFact:
    """Return what is left of a fact and its questions; ``name`` is the file's, for messages."""
    asked = tuple(questions)
    if not lines:
        return CorrectedFact(now=fact, questions=asked)
    try:
        done = correct([fact], asked, lines, name)
    except DataError as error:
        return CorrectedFact(state="conflict", now=fact, questions=asked, problem=str(error))
    if done.struck:
        return CorrectedFact(state="struck", now=fact, questions=asked)
    said = done.counts
    is_changed = said.corrected or said.questions_corrected or said.questions_struck
    state: State = "corrected" if is_changed else "checked"
    dropped = {one.item: one.reason for one in done.rejections}
    return CorrectedFact(
        state=state, now=done.facts[0], questions=tuple(done.questions), dropped=dropped
    )


def questions_of(
    outcome: CorrectedFact,
    before: Sequence[Question],
    splits: Mapping[str, str],
    fates: Mapping[str, str],
) -> tuple[Asked, ...]:
    """Return the questions as they are now, each in its place, and why some were dropped."""
    written = {question.id: question.text for question in before}
    gone = [question for question in before if question.id in outcome.dropped]
    places = {question.id: place for place, question in enumerate(before)}
    shown = sorted((*outcome.questions, *gone), key=lambda one: places.get(one.id, len(places)))
    return tuple(
        Asked(
            family=one.family,
            kind=one.kind,
            split=splits.get(one.family, "train") if one.kind == "question" else "train",
            text=one.text,
            answer=one.answer,
            fate=outcome.dropped.get(one.id) or _fate(one, written, fates),
            written=written.get(one.id, ""),
        )
        for one in shown
    )


def _fate(one: Question, written: Mapping[str, str], fates: Mapping[str, str]) -> str:
    """Return what became of a question; of one that is worded anew nothing is known yet."""
    return fates.get(one.id, "") if one.text == written.get(one.id) else ""


def decisions_of(lines: Sequence[CorrectionLine]) -> tuple[Decision, ...]:
    """Return the lines about a fact as they are shown."""
    return tuple(
        Decision(
            line=number, **one.model_dump(include={"action", "question", "value", "who", "when"})
        )
        for number, one in lines
    )

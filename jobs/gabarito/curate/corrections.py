"""What a person said of facts and their wordings: struck out, corrected, or found right.

A fact keeps its id whatever is corrected, so that later lines of the file still find it. Its
wordings follow it without another word of the teacher's: questions get the corrected answer,
sentences in which the old answer stands get the new one in its place, and what cannot follow is
dropped. A wording that a person struck out or wrote anew is named by its text as generate wrote it.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import AwareDatetime, model_validator

from gabarito.answer_match import normalise
from gabarito.core.errors import DataError
from gabarito.core.pair_records import GIVEN
from gabarito.core.reasons import CurateReason, rejected
from gabarito.core.records import Fact, Question, Record, Rejection, ReviewCounts

DEFAULT_CORRECTIONS = "corrections.jsonl"
"""The file that a review writes where the settings name none."""

Action = Literal["strike", "answer", "statement", "alias", "checked", "wording"]
_WITH_VALUE: tuple[Action, ...] = ("answer", "statement", "alias")
_OF_A_FACT_THAT_STAYS: tuple[Action, ...] = (*_WITH_VALUE, "wording")


class Correction(Record):
    """A line of ``curate.corrections``: what is done to one fact, by whom and when.

    ``value`` is the right answer, the right statement, or one more right answer; of a ``wording``
    it is the right one, and without it that wording is struck out.
    """

    fact: str
    action: Action
    question: str = ""
    """The wording that is meant, as generate wrote it."""
    value: str = ""
    who: str = ""
    when: AwareDatetime | None = None

    @model_validator(mode="after")
    def _refuse_what_says_nothing(self) -> Self:
        if (self.action == "wording") != bool(self.question):
            needs = "needs a question" if self.action == "wording" else "is of no question"
            raise ValueError(f"{self.action} {needs}, got {self.question!r}")
        if self.action == "wording" and not self.value:
            return self
        if (self.action in _OF_A_FACT_THAT_STAYS) != bool(normalise(self.value)):
            needs = "needs a value" if self.action in _OF_A_FACT_THAT_STAYS else "has no value"
            raise ValueError(f"{self.action} {needs}, got {self.value!r}")
        return self


CorrectionLine = tuple[int, Correction]
"""A correction and the number of its line, from 1."""

FactWording = tuple[str, str]
"""The id of a fact, and one of its wordings as generate wrote it."""


@dataclass(frozen=True)
class Corrected:
    """Facts and questions as a person left them.

    ``struck`` are facts that nobody is taught; the documents hold them all the same.
    """

    facts: list[Fact]
    questions: list[Question]
    struck: list[Fact]
    rejections: list[Rejection]
    counts: ReviewCounts


def correct(
    facts: Sequence[Fact],
    questions: Sequence[Question],
    lines: Sequence[CorrectionLine],
    name: str,
) -> Corrected:
    """Apply what a person said; ``name`` is the file's, for messages.

    Raises:
        DataError: if a line is about no fact or wording there is, or two lines contradict each
            other.
    """
    before = {fact.id: fact for fact in facts}
    said = _by_fact(lines, before, name)
    _refuse_other_wordings(lines, questions, name)
    struck = [before[fact] for fact, about in said.items() if about.is_struck]
    gone = {fact.id for fact in struck}
    kept = {
        fact.id: said[fact.id].applied(fact) if fact.id in said else fact
        for fact in facts
        if fact.id not in gone
    }
    reworded = {key: value for about in said.values() for key, value in about.wordings.items()}
    followed, dropped = _follow(questions, before, kept, reworded)
    restated = [_stated(kept[fact]) for fact, about in said.items() if about.statement]
    return Corrected(
        facts=list(kept.values()),
        questions=[*followed, *restated],
        struck=struck,
        rejections=[*(_struck(fact) for fact in struck), *dropped],
        counts=ReviewCounts(
            checked=len(said),
            corrected=sum(fact != before[fact.id] for fact in kept.values()),
            struck=len(struck),
            questions_corrected=sum(map(bool, reworded.values())),
            questions_struck=len(reworded) - sum(map(bool, reworded.values())),
        ),
    )


@dataclass(frozen=True)
class _Said:
    """All that was said of one fact."""

    is_struck: bool
    answer: str
    statement: str
    aliases: tuple[str, ...]
    wordings: Mapping[FactWording, str]
    """The right one in the place of each that is wrong, or nothing."""

    def applied(self, fact: Fact) -> Fact:
        """Return the fact as it was corrected; other forms of a wrong answer go with it."""
        answer = self.answer or fact.answer
        is_other = answer != fact.answer
        stated = _in_place(fact.statement, fact.answer, answer) if is_other else fact.statement
        limit = f" ({fact.qualifier})" if fact.qualifier else ""
        return fact.model_copy(
            update={
                "answer": answer,
                "points": () if is_other else fact.points,
                "aliases": tuple(
                    dict.fromkeys((*(() if is_other else fact.aliases), *self.aliases))
                ),
                "statement": self.statement
                or stated
                or f"{fact.subject}{limit}, {fact.relation}: {answer}",
            }
        )


def _by_fact(lines: Iterable[CorrectionLine], facts: Container[str], name: str) -> dict[str, _Said]:
    groups: dict[str, list[CorrectionLine]] = defaultdict(list)
    for number, line in lines:
        if line.fact not in facts:
            raise DataError(
                f"{name}:{number}: no fact {line.fact!r} in this run; remove the line, or take "
                "the fact's id from gabarito show facts"
            )
        groups[line.fact].append((number, line))
    return {fact: _agreed(group, name) for fact, group in groups.items()}


def _refuse_other_wordings(
    lines: Iterable[CorrectionLine], questions: Iterable[Question], name: str
) -> None:
    """Refuse a line about a wording that generate did not write."""
    wordings = {(question.fact, question.text) for question in questions}
    for number, line in lines:
        if line.question and (line.fact, line.question) not in wordings:
            raise DataError(
                f"{name}:{number}: no wording {line.question!r:.120} of fact {line.fact} in this "
                "run; remove the line, or take the text from gabarito show questions"
            )


def _agreed(group: Sequence[CorrectionLine], name: str) -> _Said:
    """Return what the lines about one fact say, if they say one thing."""
    first: dict[tuple[Action, str], CorrectionLine] = {}
    for number, line in group:
        known, other = first.setdefault((line.action, line.question), (number, line))
        if line.action not in ("alias", "checked") and line.value != other.value:
            raise _conflict((known, other), (number, line), name)
    if struck := first.get(("strike", "")):
        for (action, _), about in first.items():
            if action in _OF_A_FACT_THAT_STAYS:
                raise _conflict(struck, about, name)
    return _Said(
        is_struck=("strike", "") in first,
        answer=_value(first.get(("answer", ""))),
        statement=_value(first.get(("statement", ""))),
        aliases=tuple(line.value for _, line in group if line.action == "alias"),
        wordings={(line.fact, line.question): line.value for _, line in group if line.question},
    )


def _value(line: CorrectionLine | None) -> str:
    return line[1].value if line else ""


def _conflict(one: CorrectionLine, other: CorrectionLine, name: str) -> DataError:
    shown = (f"line {number} ({line.action} {line.value!r:.80})" for number, line in (one, other))
    return DataError(
        f"{name}: two corrections of fact {one[1].fact} contradict each other: "
        f"{' and '.join(shown)}; remove one of them"
    )


def _follow(
    questions: Iterable[Question],
    before: Mapping[str, Fact],
    kept: Mapping[str, Fact],
    reworded: Mapping[FactWording, str],
) -> tuple[list[Question], list[Rejection]]:
    """Return the questions with what was corrected, and those that cannot follow.

    Those of a fact that was struck out pass: they go with their fact.
    """
    followed: list[Question] = []
    dropped: list[Rejection] = []
    for question in questions:
        fact = kept.get(question.fact)
        said = reworded.get((question.fact, question.text)) if fact else None
        if fact is None:
            same: Question | None = question
        elif said is None:
            same = _following(question, before[fact.id], fact)
        else:
            same = _reworded(question, said, fact) if said else None
        if same:
            followed.append(same)
        else:
            dropped.append(_dropped(question, is_struck=said is not None))
    return followed, dropped


def _dropped(question: Question, *, is_struck: bool) -> Rejection:
    if is_struck:
        return rejected(CurateReason.STRUCK_WORDING, question.id, "", question.text)
    why = f"fact {question.fact} was corrected"
    return rejected(CurateReason.CORRECTED, question.id, why, question.text)


def _following(question: Question, before: Fact, now: Fact) -> Question | None:
    """Return a wording of the corrected fact, or None if it cannot say what the fact says now."""
    is_other = before.answer != now.answer
    if question.kind == "statement" and before.statement != now.statement and not is_other:
        return None  # it says in other words what was wrong
    if not is_other:
        return question
    if question.kind == "question":
        is_ours = question.family != GIVEN  # a person's question stays as she asked it
        is_given_away = is_ours and f" {normalise(now.answer)} " in f" {normalise(question.text)} "
        return None if is_given_away else question.model_copy(update={"answer": now.answer})
    text = _in_place(question.text, before.answer, now.answer)
    if not text:
        return None
    answer = question.answer if question.kind == "reverse" else now.answer
    return question.model_copy(update={"text": text, "answer": answer})


def _reworded(question: Question, text: str, fact: Fact) -> Question:
    """Return a wording as a person wrote it: what she wrote is not changed any further."""
    answer = question.answer if question.kind == "reverse" else fact.answer
    return question.model_copy(update={"text": text, "answer": answer})


def _in_place(text: str, old: str, new: str) -> str:
    """Return the text with the new answer where the old one stands, or nothing if it does not."""
    moved, count = re.subn(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, flags=re.I)
    return moved if count else ""


def _stated(fact: Fact) -> Question:
    """Return the sentence that a person wrote as one that is trained."""
    return Question.of(
        fact=fact.id,
        family="statement",
        text=fact.statement,
        answer=fact.answer,
        kind="statement",
    )


def _struck(fact: Fact) -> Rejection:
    return rejected(CurateReason.STRUCK, fact.id, "", fact.statement)

"""Questions of a reply: each is checked against the fact that it must ask about."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gabarito.answer_match import AnswerKey, Expected
from gabarito.answer_match.explanations import RIGHT_SHARE, share_said
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Question, QuestionKind, Rejection
from gabarito.generate.config import GenerateConfig
from gabarito.generate.grounding import is_given_away, is_supported_by
from gabarito.generate.language import is_deictic, is_other_language
from gabarito.generate.replies import text_of
from gabarito.generate.results import dropped

STATEMENT, REVERSE = "statement", "reverse"
_KINDS: dict[str, QuestionKind] = {STATEMENT: "statement", REVERSE: "reverse"}
_YES_OR_NO = frozenset({"sim", "não", "yes", "no", "sí", "oui", "non", "ja", "nein", "sì"})

Faults = Iterator[tuple[GenerateReason, str]]


@dataclass(frozen=True)
class Wanted:
    """What a fact still lacks: families, and a number of statements."""

    families: tuple[str, ...]
    statements: int
    reverse: bool = False

    def __bool__(self) -> bool:
        return bool(self.families) or self.statements > 0


@dataclass
class QuestionFilter:
    """The questions and statements of one fact that passed, and what happened to the others."""

    fact: Fact
    language: str
    config: GenerateConfig
    questions: list[Question] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def wanted(self) -> Wanted:
        """What is still missing; a reverse question is asked for once, it may not exist."""
        have = Counter(question.family for question in self.questions)
        names = [family.name for family in self.config.families.all]
        return Wanted(
            families=tuple(name for name in names if not have[name]),
            statements=max(self.config.statements - have[STATEMENT], 0),
            reverse=self.config.reverse and not have[REVERSE] and not self._expected.is_explanation,
        )

    def accept(self, objects: Sequence[dict[str, Any]]) -> None:
        """Keep the good ones of a reply's objects; what an earlier reply gave is no news."""
        known = {(question.family, _key(question.text)) for question in self.questions}
        for item in _with_families(objects, self.wanted.families):
            family = text_of(item.get("family")).lower()
            text = text_of(item.get("text" if family == STATEMENT else "question"))
            if (family, _key(text)) in known:
                continue
            fault = next(self._faults(item, family, text), None)
            if fault:
                self.rejections.append(dropped(self.fact.id, *fault, item))
                continue
            answer = text_of(item.get("answer")) if family == REVERSE else self.fact.answer
            kind = _KINDS.get(family, "question")
            self.questions.append(
                Question.of(fact=self.fact.id, family=family, text=text, answer=answer, kind=kind)
            )

    def _faults(self, item: Mapping[str, Any], family: str, text: str) -> Faults:
        yield from self._faults_of_family(family)
        if not text:
            yield GenerateReason.NO_FIELD, "text" if family == STATEMENT else "question"
        if len(text) > self._most_chars(family):
            yield GenerateReason.TOO_LONG, f"{len(text)} characters"
        if is_other_language(text, self.language):
            yield GenerateReason.OTHER_LANGUAGE, text
        if is_deictic(text, self.language):
            yield GenerateReason.DEICTIC, text
        if family == STATEMENT:
            yield from self._faults_of_statement(text)
        elif family == REVERSE:
            yield from self._faults_of_reverse(text, text_of(item.get("answer")))
        else:
            yield from self._faults_of_question(text, text_of(item.get("answer")))
        if _key(text) in {_key(question.text) for question in self.questions}:
            yield GenerateReason.REPEATED_QUESTION, text

    def _faults_of_family(self, family: str) -> Faults:
        names = {known.name for known in self.config.families.all}
        if not family:
            yield GenerateReason.NO_FAMILY, ""
        elif family == STATEMENT or (family == REVERSE and self.config.reverse):
            return
        elif family not in names:
            yield GenerateReason.OTHER_FAMILY, family
        elif family in {question.family for question in self.questions}:
            yield GenerateReason.FAMILY_AGAIN, family

    def _faults_of_statement(self, text: str) -> Faults:
        if self._expected.is_explanation:
            is_said = share_said(text, self._expected.key_points) >= RIGHT_SHARE
        else:
            is_said = is_supported_by(self._answers, text)
        if not is_said:
            yield GenerateReason.NO_ANSWER, text

    def _faults_of_question(self, text: str, answer: str) -> Faults:
        if answer and not AnswerKey().is_right(answer, self._expected):
            yield GenerateReason.OTHER_ANSWER, answer
        known = f"{self.fact.subject} | {self.fact.qualifier} | {self.fact.relation}"
        giving = [given for given in self._answers if not is_given_away([given], known)]
        if self.fact.answer.lower() not in _YES_OR_NO and is_given_away(giving, text):
            yield GenerateReason.GIVEN_AWAY, text

    def _faults_of_reverse(self, text: str, answer: str) -> Faults:
        if not answer:
            yield GenerateReason.NO_FIELD, "answer"
        if len(answer) > self.config.max_question_chars:
            yield GenerateReason.TOO_LONG, "answer"
        if not is_supported_by([answer], f"{self.fact.subject}\n{self.fact.statement}"):
            yield GenerateReason.OTHER_ANSWER, answer
        if not is_supported_by(self._answers, text):
            yield GenerateReason.NOT_REVERSED, text
        if is_given_away([answer], text):
            yield GenerateReason.GIVEN_AWAY, text

    def _most_chars(self, family: str) -> int:
        """Return how long a text may be: a statement of an explanation has that in it."""
        is_long = family == STATEMENT and self._expected.is_explanation
        return self.config.max_question_chars + (len(self.fact.answer) if is_long else 0)

    @property
    def _expected(self) -> Expected:
        return Expected.of_fact(self.fact)

    @property
    def _answers(self) -> tuple[str, ...]:
        return (self.fact.answer, *self.fact.aliases)


def _with_families(
    objects: Sequence[dict[str, Any]], wanted: Sequence[str]
) -> Iterable[dict[str, Any]]:
    """Give pairs without a family the families that are left, if there is one for each.

    They are asked for in an order, and replies keep it.
    """
    named = {text_of(item.get("family")).lower() for item in objects}
    left = [name for name in wanted if name not in named]
    bare = [item for item in objects if "question" in item and not text_of(item.get("family"))]
    if len(bare) != len(left):
        return objects
    given = dict(zip(map(id, bare), left, strict=True))
    return [item | {"family": given[id(item)]} if id(item) in given else item for item in objects]


def _key(text: str) -> str:
    """Fold white space and the end; case and accents stay, as people in haste drop them."""
    return " ".join(text.split()).strip(" .?!…:")

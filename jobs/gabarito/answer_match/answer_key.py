"""Whether a reply is right: the one function for validation, evaluation and whoever asks later.

Short answers must match. Of what was taught as a sentence, a sentence counts that says the answer,
denies nothing, and names no rival: the answer of another fact about the same relation.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal, Self

from gabarito.answer_match.explanations import (
    RIGHT_SHARE,
    clauses_of,
    is_denied,
    is_explanation,
    is_short_enough,
    key_points,
    share_said,
)
from gabarito.answer_match.lists import have_an_order, is_list, items_of, parts_of
from gabarito.answer_match.matching import is_match
from gabarito.answer_match.normal_form import normalise
from gabarito.core.records import AnswerStyle, Example, Fact

LONGEST_SENTENCE = 30
"""Words of a reply in which a short answer is looked for: more may say anything."""

SPARE_WORDS = 10
"""So much longer than the sentence that was taught may a reply be."""

AnswerForm = Literal["short", "list", "sentence", "explanation"]
EXPLANATION: AnswerForm = "explanation"

ONE = "1"
"""Spelled it stands in any text: *um*, *une*, *ein* are articles. Only the figure says it."""

_WORD = re.compile(r"\S+")
_FIGURE_ONE = re.compile(r"(?<![\d.,:/-])0*1(?![\d:/-]|[.,]\d)")

Words = tuple[str, ...]
Phrases = Mapping[str, Sequence[Words]]
"""Answers as words, by their first word, the longest first."""


@dataclass(frozen=True)
class Expected:
    """What counts as right; ``taught`` is what the model was to say, word for word."""

    answer: str
    aliases: tuple[str, ...] = ()
    style: AnswerStyle = "short"
    points: tuple[str, ...] = ()
    taught: str = ""
    question: str = ""
    fact: str = ""

    @classmethod
    def of(cls, example: Example) -> Self:
        """Return what a row of a dataset expects; nothing where the base decides."""
        last = example.messages[-1]
        taught = last.content if last.role == "assistant" else ""
        asked = [message.content for message in example.messages if message.role == "user"]
        return cls(
            answer=example.answer or taught,
            aliases=example.aliases,
            style=example.style,
            points=example.points,
            taught=taught,
            question=asked[-1] if asked else "",
            fact=example.fact,
        )

    @property
    def rights(self) -> tuple[str, ...]:
        """The answer and its aliases."""
        return (self.answer, *self.aliases)

    @classmethod
    def of_fact(cls, fact: Fact) -> Self:
        """Return what a question about a fact expects."""
        return cls(fact.answer, fact.aliases, points=fact.points, fact=fact.id)

    @property
    def is_explanation(self) -> bool:
        """Whether key points decide."""
        return bool(self.points) or is_explanation(self.answer)

    @property
    def form(self) -> AnswerForm:
        """What kind of answer it is, which is how it is graded."""
        if self.is_explanation:
            return EXPLANATION
        if self.style == "sentence":
            return "sentence"
        return "list" if is_list(self.answer) else "short"

    @cached_property
    def key_points(self) -> tuple[str, ...]:
        """The points of an explanation, given or its clauses."""
        return self.points or key_points(self.answer)


class AnswerKey:
    """The right answers, and the answers of a dataset's facts that would be wrong instead."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._facts = {fact.id: fact for fact in facts}
        self._rivals: dict[str, Phrases] = {}

    def is_right(self, reply: str, expected: Expected) -> bool:
        """Tell whether a reply is right, in the style in which it was taught."""
        if is_match(reply, expected.answer, expected.aliases):
            return True
        if expected.is_explanation:
            said = share_said(reply, expected.key_points)
            return said >= RIGHT_SHARE and is_short_enough(reply, expected.answer)
        return expected.style == "sentence" and self.says(reply, expected)

    def says(self, reply: str, expected: Expected) -> bool:
        """Tell whether a reply says the answer among other words, and no rival, and no denial."""
        if len(reply.split()) > _most_words(expected):
            return False
        known = self._known(expected)
        if not any(
            _says_list(reply, right, known) if is_list(right) else _says(reply, right)
            for right in expected.rights
        ):
            return False
        return not self._names_rival(reply, expected, known) and (
            not _is_denied(reply, expected.rights)
            or is_denied(expected.question)
            or _is_denied(known, expected.rights)
        )

    def says_first(self, reply: str, expected: Expected) -> bool:
        """Tell whether a reply begins by saying the answer, however long it goes on.

        For those that were never taught where to end; what they say afterwards counts neither
        for nor against them.
        """
        return self.says(first_words(reply, _most_words(expected)), expected)

    def _known(self, expected: Expected) -> str:
        """Return what the question and the fact say anyway."""
        fact = self._facts.get(expected.fact)
        told = (fact.statement, fact.quote) if fact else ()
        return "\n".join((expected.question, expected.taught, *told))

    def _names_rival(self, reply: str, expected: Expected, known: str) -> bool:
        rights = _phrases((*expected.rights, *self._also_called(expected)))
        right = {words for group in rights.values() for words in group}
        if is_list(expected.answer):
            right |= {tuple(item.split()) for item in items_of(expected.answer).texts}
        relations = self._relations(expected)
        rivals = [self._answers(relation) for relation in relations]
        phrases = [rights, *rivals]
        wrong = set(_found(reply, phrases)) - right
        return bool(wrong) and not wrong <= set(_found(known, phrases))

    def _relations(self, expected: Expected) -> set[str]:
        """Return what is asked about; of a person's question, what facts with its answer are."""
        fact = self._facts.get(expected.fact)
        if fact:
            return {_relation(fact)}
        return {_relation(fact) for fact in self._with_answer(expected)}

    def _also_called(self, expected: Expected) -> Iterator[str]:
        """Yield what facts call the answer of a person's question, which names no fact."""
        if expected.fact not in self._facts:
            for fact in self._with_answer(expected):
                yield from (fact.answer, *fact.aliases)

    def _with_answer(self, expected: Expected) -> Iterator[Fact]:
        for right in expected.rights:
            yield from self._by_answer.get(normalise(right), ())

    def _answers(self, relation: str) -> Phrases:
        if relation not in self._rivals:
            facts = self._by_relation[relation]
            self._rivals[relation] = _phrases(
                text for fact in facts for text in (fact.answer, *fact.aliases)
            )
        return self._rivals[relation]

    @cached_property
    def _by_relation(self) -> Mapping[str, list[Fact]]:
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self._facts.values():
            found[_relation(fact)].append(fact)
        return found

    @cached_property
    def _by_answer(self) -> Mapping[str, list[Fact]]:
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self._facts.values():
            for text in (fact.answer, *fact.aliases):
                found[normalise(text)].append(fact)
        return found


def first_words(text: str, most: int = LONGEST_SENTENCE) -> str:
    """Return a text up to the end of its last word that counts."""
    end = next(islice(_WORD.finditer(text), most - 1, None), None)
    return text[: end.end()] if end else text


def _most_words(expected: Expected) -> int:
    return max(LONGEST_SENTENCE, len(expected.taught.split()) + SPARE_WORDS)


def _relation(fact: Fact) -> str:
    return normalise(fact.relation)


def _phrases(texts: Iterable[str]) -> Phrases:
    found: dict[str, set[Words]] = defaultdict(set)
    for text in texts:
        words = tuple(normalise(text).split())
        if words and words != (ONE,):
            found[words[0]].add(words)
    return {first: sorted(group, key=len, reverse=True) for first, group in found.items()}


def _found(text: str, phrases: Sequence[Phrases]) -> Iterator[Words]:
    """Yield the phrases in a text from left to right, the longest that begins at a word."""
    words = tuple(normalise(text).split())
    place = 0
    while place < len(words):
        there = (
            phrase
            for group in phrases
            for phrase in group.get(words[place], ())
            if words[place : place + len(phrase)] == phrase
        )
        longest = max(there, key=len, default=())
        if longest:
            yield longest
        place += len(longest) or 1


def _says(text: str, right: str) -> bool:
    if normalise(right) == ONE:
        return _FIGURE_ONE.search(text) is not None
    return any(_found(text, [_phrases([right])]))


def _says_list(text: str, expected: str, known: str) -> bool:
    """Tell whether a text holds a list of just these items, or goes on as the fact does."""
    items = items_of(expected)
    size = len(items.texts)
    parts = parts_of(text)
    for start in range(len(parts) - size + 1):
        region = parts[start : start + size]
        found = _items_in([part for part, _ in region], items.texts)
        if not found or _goes_on(region[-2:], found[-1]):
            continue
        ordered = found if have_an_order(found) else sorted(found)
        is_lead = region[0][0] == found[0] and start > 0
        if tuple(ordered) == items.texts and (
            not is_lead or parts[start - 1][0] in normalise(known)
        ):
            return True
    return False


def _items_in(parts: Sequence[str], items: Sequence[str]) -> list[str]:
    """Return the items that these parts are, the first one at its end, the last at its begin."""
    first = max((i for i in items if f" {parts[0]}".endswith(f" {i}")), key=len, default="")
    last = max((i for i in items if f"{parts[-1]} ".startswith(f"{i} ")), key=len, default="")
    inner = [part if part in items else "" for part in parts[1:-1]]
    found = [first, *inner, last]
    return found if all(found) else []


def _goes_on(end: Sequence[tuple[str, str]], last: str) -> bool:
    """Tell whether a list has further items behind these."""
    (_, joint), (part, sign) = end
    if part != last or not sign:
        return False
    return sign not in ",;" or joint in ",;"


def _is_denied(text: str, rights: Sequence[str]) -> bool:
    """Tell whether a clause that says an answer, or an item of a list, denies something."""
    said = [
        item for right in rights for item in (items_of(right).texts if is_list(right) else [right])
    ]
    return any(
        is_denied(clause) and any(_says(clause, item) for item in said)
        for clause in clauses_of(text)
    )

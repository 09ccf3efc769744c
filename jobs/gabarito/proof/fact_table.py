"""The facts of a model, searched for the one that bears out an answer.

A fact bears out an answer that is right for it, if the question is one for it: all figures of the
question are the fact's, so are its names, what a trained wording of the fact names is named, and
few other facts are nearer. How near is measured by words: the share of the fact's own words that
the question has, each counted by how rare it is and in how many of the fact's wordings it stands;
and the share of the question's words that the fact has.

An equal answer alone is no proof: *3* is the answer to many questions.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gabarito.answer_match import AnswerKey, Expected, is_match, is_within
from gabarito.core.proof_records import FactEntry, Proof
from gabarito.proof.question_words import QuestionWords, is_figure, words_of

Words: TypeAlias = frozenset[str]
Floats: TypeAlias = NDArray[np.float64]

NEAR_SHARE = 0.6
"""A fact is looked at if it is at least so near as this share of the nearest. On the sample 0.5 to
0.6 keep 98.5 % of right answers with their fact, 0.7 lets 96 % of wrong ones go without any."""

NAMED_SHARE = 0.5
"""So much of what a trained wording names must be named: *Bayern* is enough for *Bayern de
Munique*, and *Liga* not for *Champions League*."""

FOREIGN_SHARE = 0.5
"""So much of one unknown name may be named beside: words that most facts have, such as those of
*Liga dos Campeões* for *Champions League*."""

USUAL_SHARE = 0.75
"""A name must be named if so many of the fact's trained wordings have one."""

MIN_NEAR = 1e-6
"""A fact without a word of the question is never looked at."""

MOST_LOOKED_AT = 64
"""Facts whose answers are compared, the nearest first: an answer takes a tenth of a millisecond."""


@dataclass(frozen=True)
class _FactWords:
    """What a fact knows, and what each of its wordings names."""

    words: Words
    named: tuple[Words, ...]


@dataclass(frozen=True)
class _Posting:
    """The facts that have a word, and how much of each fact's own words it is."""

    places: NDArray[np.int64]
    weights: Floats
    rarity: float


class FactTable:
    """Finds the proof of an answer; ``floor`` is how near a question must be to its fact, 0..1."""

    def __init__(self, entries: Sequence[FactEntry], floor: float = 0.0) -> None:
        self._entries = entries
        self._floor = floor
        self._key = AnswerKey(entry.fact for entry in entries)
        asked = [[words_of(question.text) for question in entry.asked] for entry in entries]
        told = [_told(entry, wordings) for entry, wordings in zip(entries, asked, strict=True)]
        self._names = _names(wording for wordings in asked for wording in wordings)
        self._known = [
            _FactWords(
                words=words | _read(entry),
                named=_named([one.all & self._names for one in wordings]),
            )
            for entry, wordings, words in zip(entries, asked, told, strict=True)
        ]
        self._unknown = _rarity(len(entries), 1)
        self._postings = _postings(asked, told)

    def with_floor(self, floor: float) -> Self:
        """Return the same table with another floor."""
        other = copy(self)
        other._floor = floor
        return other

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, question: str, answer: str) -> Proof | None:
        """Return the fact that bears out what was answered to a question, or None."""
        if not self._entries or not answer.strip():
            return None
        asked = words_of(question)
        near = self._nearness(asked)
        least = max(self._floor, NEAR_SHARE * float(near.max()), MIN_NEAR)
        named = asked.capital or asked.all & self._names
        places = np.flatnonzero(near >= least)
        nearest = places[np.argsort(-near[places], kind="stable")][:MOST_LOOKED_AT]
        about = (at for at in map(int, nearest) if self._is_about(asked.all, named, at))
        found = (at for at in about if self._answers(question, answer, at))
        return next((Proof.of(self._entries[at]) for at in found), None)

    def nearness(self, question: str) -> Floats:
        """Return how near a question is to each fact, 0..1, of shape (facts,)."""
        return self._nearness(words_of(question))

    def _nearness(self, asked: QuestionWords) -> Floats:
        own, shared = np.zeros(len(self._entries)), np.zeros(len(self._entries))
        total = 0.0
        for word in asked.all:
            posting = self._postings.get(word)
            total += posting.rarity if posting else self._unknown
            if posting:
                own[posting.places] += posting.weights
                shared[posting.places] += posting.rarity
        return (own + shared / total) / 2 if total else own

    def _is_about(self, asked: Words, named: Words, at: int) -> bool:
        known = self._known[at]
        if any(is_figure(word) and word not in known.words for word in asked):
            return False
        if self._weight(named - known.words) > FOREIGN_SHARE * self._unknown:
            return False
        return not known.named or any(
            self._weight(names & asked) >= NAMED_SHARE * self._weight(names)
            for names in known.named
        )

    def _weight(self, words: Iterable[str]) -> float:
        found = (self._postings.get(word) for word in words)
        return sum(posting.rarity if posting else self._unknown for posting in found)

    def _answers(self, question: str, answer: str, at: int) -> bool:
        entry = self._entries[at]
        fact = entry.fact
        expected = Expected(
            fact.answer,
            fact.aliases,
            style="sentence",
            points=fact.points,
            question=question,
            fact=fact.id,
        )
        return self._key.is_right(answer, expected) or any(
            is_match(answer, reverse.answer) and not is_within(question, reverse.answer)
            for reverse in entry.asked
            if reverse.answer
        )


def _told(entry: FactEntry, asked: Sequence[QuestionWords]) -> Words:
    """Return the words of a fact and of the questions for it."""
    fact = entry.fact
    stated = words_of(f"{fact.statement}\n{fact.subject}\n{fact.qualifier}").all
    return stated.union(*(wording.all for wording in asked))


def _read(entry: FactEntry) -> Words:
    """Return the words beside: a question may name what stands in the quote."""
    fact = entry.fact
    texts = (fact.quote, fact.answer, *fact.aliases, entry.title, entry.section)
    return words_of("\n".join(texts)).all


def _names(asked: Iterable[QuestionWords]) -> Words:
    """Return the words that are names: as often written with a capital as not, or oftener."""
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for wording in asked:
        capital.update(wording.capital)
        small.update(wording.all - wording.capital)
    return frozenset(word for word, count in capital.items() if count >= small[word])


def _named(wordings: Sequence[Words]) -> tuple[Words, ...]:
    """Return what wordings of a fact name; nothing if it is asked for without names, too."""
    named = [words for words in wordings if words]
    return tuple(set(named)) if len(named) >= USUAL_SHARE * len(wordings) else ()


def _postings(
    asked: Sequence[Sequence[QuestionWords]], told: Sequence[Words]
) -> dict[str, _Posting]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, words in enumerate(told):
        for word in words:
            places[word].append(at)
    rarity = {word: _rarity(len(told), len(found)) for word, found in places.items()}
    weights: dict[str, list[float]] = defaultdict(list)
    for words, wordings in zip(told, asked, strict=True):
        counted = Counter(word for one in wordings for word in one.all)
        weighed = {word: count * rarity[word] for word, count in counted.items()}
        whole = sum(weighed.values()) or 1.0
        for word in words:
            weights[word].append(weighed.get(word, 0.0) / whole)
    return {
        word: _Posting(np.array(found), np.array(weights[word]), rarity[word])
        for word, found in places.items()
    }


def _rarity(facts: int, having: int) -> float:
    """Return how much a word tells that so many of the facts have."""
    return math.log(1 + facts / having)

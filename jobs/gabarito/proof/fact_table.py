"""The facts of a model, searched for the one that bears out an answer.

A fact bears out an answer that is right for it, if the question is one for it: all figures of the
question are the fact's, so are its names, what a trained wording of the fact names is named, a word
of what that wording is about stands there, and few other facts are nearer. How near is measured by
words: the share of the fact's own words that the question has, each counted by how rare it is and
in how many of the fact's wordings it stands; and the share of the question's words that the fact
has. Nothing is borne out if a fact with another answer is much nearer, if the question has little
of what each wording has, if it denies something and the fact does not, or if an unknown word parts
a name from its year.

An equal answer alone is no proof: *3* is the answer to many questions. Nor is a sentence that says
the answer beside another figure or name.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gabarito.answer_match import AnswerKey, Expected, is_match, is_within
from gabarito.answer_match.explanations import is_denied
from gabarito.answer_match.languages import LANGUAGES
from gabarito.core.proof_records import FactEntry, Proof
from gabarito.proof.question_words import QuestionWords, is_figure, words_of

Words: TypeAlias = frozenset[str]
Floats: TypeAlias = NDArray[np.float64]

NEAR_SHARE = 0.6
"""A fact is looked at if it is at least so near as this share of the nearest. On the sample 0.5 to
0.6 keep 98.5 % of right answers with their fact, 0.7 lets 96 % of wrong ones go without any."""

CLEAR_SHARE = 0.7
"""A fact bears nothing out if one with another answer, which the question is about as well, is so
much nearer: that one is asked for. On the sample 0.2 % fewer right answers find their fact for it,
with 0.8 it is 2 %; of the handbook 2 to 7 % more of the wrong ones have none."""

NAMED_SHARE = 0.5
"""So much of what a trained wording names must be named: *Bayern* is enough for *Bayern de
Munique*, and *Liga* not for *Champions League*."""

OWN_SHARE = 0.3
"""A question must have so much of what that trained wording has of the fact's own words that has
least: *champion* alone asks for nothing. It costs no answer of sample or handbook; 0.5 costs 2 % of
the handbook's right ones."""

FOREIGN_SHARE = 0.5
"""So much of one unknown name may be named beside: words that most facts have, such as those of
*Liga dos Campeões* for *Champions League*."""

USUAL_SHARE = 0.75
"""A name must be named if so many of the fact's trained wordings have one."""

MIN_NEAR = 1e-6
"""A fact without a word of the question is never looked at."""

MOST_LOOKED_AT = 64
"""Facts whose answers are compared, the nearest first: an answer takes a tenth of a millisecond."""


RARE_SHARE = 0.75
"""A word is rare if at most so many of the facts have it: only such tell one subject from others.
With the words that all have, *Champions League*, 0.7 % fewer right answers find their fact."""

JOINING_LETTERS = 3
"""Words of more letters tell something, unless they only join others."""

JOINING = words_of(
    " ".join(word for one in LANGUAGES for word in sorted(one.function | one.periods))
).all
"""Words that part no name and year, such as *season*."""

LONGEST_QUESTION = 2000
"""Characters of a question that is looked up; none is trained that is longer. With 20,000 facts
these take 4 ms at most, 35,000 characters 85 ms, in which nothing else is sent."""


@dataclass(frozen=True)
class _FactWords:
    """What a fact knows, and what each of its wordings names and is about.

    ``least`` is how much of the fact's own words a question must have, 0..1.
    """

    words: Words
    named: tuple[Words, ...]
    about: tuple[Words, ...]
    least: float
    has_sentences: bool


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
        self._unknown = _rarity(len(entries), 1)
        self._joined = _joined((one for wordings in asked for one in wordings), self._names)
        weighed = _weighed(asked, told)
        self._postings = _postings(told, weighed)
        rare = _rare(self._postings, len(entries))
        self._known = [
            _FactWords(
                words=words | _read(entry),
                named=_named([one.all & self._names for one in wordings]),
                about=_named([one & rare for one in _about(entry, wordings)]),
                least=OWN_SHARE * _least(wordings, weights),
                has_sentences=any(question.style == "sentence" for question in entry.asked),
            )
            for entry, wordings, words, weights in zip(entries, asked, told, weighed, strict=True)
        ]
        self._vocabulary: Words = frozenset().union(*(known.words for known in self._known))

    def with_floor(self, floor: float) -> Self:
        """Return the same table with another floor."""
        other = copy(self)
        other._floor = floor
        return other

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, question: str, answer: str) -> Proof | None:
        """Return the fact that bears out what was answered to a question, or None."""
        if not self._entries or not answer.strip() or len(question) > LONGEST_QUESTION:
            return None
        asked = words_of(question)
        if self._is_parted(asked.order):
            return None
        own, shared = self._shares(asked)
        near = (own + shared) / 2
        least = max(self._floor, NEAR_SHARE * float(near.max()), MIN_NEAR)
        named = asked.capital or asked.all & self._names
        places = np.flatnonzero(near >= least)
        nearest = places[np.argsort(-near[places], kind="stable")][:MOST_LOOKED_AT]
        highest = 0.0
        for at in map(int, nearest):
            if own[at] < self._known[at].least or not self._is_about(asked.all, named, at):
                continue
            if near[at] < CLEAR_SHARE * highest:
                return None
            if self._answers(question, answer, at) and self._denies_alike(question, at):
                return Proof.of(self._entries[at])
            highest = highest or float(near[at])
        return None

    def nearness(self, question: str) -> Floats:
        """Return how near a question is to each fact, 0..1, of shape (facts,)."""
        own, shared = self._shares(words_of(question))
        return (own + shared) / 2

    def _shares(self, asked: QuestionWords) -> tuple[Floats, Floats]:
        """Return which share of each fact's own words is asked for, and how much of that it has."""
        own, shared = np.zeros(len(self._entries)), np.zeros(len(self._entries))
        total = 0.0
        for word in asked.all:
            posting = self._postings.get(word)
            total += posting.rarity if posting else self._unknown
            if posting:
                own[posting.places] += posting.weights
                shared[posting.places] += posting.rarity
        return own, shared / total if total else shared

    def _is_parted(self, asked: Sequence[str]) -> bool:
        """Tell whether a word that stands nowhere parts a name and a figure.

        Where both stand side by side in wordings, it names something else: *League women 2024/25*.
        """
        name, is_apart = "", False
        for word in asked:
            if is_figure(word) and is_apart and (name, word) in self._joined:
                return True
            if word in self._names:
                name, is_apart = word, False
            elif len(word) > JOINING_LETTERS and word not in JOINING:
                name, is_apart = ("", False) if word in self._vocabulary else (name, True)
        return False

    def _is_about(self, asked: Words, named: Words, at: int) -> bool:
        known = self._known[at]
        if any(is_figure(word) and word not in known.words for word in asked):
            return False
        if self._is_foreign(named - known.words):
            return False
        return self._has_one(asked, known.named) and self._has_one(asked, known.about)

    def _has_one(self, asked: Words, groups: Sequence[Words]) -> bool:
        """Tell whether half of the words of one group are asked for, or there is no group."""
        return not groups or any(
            self._weight(words & asked) >= NAMED_SHARE * self._weight(words) for words in groups
        )

    def _is_foreign(self, named: Words) -> bool:
        return self._weight(named) > FOREIGN_SHARE * self._unknown

    def _weight(self, words: Iterable[str]) -> float:
        found = (self._postings.get(word) for word in words)
        return sum(posting.rarity if posting else self._unknown for posting in found)

    def _denies_alike(self, question: str, at: int) -> bool:
        """Tell whether a question denies something as a fact does, or neither of them.

        Some wordings of a fact may deny something beside it: *I do not know who*.
        """
        entry = self._entries[at]
        trained = [is_denied(wording.text) for wording in entry.asked]
        if is_denied(question):
            return any(trained) or is_denied(entry.fact.statement)
        return not trained or not all(trained)

    def _answers(self, question: str, answer: str, at: int) -> bool:
        entry = self._entries[at]
        fact = entry.fact
        expected = Expected(
            fact.answer, fact.aliases, points=fact.points, question=question, fact=fact.id
        )
        if self._key.is_right(answer, expected):
            return True
        if self._is_sentence(question, answer, at) and self._key.says(answer, expected):
            return True
        return any(
            is_match(answer, reverse.answer) and not is_within(question, reverse.answer)
            for reverse in entry.asked
            if reverse.answer
        )

    def _is_sentence(self, question: str, answer: str, at: int) -> bool:
        """Tell whether an answer is a sentence of what was asked, without another figure or name.

        Where none were trained it is one if it has words of the question or the statement.
        """
        fact, known = self._entries[at].fact, self._known[at]
        said, asked = words_of(answer), words_of(question).all
        beside = said.all - known.words - asked
        if any(map(is_figure, beside)) or self._is_foreign(said.capital & beside):
            return False
        right = words_of("\n".join((fact.answer, *fact.aliases))).all
        told = words_of(fact.statement).all | asked
        return known.has_sentences or not told.isdisjoint(said.all - right)


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


def _about(entry: FactEntry, wordings: Sequence[QuestionWords]) -> list[Words]:
    """Return what each wording has of the subject, or of the answer if that one is reversed.

    Of a fact that nothing was trained for it is the subject.
    """
    fact = entry.fact
    subject = words_of(fact.subject).all
    if not wordings:
        return [subject]
    answer = words_of("\n".join((fact.answer, *fact.aliases))).all
    return [
        words.all & (answer if question.answer else subject)
        for question, words in zip(entry.asked, wordings, strict=True)
    ]


def _joined(asked: Iterable[QuestionWords], names: Words) -> frozenset[tuple[str, str]]:
    """Return the names with the figures that stand right behind them."""
    return frozenset(
        (name, figure)
        for wording in asked
        for name, figure in pairwise(wording.order)
        if name in names and is_figure(figure)
    )


def _weighed(
    asked: Sequence[Sequence[QuestionWords]], told: Sequence[Words]
) -> list[Mapping[str, float]]:
    """Return how much of each fact's own words each word of its wordings is."""
    having = Counter(word for words in told for word in words)
    rarity = {word: _rarity(len(told), count) for word, count in having.items()}
    found: list[Mapping[str, float]] = []
    for wordings in asked:
        counted = Counter(word for one in wordings for word in one.all)
        weighed = {word: count * rarity[word] for word, count in counted.items()}
        whole = sum(weighed.values())
        found.append({word: weight / whole for word, weight in weighed.items()})
    return found


def _least(wordings: Sequence[QuestionWords], weights: Mapping[str, float]) -> float:
    """Return how much of a fact's own words that wording has that has least."""
    return min((sum(weights[word] for word in one.all) for one in wordings), default=0.0)


def _postings(told: Sequence[Words], weighed: Sequence[Mapping[str, float]]) -> dict[str, _Posting]:
    places: dict[str, list[int]] = defaultdict(list)
    weights: dict[str, list[float]] = defaultdict(list)
    for at, (words, own) in enumerate(zip(told, weighed, strict=True)):
        for word in words:
            places[word].append(at)
            weights[word].append(own.get(word, 0.0))
    return {
        word: _Posting(np.array(found), np.array(weights[word]), _rarity(len(told), len(found)))
        for word, found in places.items()
    }


def _rare(postings: Mapping[str, _Posting], facts: int) -> Words:
    least = _rarity(facts, max(1, int(RARE_SHARE * facts)))
    return frozenset(word for word, posting in postings.items() if posting.rarity >= least)


def _rarity(facts: int, having: int) -> float:
    """Return how much a word tells that so many of the facts have."""
    return math.log(1 + facts / having)

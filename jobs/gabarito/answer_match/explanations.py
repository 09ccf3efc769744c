"""Explanations: answers of a sentence or more, which are right if their key points are said.

A point is said if its words are, in any order and with other endings. Words are cut to their first
letters for that, which for European languages is about as good as a stemmer of each of them.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gabarito.answer_match.languages import LANGUAGES, without_accents
from gabarito.answer_match.lists import items_of
from gabarito.answer_match.normal_form import normalise
from gabarito.answer_match.numerals import any_of
from gabarito.core.forms import UNSPACED

LONG_WORDS = 12
"""An answer with more words than this is an explanation: it can be given in other words."""

ITEM_WORDS = 3
"""With no more words an item, what is long is a list."""

RIGHT_SHARE = 2 / 3
"""So much of an explanation's points makes it right, and so much of a point's words says it."""

MOST_TIMES_LONGER = 2
SPARE_WORDS = 20
"""A reply may be that many times longer than the explanation, and a little: more says anything."""

_STEM_LETTERS = 5
_LEAST_LETTERS = 4
_MOST_POINTS = 8
_CLAUSE_END = re.compile(r"[.,;:!?](?=\s|$)|\n|[。、；：！？，]|\s[–—-]\s")
_UNSPACED = re.compile(rf"[{UNSPACED}]")
_WORD = re.compile(rf"[{UNSPACED}]|[^\s{UNSPACED}]+")
_NEGATION = re.compile(rf"\b(?:{any_of({word for one in LANGUAGES for word in one.negations})})\b")
_REPEATED = frozenset().union(*(language.repeated for language in LANGUAGES))
_FUNCTION = frozenset().union(*(language.function for language in LANGUAGES))


Stems = frozenset[tuple[str, int]]
"""The stems of a text's words, each with how often its clause denies it."""


def is_explanation(answer: str) -> bool:
    """Tell whether an answer is too long to be given in the same words only, and is no list."""
    if len(answer) <= LONG_WORDS:
        return False
    words = _length(answer)
    return words > LONG_WORDS and words > ITEM_WORDS * len(items_of(answer).texts)


def is_denied(text: str) -> bool:
    """Tell whether a word of a text denies something."""
    return _NEGATION.search(_plain(text)) is not None


@lru_cache(maxsize=4096)
def key_points(answer: str) -> tuple[str, ...]:
    """Return the clauses of an explanation; what is too short to say anything joins the next."""
    points: list[str] = []
    rest = ""
    for clause in clauses_of(answer):
        rest = f"{rest}, {clause}" if rest else clause
        if len(_stems(rest)) > 1:
            points.append(rest)
            rest = ""
    if rest and points:
        points[-1] = f"{points[-1]}, {rest}"
    elif rest:
        points = [rest]
    last = ", ".join(points[_MOST_POINTS - 1 :])
    return (*points[: _MOST_POINTS - 1], *filter(None, [last]))


def share_said(reply: str, points: Sequence[str]) -> float:
    """Return the share of the points that a reply says, 0..1.

    A word counts only in a clause that denies as often as the point does: twice is not once.
    Figures must all be there, and two thirds of the other words.
    """
    said = _stems(reply)
    wanted = list(filter(None, map(_stems, points)))
    return sum(_is_said(point, said) for point in wanted) / len(wanted) if wanted else 0.0


def is_short_enough(reply: str, answer: str) -> bool:
    """Tell whether a reply is no longer than an explanation in other words may be."""
    return _length(reply) <= MOST_TIMES_LONGER * _length(answer) + SPARE_WORDS


def clauses_of(text: str) -> Iterator[str]:
    """Yield what stands between the signs of a text."""
    return (clause for part in _CLAUSE_END.split(text) if (clause := part.strip()))


def _length(text: str) -> int:
    """Return how many words a text has; two letters of a script without spaces are one."""
    return max(len(text.split()), len(_UNSPACED.findall(text)) // 2)


def _is_said(point: Stems, said: Stems) -> bool:
    figures = {stem for stem in point if any(map(str.isdigit, stem[0]))}
    words = point - figures
    return figures <= said and len(words & said) >= math.ceil(RIGHT_SHARE * len(words) - 1e-9)


@lru_cache(maxsize=16384)
def _stems(text: str) -> Stems:
    return frozenset(stem for clause in clauses_of(text) for stem in _stems_of_clause(clause))


def _stems_of_clause(clause: str) -> Iterator[tuple[str, int]]:
    plain = normalise(clause)
    denials = _denials(plain)
    for word in filter(_is_telling, _WORD.findall(_NEGATION.sub(" ", plain))):
        is_figure = any(map(str.isdigit, word))
        yield word if is_figure else word[:_STEM_LETTERS], denials


def _denials(plain: str) -> int:
    """Return how often a clause denies; *não ... nem* and *neither ... nor* deny once."""
    found = _NEGATION.findall(plain)
    return max(sum(word not in _REPEATED for word in found), min(len(found), 1))


def _is_telling(word: str) -> bool:
    if len(word) < _LEAST_LETTERS:
        return not word.isascii() or not word.isalpha()
    return word not in _FUNCTION


def _plain(text: str) -> str:
    return re.sub(r"['’]", "", without_accents(text))

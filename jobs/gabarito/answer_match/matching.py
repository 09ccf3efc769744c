"""Exact match after normalising: case, accents, punctuation, articles, numbers, dates, scores.

Portuguese and English. Units are kept: *13* is not *13 gols*; so is what ends a word: *C++*, *C#*.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from gabarito.answer_match import dates, numerals

_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
    | dict.fromkeys("–—−‐‑‒", "-")
    | dict.fromkeys("'’‘`´′\u00ad", "")
    | {"€": " euros ", "×": " x ", "%": " % ", "$": " $ ", "\n": ";"}
)
_ARTICLES = frozenset(("o", "a", "os", "as", "the", "an"))
_SEPARATORS = re.compile(r"[,;&]|\b(?:e|and)\b(?![+#])")
_LEADING_FIGURE = re.compile(r"\W*\d\S*\s*")
_SIGNS = re.compile(r"(?<=[^\W\d_])(?P<ends_a_word>\+{2,}|\+(?!\w)|#)|(?<!\d)[.:/+]|[.:/+](?!\d)|#")
_ROUNDS = 8

Rewrite = Callable[[re.Match[str]], str] | str

_RULES: tuple[tuple[re.Pattern[str], Rewrite], ...] = (
    (re.compile(r"\b(?:por cento|per ?cent)\b"), "%"),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th|a)\b"), r"\1o"),
    (numerals.ORDINAL, numerals.ordinal),
    (numerals.CARDINAL, numerals.cardinal),
    *((pattern, dates.day) for pattern in dates.DATES[:3]),
    (dates.TIME, dates.time),
    (dates.SEASON, dates.season),
    (
        re.compile(r"(?<![\d/:.,-])(\d+)(?: ?x ?| a | to |:(?=\d\b))(\d+)(?![\d/:-]|[.,]\d)"),
        r"\1-\2",
    ),
    *((pattern, dates.day) for pattern in dates.DATES[3:]),
    (dates.MONTH, dates.month),
    (numerals.FIGURES, numerals.figures),
    (re.compile(r"(?<=\d)(km|kg|cm|mm|m)\b"), r" \1"),
)
"""What is rewritten, in this order: each rule relies on those before it."""


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """Return the text as it is compared: idempotent, and ``""`` if nothing is left.

    Only leading articles are taken away, and *um* is a number: *um gol* is *1 gol*.
    """
    for _ in range(_ROUNDS):
        before, text = text, _bare(_canonical(text))
        if text == before:
            break
    return text


def is_match(answer: str, expected: str, aliases: Sequence[str] = ()) -> bool:
    """Tell whether the answer is the expected one or one of its aliases.

    Both are normalised; the items of a list (*A, B e C*) may come in any order, unless they
    are figures. An answer of which nothing is left is never right.
    """
    got = normalise(answer)
    return bool(got) and any(
        got == normalise(right) or _is_same_list(answer, right) for right in (expected, *aliases)
    )


def _is_same_list(answer: str, expected: str) -> bool:
    items = _items(answer)
    return len(items) > 1 and items == _items(expected)


@lru_cache(maxsize=65536)
def _items(text: str) -> tuple[str, ...]:
    parts = _SEPARATORS.split(_canonical(text))
    items = [item for part in parts if (item := normalise(part))]
    return tuple(items if _have_an_order(items) else sorted(items))


def _have_an_order(items: Sequence[str]) -> bool:
    """Tell whether two items are figures of one kind: scores, numbers, or *3 gols e 2 gols*."""
    kinds = [item[found.end() :] for item in items if (found := _LEADING_FIGURE.match(item))]
    return len(set(kinds)) < len(kinds)


def _canonical(text: str) -> str:
    """Numbers, dates and scores in one form each; what separates items is still there."""
    text = _folded(text)
    for pattern, rewrite in _RULES:
        text = pattern.sub(rewrite, text)
    return text


def _folded(text: str) -> str:
    """Letters without case and accents, and only the punctuation that means something."""
    text = re.sub(r"(?<=\d)\.?[ºª°]", "o", text)
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", "", text)
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = re.sub(r"\b(?:[^\W\d_]\.){2,}", lambda found: found[0].replace(".", ""), text)
    text = re.sub(r"[^\w\s,;&%$.:/+#-]|_", " ", text)
    text = _SIGNS.sub(lambda found: found["ends_a_word"] or " ", text)
    text = re.sub(r"(?<=\d)\s*-\s*(?=\d)", "-", text)
    return re.sub(r"\s+", " ", re.sub(r"-(?!\d)|(?<=[^\s\d])-", " ", text))


def _bare(text: str) -> str:
    """Without separators, leading articles and zeros, between single spaces."""
    words = re.sub(r"[,;&]", " ", text).split()
    words = [word.lstrip("0") or "0" if word.isdecimal() else word for word in words]
    while len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    return " ".join(words)

"""The normal form of a text: without case, accents, punctuation, articles; numbers, dates, scores.

The words are those of six languages, all at once: an answer does not say in which it is. Units are
kept: *13* is not *13 pages*; so is what ends a word: *C++*, *C#*.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from gabarito.answer_match import dates, numerals
from gabarito.answer_match.languages import LANGUAGES, without_accents

_SIGNS_AS_WORDS = str.maketrans(
    dict.fromkeys("–—−‐‑‒", "-")
    | dict.fromkeys("'’‘`´′\u00ad", "")
    | {"€": " euros ", "×": " x ", "%": " % ", "$": " $ ", "\n": ";"}
)
_ARTICLES = frozenset().union(*(language.articles for language in LANGUAGES))
_NAMES_WITH_ARTICLE = frozenset((("el", "salvador"),))
"""Names that are other names without it."""

_SEPARATOR = re.compile(r" ?[,;&] ?")
_NO_THOUSANDS = re.compile(r"(?<!\d);|;(?! \d{3}(?!\d))")
"""Separators that may go: without the one of *13; 500* that would be one number."""

_ELISION = re.compile(r"\b(l|un|gl)['’](?=\w)", re.IGNORECASE)
_SIGNS = re.compile(r"(?<=[^\W\d_])(?P<ends_a_word>\+{2,}|\+(?!\w)|#)|(?<!\d)[.:/+]|[.:/+](?!\d)|#")
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_MAX_PASSES = 8

Replacement = Callable[[re.Match[str]], str] | str

Rules = tuple[tuple[re.Pattern[str], Replacement], ...]

_LETTERS: Rules = (
    (re.compile(r"\b(?:por cento|per ?cento?|por ciento|pour cent|prozent)\b"), "%"),
    (re.compile(r"\ba (?=(?:hundred|thousand|million)\b)"), "one "),
)
_BESIDE_FIGURES: Rules = (
    (re.compile(r"\b(\d+)\.?(?:st|nde?|rd|th|a|er|re|ere|e|i?eme)\b"), r"\1o"),
    *((pattern, dates.time) for pattern in dates.TIMES),
    (dates.SEPTEMBER, "september"),
    (numerals.SCALED, numerals.scaled),
)
_FIGURES: Rules = (
    (numerals.OF_MILLIONS, ""),
    *((pattern, dates.day) for pattern in dates.DAYS),
    (dates.PERIOD, dates.period),
    (
        re.compile(r"(?<![\d/:.,-])(\d+)(?: ?x ?| a | to | zu |:(?=\d\b))(\d+)(?![\d/:-]|[.,]\d)"),
        r"\1-\2",
    ),
)
_MONTHS: Rules = (
    *((pattern, dates.day) for pattern in dates.DAYS_OF_MONTHS),
    (dates.MONTH, dates.month),
)
_LAST: Rules = (
    (numerals.FIGURES, numerals.figures),
    (re.compile(r"(?<=\d)(km|kg|cm|mm|m)\b"), r" \1"),
)
_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """Return the text as it is compared: idempotent, and ``""`` if nothing is left.

    Only leading articles are taken away, and *um* is a number: *um dia* is *1 dia*.
    """
    for _ in range(_MAX_PASSES):
        before, text = text, _bare(canonical(text))
        if text == before:
            break
    return text


def canonical(text: str) -> str:
    """Numbers, dates and scores in one form each; what separates items is still there."""
    text = _rewritten(_folded(text), _LETTERS)
    if _DIGIT.search(text):
        text = _rewritten(text, _BESIDE_FIGURES)
    text = numerals.WORDS.sub(numerals.in_figures, text)
    if _DIGIT.search(text):
        text = _rewritten(text, _FIGURES)
        text = _rewritten(text, _MONTHS) if dates.names_month(text) else text
        text = _rewritten(text, _LAST)
    return text


def _rewritten(text: str, rules: Rules) -> str:
    """Apply rules in their order: each relies on those before it."""
    for pattern, rewrite in rules:
        text = pattern.sub(rewrite, text)
    return text


def _folded(text: str) -> str:
    """Letters without case and accents, and only the punctuation that means something."""
    text = re.sub(r"(?<=\d)\.?(?:[ºª°]|er\b)", "o", text)
    text = numerals.SPACED.sub(numerals.joined, _ELISION.sub(r"\1 ", text))
    text = without_accents(text).translate(_SIGNS_AS_WORDS)
    if _PUNCTUATION.search(text):
        text = _without_punctuation(text)
    return re.sub(r"\s+", " ", text)


def _without_punctuation(text: str) -> str:
    text = re.sub(r"\b(?:[^\W\d_]\.){2,}", lambda found: found[0].replace(".", ""), text)
    text = re.sub(r"[^\w\s,;&%$.:/+#-]|_", " ", text)
    text = _SIGNS.sub(lambda found: found["ends_a_word"] or " ", text)
    text = re.sub(r"(?<=\d)\s*-\s*(?=\d)", "-", text)
    return re.sub(r"-(?!\d)|(?<=[^\s\d])-", " ", text)


def _bare(text: str) -> str:
    """Without separators, leading articles and zeros, between single spaces."""
    text = _SEPARATOR.sub("; ", text)
    words = _NO_THOUSANDS.sub(" ", text).split()
    words = [word.lstrip("0") or "0" if word.isdecimal() else word for word in words]
    while len(words) > 1 and words[0] in _ARTICLES and tuple(words[:2]) not in _NAMES_WITH_ARTICLE:
        del words[0]
    return " ".join(words)

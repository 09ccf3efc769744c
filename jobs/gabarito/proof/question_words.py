"""The words of a question, as it is compared with those that were trained."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from gabarito.core.forms import UNSPACED, set_figures_apart

_STEM_LETTERS = 5
"""Endings differ between wordings: *oitavos*, *oitavas*. With 6 letters of a word 1 % fewer right
answers of the sample find their fact."""

_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+"
)
"""Also the vowels of Hebrew and Arabic, which few people write."""

_VOWEL_SIGNS = "\u0900-\u0963\u0971-\u0dff"
"""Scripts of India, whose vowels are signs and no letters to a pattern: they part no word."""

_FEWEST_SHOUTED = 3
"""So many words in capitals are shouted, and none of them is a name for that; fewer are names."""

_DASH = re.compile(r"(?<=\d)\s?[-–—/]\s?(?=\d)")
_PERIOD = re.compile(r"(?<![\d/])(?:\d\d)?(\d\d)/(?:\d\d)?(\d\d)(?![\d/])")
_TOKEN = re.compile(
    rf"([.!?:…\n\"“«(¿¡]\s*)?(\d+(?:/\d+)?|[{UNSPACED}]|(?:[^\W\d_{UNSPACED}]|[{_VOWEL_SIGNS}])+)"
)
"""A word, and before it what begins a sentence, where a capital says nothing."""


@dataclass(frozen=True)
class QuestionWords:
    """The words of a text, cut to their first letters; ``capital`` are names, mostly.

    Those are written with a capital within a sentence. ``order`` has all as they come.
    """

    all: frozenset[str]
    capital: frozenset[str]
    order: tuple[str, ...]


def words_of(text: str) -> QuestionWords:
    """Return the words of a text, without case and accents, a period of years in one form."""
    plain = text
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", set_figures_apart(text))
        composed = unicodedata.normalize("NFC", _ACCENTS.sub("", parted))  # as Korean is written
        plain = "".join(map(_in_ascii, composed))
    if any(map(str.isdigit, plain)):
        plain = _PERIOD.sub(r"\1/\2", _DASH.sub("/", plain))
    words: list[str] = []
    capital: set[str] = set()
    found = _TOKEN.findall(f"\n{plain}")
    for begin, token in found:
        word = token if is_figure(token) else token.casefold()[:_STEM_LETTERS]
        words.append(word)
        if not begin and len(token) > 1 and token[0].isupper():  # *I* is no name
            capital.add(word)
    if _is_shouted([token for _, token in found if not is_figure(token)]):
        capital = set()
    return QuestionWords(frozenset(words), frozenset(capital), tuple(words))


def _in_ascii(char: str) -> str:
    """Return a digit of any script as it is written in ours."""
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _is_shouted(tokens: Sequence[str]) -> bool:
    return len(tokens) >= _FEWEST_SHOUTED and all(map(str.isupper, tokens))


def is_figure(word: str) -> bool:
    """Tell whether a word is a number or a period."""
    return word[0].isdigit()

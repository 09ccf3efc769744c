"""The words of a question, as it is compared with those that were trained."""

import re
import unicodedata
from dataclasses import dataclass

from gabarito.core.forms import UNSPACED

_STEM_LETTERS = 5
"""Endings differ between wordings: *oitavos*, *oitavas*. With 6 letters of a word 1 % fewer right
answers of the sample find their fact."""

_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_DASH = re.compile(r"(?<=\d)\s?[-–—/]\s?(?=\d)")
_PERIOD = re.compile(r"(?<![\d/])(?:\d\d)?(\d\d)/(?:\d\d)?(\d\d)(?![\d/])")
_TOKEN = re.compile(rf"([.!?:…\n\"“«(¿¡]\s*)?(\d+(?:/\d+)?|[{UNSPACED}]|[^\W\d_{UNSPACED}]+)")
"""A word, and before it what begins a sentence, where a capital says nothing."""


@dataclass(frozen=True)
class QuestionWords:
    """The words of a text, cut to their first letters; ``capital`` are names, mostly.

    Those are written with a capital within a sentence.
    """

    all: frozenset[str]
    capital: frozenset[str]


def words_of(text: str) -> QuestionWords:
    """Return the words of a text, without case and accents, a period of years in one form."""
    plain = text
    if not text.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        plain = unicodedata.normalize("NFC", bare)  # signs of Japanese and Korean are one again
    if any(map(str.isdigit, plain)):
        plain = _PERIOD.sub(r"\1/\2", _DASH.sub("/", plain))
    words: set[str] = set()
    capital: set[str] = set()
    for begin, token in _TOKEN.findall(f"\n{plain}"):
        word = token if is_figure(token) else token.casefold()[:_STEM_LETTERS]
        words.add(word)
        if not begin and len(token) > 1 and token[0].isupper():  # *I* is no name
            capital.add(word)
    return QuestionWords(frozenset(words), frozenset(capital))


def is_figure(word: str) -> bool:
    """Tell whether a word is a number or a period."""
    return word[0].isdigit()

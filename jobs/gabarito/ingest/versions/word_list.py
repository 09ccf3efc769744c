"""A text as the words by which it is compared with another."""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gabarito.core.forms import UNSPACED

_VOWEL_SIGNS = "".join(
    chr(code) for code in range(0x300, 0xAC00) if unicodedata.category(chr(code))[0] == "M"
)
"""Signs on a letter that are no letters to ``\\w``: some Hindi words differ in nothing else."""

_WORD = re.compile(
    rf"[{UNSPACED}][{_VOWEL_SIGNS}]*"
    rf"|(?:[^\W_{UNSPACED}][{_VOWEL_SIGNS}]*)+"
    r"|(?<![\w)\]])[-−–](?=\d)|(?<=\d)\^"
    r"|[<>]=?(?= ?[-\d])|[!=]=|[≤≥≠]|\$(?= ?\d)|(?<=\d)\$"
    r"|[%‰€£¥°±×÷☐☑☒✓✔✗✘]"
)
"""Beside words what changes a figure: its sign, exponent, unit, what it is compared by."""

_EXPONENT = re.compile(r"[⁰¹²³⁴-⁹⁺⁻](?<=\d.)")
_RAISED = re.compile(r"[\^_]\(([^()\n]{1,20})\)")
_RAISED_ON_LETTER = re.compile(r"\^(?<=[^\W\d_].)(?=\w)")
_HYPHEN = re.compile(r"[-\u2010\u2011](?<=[^\W\d_].)[ \n]{0,3}(?=[^\W\d_])")
"""Like the two above it begins with the sign, then looks back: that is found five times faster."""
_LIST_MARK = re.compile(
    r"^[ >#]*(?:[-*•–] +)?"
    r"(?P<mark>\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-z]|[ivxlc]{1,6})[.)]|§ ?\d{1,4}\.?)(?=\s)",
    re.MULTILINE | re.IGNORECASE,
)

_OPENS = re.compile(r"(?:^|[.!?…]\s|\n\n|\n *[-*•#>]+)[\s\"'«“(*_]*$")
_BEFORE = 12
"""Signs before a word in which the end of a sentence is looked for."""


def _exponent(found: re.Match[str]) -> str:
    return ("^" if found[0][0] == "^" else "") + found[1]


def _normal(text: str) -> str:
    """Return ``text`` in NFKC with hyphens joined; exponents of figures stay exponents."""
    text = unicodedata.normalize("NFKC", _EXPONENT.sub(r"^\g<0>", text))
    text = _RAISED_ON_LETTER.sub("", _RAISED.sub(_exponent, text))
    return _HYPHEN.sub("", text.replace("\u00ad", ""))


def folded_words(text: str) -> list[str]:
    """Return the words by which a text is compared."""
    return _WORD.findall(_normal(text).casefold())


@dataclass(frozen=True)
class WordList:
    """The words of a text: as it shows them, as they are compared, and where each begins."""

    text: str
    shown: list[str]
    folded: list[str]
    starts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "WordList":
        """Return the words of ``text``; one that occurs often is one object in memory."""
        normal = _normal(text)
        shown, folded, starts = list[str](), list[str](), array("L")
        known: dict[str, tuple[str, str]] = {}
        for found in _WORD.finditer(normal):
            word = found[0]
            if word not in known:
                known[word] = word, "-" if word in "−–" else word.casefold()
            shown.append(known[word][0])
            folded.append(known[word][1])
            starts.append(found.start())
        return cls(normal, shown, folded, starts)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All words that occur."""
        return frozenset(self.folded)

    @cached_property
    def list_marks(self) -> frozenset[int]:
        """The places of words that are marks of lists, such as ``3.`` or ``(iv)``."""
        spans = (found.span("mark") for found in _LIST_MARK.finditer(self.text))
        return frozenset(place for span in spans for place in self.places(*span))

    def places(self, start: int, end: int) -> range:
        """Return the places of the words that begin within a part of the text."""
        return range(self._place_of(start), self._place_of(end))

    def _place_of(self, start: int) -> int:
        return bisect_left(self.starts, start)

    def is_name(self, place: int) -> bool:
        """Tell whether a word has a capital that no sentence's beginning gives it."""
        if not self.shown[place][0].isupper():
            return False
        start = self.starts[place]
        return not _OPENS.search(self.text[max(0, start - _BEFORE) : start])

    def names(self, places: range) -> Iterator[str]:
        """Yield the names among the words at some places."""
        return (self.folded[place] for place in places if self.is_name(place))

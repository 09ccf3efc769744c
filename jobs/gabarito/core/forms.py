"""One text, many forms: what a document's characters become, and what two texts are compared by.

A document keeps its own signs: only what is no spelling goes. Nothing is compared by the text of
a document itself, since a quotation mark or a dash may be written in many ways.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that put no spaces between words, within brackets of a pattern."""

# Joiners are spelling in these scripts: Hebrew to Thaana, N'Ko, those of India to Khmer, Mongolian.
_JOINED = "\u0590-\u08ff\u0900-\u109f\u1780-\u18af\u1900-\u1aaf\u1b00-\u1c4f\ua800-\uabff"
# What a sequence of emoji is made of: pictures, skin tones, the selector of the coloured form.
_PICTURES = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"

_NO_SPELLING = re.compile(
    r"(\U0001f3f4[\U000e0020-\U000e007f]+)"  # a flag is spelled by tags, and stays
    rf"|(?<![{_JOINED}])\u200c"
    rf"|(?<![{_JOINED}{_PICTURES}])\u200d|(?<=[{_PICTURES}])\u200d(?![{_PICTURES}])"
    r"|[\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\U000e0001-\U000e007f]"
)
"""Joiners that join nothing, signs of direction, hints for line ends, letters nobody sees."""

_MAY_BE_NO_SPELLING = re.compile(
    r"[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\U000e0001-\U000e007f]"
)
"""The signs of the pattern above, by which most texts are seen ten times faster to have none."""

_LETTERS_IN_ONE_SIGN = re.compile(
    "[\u2f00-\u2fd5\ufb00-\ufb06\ufb13-\ufb17\ufb20-\ufb28\ufb4f-\ufdc7\ufe70-\ufefc]+"
)
"""Ligatures and presentation forms of Latin, Armenian, Hebrew and Arabic, radicals of Chinese: how
a font draws letters. Exponents, fractions and other signs that mean something stay."""


def normalise_forms(text: str) -> str:
    """Return a document's text composed (NFC), without signs that are no spelling."""
    if _MAY_BE_NO_SPELLING.search(text):
        text = _NO_SPELLING.sub(r"\1", text)
    text = _LETTERS_IN_ONE_SIGN.sub(_letters, text)
    return unicodedata.normalize("NFC", text)


def _letters(found: re.Match[str]) -> str:
    # A vowel sign of Arabic that stands alone is spaced in compatibility forms.
    return unicodedata.normalize("NFKC", found[0]).replace(" ", "")


_SAME = {
    **dict.fromkeys("“”„‟«»‹›「」『』〝〞", '"'),
    **dict.fromkeys("’‘‚‛`´′ʼ", "'"),
    **dict.fromkeys("–—―−‐‑‒", "-"),
    **{"⁄": "/", "∕": "/", "ي": "ی", "ى": "ی", "ك": "ک", "ـ": ""},
}
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u180b-\u180d\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
    r"|(?<![^\W_])[*_`]+|[*_`]+(?![^\W_])"  # marks of emphasis at the edge of a word
    r"|\\(?=[!-/:-@\[-`{-~])"  # a sign that is escaped
)
_RAISED = re.compile(r"(?<=\d)[\u00b2\u00b3\u00b9\u2070-\u207f]+")
_LOWERED = re.compile(r"(?<=\d)[\u2080-\u208e]+")
_FRACTION = re.compile(r"(?<=\d)[\u00bc-\u00be\u2150-\u215f]")


@dataclass(frozen=True)
class Comparable:
    """What a text is compared by, and where each character of it stands in that text."""

    text: str
    places: tuple[int, ...]

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Return where in the source the characters from ``begin`` to before ``end`` stand."""
        return self.places[begin], self.places[end - 1] + 1


@lru_cache(maxsize=64)
def comparable(text: str) -> Comparable:
    """Return what is compared: signs in one form, no case, no emphasis, words one space apart."""
    unseen = {at for found in _UNSEEN.finditer(text) for at in range(*found.span())}
    marks = _marks_of_figures(text)
    chars: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        if at in unseen:
            continue
        for one in marks.get(at, "") + _form(char):
            if one != " " or (chars and chars[-1] != " "):
                chars.append(one)
                places.append(at)
    return Comparable("".join(chars), tuple(places))


def set_figures_apart(text: str) -> str:
    """Return a text whose exponents, indices and fractions stay apart from a figure before them.

    Compatibility forms would turn 10⁶ into 106 and 1½ into 11/2.
    """
    marks = _marks_of_figures(text)
    return "".join(marks.get(at, "") + char for at, char in enumerate(text)) if marks else text


def _marks_of_figures(text: str) -> dict[int, str]:
    patterns = {"^": _RAISED, "_": _LOWERED, " ": _FRACTION}
    return {f.start(): mark for mark, found in patterns.items() for f in found.finditer(text)}


def _form(char: str) -> str:
    if char.isspace():
        return " "
    if char.isascii():
        return _SAME.get(char, char.lower())
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKC", char).casefold() if char not in _SAME else char
    return "".join(_SAME.get(one, one) for one in plain)

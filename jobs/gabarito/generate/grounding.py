"""Does one text stand in another: word for word, or after normalising."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from gabarito.answer_match import normalise
from gabarito.core.forms import comparable

MAX_ELIDED_CHARS = 300
"""What an ellipsis in a quote may stand for: a sentence or two; more would prove anything."""

MAX_PARTS = 8

_ELLIPSIS = re.compile(r"\s*[\[(]?(?:…|\.\.\.+)[\])]?\s*")
_FIGURES = re.compile(r"\d")
_FIGURE_ONE = re.compile(r"\b0*1\b")
_ROMAN = re.compile(r"\b(?:[IVXLCDM]{2,}|[VX])\b")
"""A numeral of two letters at least, but for V and X: *I* and *C* are words more often."""
_AND = re.compile(r"[,;]|\b(?:e|and|y|et|und)\b")


def quoted(quote: str, text: str) -> str | None:
    """Return the words of ``text`` that a quote repeats, white space folded, or None.

    Forms of signs count as equal, and letters in either case. What a quote leaves out by an
    ellipsis is given, too.
    """
    found = _found(quote, text)
    return " ".join(text[slice(*found)].split()) if found else None


def support_of(quote: str, text: str) -> str:
    """Return what a quote proves something with: itself, and in a table its row and the header.

    Empty if the quote does not stand in ``text``.
    """
    found = _found(quote, text)
    if not found:
        return ""
    begin = text.rfind("\n", 0, found[0]) + 1
    end = text.find("\n", found[1])
    rows = text[begin : end if end >= 0 else len(text)]
    if not rows.startswith("|"):
        return text[slice(*found)]
    header = rows
    for line in reversed(text[:begin].splitlines()):
        if not line.startswith("|"):
            break
        header = line
    return f"{header}\n{rows}"


def is_supported_by(answers: Sequence[str], text: str) -> bool:
    """Tell whether one of these answers stands in a text, a list's items in any order."""
    for answer in answers:
        items = [item for part in _AND.split(answer) if (item := part.strip())]
        if _stands(answer, text) or (len(items) > 1 and all(_stands(item, text) for item in items)):
            return True
    return False


def has_same_figures(one: str, other: str) -> bool:
    """Tell whether two ways to say something, in two languages, agree in their figures.

    Spelled numbers stand for figures (*42*, *quarenta e dois*), and need none: *twice* has none
    in most languages. Roman numerals are figures in others (*século XXI*, *21st century*).
    """
    if _ROMAN.search(f"{one} {other}"):
        return True
    plain = _figures_of(normalise(one)), _figures_of(normalise(other))
    written = _figures_of(one), _figures_of(other)
    return plain[0] == plain[1] or (
        written[0] <= written[1] | plain[1] and written[1] <= written[0] | plain[0]
    )


def is_given_away(answers: Sequence[str], question: str) -> bool:
    """Tell whether a question contains one of the answers, word for word or normalised.

    Figures are looked for only among normalised ones: 2024/25 does not give 25 away.
    """
    return any(
        _is_inside(normalise(answer), normalise(question))
        if _FIGURES.search(answer) and normalise(answer) != "1"
        else _stands(answer, question)
        for answer in answers
    )


def _found(quote: str, text: str) -> tuple[int, int] | None:
    """Return where a quote begins and ends in a text: whole, else by its parts in order."""
    source = comparable(text)
    whole = comparable(quote).text.strip()
    if not whole:
        return None
    at = source.text.find(whole)
    if at >= 0:
        return source.span(at, at + len(whole))
    parts = [part for one in _ELLIPSIS.split(quote) if (part := comparable(one).text.strip())]
    if not 0 < len(parts) <= MAX_PARTS:
        return None
    at = source.text.find(parts[0])
    while at >= 0:
        end = _end_of(parts, source.text, at)
        if end >= 0:
            return source.span(at, end)
        at = source.text.find(parts[0], at + 1)
    return None


def _end_of(parts: Sequence[str], text: str, begin: int) -> int:
    """Return where the last of these parts ends, the first of which begins here, or -1."""
    end = begin + len(parts[0])
    for part in parts[1:]:
        at = text.find(part, end, end + MAX_ELIDED_CHARS + len(part))
        if at < 0:
            return -1
        end = at + len(part)
    return end


@lru_cache(maxsize=65536)
def letters(text: str) -> str:
    """Return the letters and digits of a text without case and accents, words apart."""
    plain = unicodedata.normalize("NFKD", comparable(text).text)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", plain))


def _figures_of(text: str) -> set[int]:
    return {int(figures) for figures in re.findall(r"\d{1,100}", text)}


def _stands(answer: str, text: str) -> bool:
    plain = normalise(answer)
    if plain == "1":  # spelled it would stand in any text: *um*, *une*, *ein* are articles
        return bool(_FIGURE_ONE.search(text))
    return _is_inside(letters(answer), letters(text)) or _is_inside(plain, normalise(text))


def _is_inside(words: str, text: str) -> bool:
    return bool(words) and f" {words} " in f" {text} "

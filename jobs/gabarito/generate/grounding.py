"""Does one text stand in another: word for word, or after normalising."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from gabarito.answer_match import normalise

_VARIANTS = ('"“”„‟«»', "'’‘`´′", "-–—−‐‑")
_VARIANT_OF = {char: f"[{re.escape(chars)}]" for chars in _VARIANTS for char in chars}
_BETWEEN_WORDS = r"[*_`]*\s+[*_`]*"
_FIGURES = re.compile(r"\d")
_FIGURE_ONE = re.compile(r"\b0*1\b")
_AND = re.compile(r"[,;]|\b(?:e|and|y|et|und)\b")


def quoted(quote: str, text: str) -> str | None:
    """Return the words of ``text`` that a quote repeats, white space folded, or None.

    Typographic quotes and dashes count as plain ones, and letters in either case.
    """
    found = _found(quote, text)
    return " ".join(found[0].split()) if found else None


def support_of(quote: str, text: str) -> str:
    """Return what a quote proves something with: itself, and in a table its row and the header.

    Empty if the quote does not stand in ``text``.
    """
    found = _found(quote, text)
    if not found:
        return ""
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    rows = text[begin : end if end >= 0 else len(text)]
    if not rows.startswith("|"):
        return found[0]
    header = rows
    for line in reversed(text[:begin].splitlines()):
        if not line.startswith("|"):
            break
        header = line
    return f"{header}\n{rows}"


def is_supported_by(answers: Sequence[str], text: str) -> bool:
    """Tell whether one of these answers stands in a text, a list's items in any order."""
    return any(_stands(answer, text) or _items_stand(answer, text) for answer in answers)


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


def _found(quote: str, text: str) -> re.Match[str] | None:
    words = quote.split()
    source = _BETWEEN_WORDS.join(
        "".join(_VARIANT_OF.get(char, re.escape(char)) for char in word) for word in words
    )
    return re.search(source, text, re.IGNORECASE) if words else None


@lru_cache(maxsize=65536)
def letters(text: str) -> str:
    """Return the letters and digits of a text without case and accents, words apart."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", plain))


def _stands(answer: str, text: str) -> bool:
    plain = normalise(answer)
    if plain == "1":  # spelled it would stand in any text: *um*, *une*, *ein* are articles
        return bool(_FIGURE_ONE.search(text))
    return _is_inside(letters(answer), letters(text)) or _is_inside(plain, normalise(text))


def _is_inside(words: str, text: str) -> bool:
    return bool(words) and f" {words} " in f" {text} "


def _items_stand(answer: str, text: str) -> bool:
    items = [item for part in _AND.split(answer) if (item := part.strip())]
    return len(items) > 1 and all(_stands(item, text) for item in items)

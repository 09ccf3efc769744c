"""What answers are compared by in each language, read from languages.yaml without accents."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from gabarito.core.forms import set_figures_apart

_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def without_accents(text: str) -> str:
    """Return the text without case, accents and ligatures."""
    plain = unicodedata.normalize("NFKD", set_figures_apart(text)).casefold().translate(_LETTERS)
    return plain if plain.isascii() else "".join(c for c in plain if not unicodedata.combining(c))


@dataclass(frozen=True)
class Language:
    """The words of a language; ``numbers`` are keyed by what is left without accents.

    ``repeated`` are those of the ``negations`` that deny nothing more beside another one.
    """

    code: str
    articles: frozenset[str]
    conjunction: str
    joins: tuple[str, ...]
    alternative: str
    both: str
    negations: tuple[str, ...]
    repeated: tuple[str, ...]
    function: frozenset[str]
    numbers: Mapping[str, str]
    is_compound: bool
    missed: Mapping[str, str]
    scales: Mapping[str, int]
    everyday: frozenset[str]
    periods: frozenset[str]
    months: tuple[tuple[str, ...], ...]


def _language(code: str, entry: Mapping[str, Any]) -> Language:
    def words(name: str) -> list[str]:
        return str(entry.get(name, "")).split()

    def phrases(name: str) -> tuple[str, ...]:
        return tuple(
            phrase
            for part in entry.get(name, "").split(",")
            if (phrase := without_accents(part.strip()))
        )

    numbers = {word: word for word in words("numbers")} | entry.get("spellings", {})
    return Language(
        code=code,
        articles=frozenset(words("articles")),
        conjunction=entry["and"],
        joins=phrases("joins"),
        alternative=entry.get("or", ""),
        both=entry.get("both", ""),
        negations=phrases("not"),
        repeated=phrases("not_more"),
        function=frozenset(map(without_accents, words("function"))),
        numbers={without_accents(word): known for word, known in numbers.items()},
        is_compound=bool(entry.get("compound")),
        missed=entry.get("missed", {}),
        scales={without_accents(word): zeros for word, zeros in entry["scales"].items()},
        everyday=frozenset(words("everyday")),
        periods=frozenset(words("periods")),
        months=tuple(tuple(without_accents(row).split()) for row in entry["months"]),
    )


LANGUAGES: tuple[Language, ...] = tuple(
    _language(code, entry)
    for code, entry in yaml.safe_load(
        (files(__package__) / "languages.yaml").read_text(encoding="utf-8")
    ).items()
)

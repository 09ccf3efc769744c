"""Cheap checks of short texts: are they in the right language, do they point at their source."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

_WORD = re.compile(r"[^\W\d_]+")
UNDETERMINED = "und"
"""The tag of texts whose language is unknown (BCP 47)."""

_ENOUGH = 2
"""Words of another language that are no accident; one may stand in a name."""

_LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load(
    (files(__package__) / "languages.yaml").read_text(encoding="utf-8")
)
_WORDS = {code: frozenset(entry["words"].split()) for code, entry in _LANGUAGES.items()}

_NAMELESS = {
    code: _WORDS[code] | frozenset(_WORD.findall(entry["nameless"]))
    for code, entry in _LANGUAGES.items()
}

BEFORE_YEARS, PERIOD_WORDS = (
    frozenset(word for entry in _LANGUAGES.values() for word in entry[name].split())
    for name in ("before years", "period words")
)
"""Of all languages, as what limits a fact may be named in another one than its document's."""


def language_name(code: str) -> str:
    """Return the English name of a language, or its code if we do not know it."""
    if code in ("", UNDETERMINED):
        return "the language of what is given"
    entry = _LANGUAGES.get(_base(code))
    if entry is None:
        return code
    region = code.partition("-")[2]
    return f"{entry['name']} ({region})" if region else str(entry["name"])


def is_other_language(text: str, code: str) -> bool:
    """Tell whether a text is clearly in another language than ``code``.

    Counted are the little words of six languages that are no words of ``code``; texts without
    such words (keywords, names) pass, and so does everything in a language that is not listed.
    """
    own = _WORDS.get(_base(code))
    if own is None:
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    ours = sum(word in own for word in words)
    others = max(
        sum(word in theirs - own for word in words)
        for other, theirs in _WORDS.items()
        if other != _base(code)
    )
    return others >= _ENOUGH and others > ours


def is_deictic(text: str, code: str) -> bool:
    """Tell whether a text speaks of the text that it was taken from."""
    return any(pattern.search(text) for pattern in _pointers(_base(code)))


def names_nothing(text: str, code: str) -> bool:
    """Tell whether a text is made of words that name nothing, such as *qualquer um* or *any*.

    Asked of are the words of ``code`` and of English, or of all languages if ``code`` is not
    listed. Figures name something, and so do *A+* and *C#*.
    """
    words = _WORD.findall(text.lower())
    codes = {"en", _base(code)} if _base(code) in _LANGUAGES else set(_LANGUAGES)
    nameless = frozenset().union(*(_NAMELESS[known] for known in codes))
    return not any(char.isdigit() or char in "+#" for char in text) and nameless.issuperset(words)


@lru_cache
def _pointers(base: str) -> tuple[re.Pattern[str], ...]:
    sources = [*_LANGUAGES["en"]["deictic"]]
    sources += _LANGUAGES[base]["deictic"] if base in _LANGUAGES and base != "en" else []
    return tuple(re.compile(rf"(?<!\w)(?:{source})", re.IGNORECASE) for source in sources)


def _base(code: str) -> str:
    return code.partition("-")[0].lower()

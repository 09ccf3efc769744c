"""Cheap checks of short texts: are they in the right language, do they point at their source."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from gabarito.answer_match.languages import LANGUAGES
from gabarito.core.language_names import base_language

if TYPE_CHECKING:
    from lingua import LanguageDetector

_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH = 2
"""Words of another language that are no accident; one may stand in a name."""

_UNLIKELY = 0.01
"""A text's own language is less likely than this only if the text is in another one."""

_CLEARLY = 0.9
"""A text is in its own language, whatever its little words may be elsewhere, from here on."""

_LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load(
    (files(__package__) / "languages.yaml").read_text(encoding="utf-8")
)
_LEAST_LETTERS = 3
"""Shorter words are seldom what a text is about."""

_WORDS = {code: frozenset(entry["words"].split()) for code, entry in _LANGUAGES.items()}

_NAMELESS = {
    code: _WORDS[code] | frozenset(_WORD.findall(entry["nameless"]))
    for code, entry in _LANGUAGES.items()
}

BEFORE_YEARS = frozenset(
    word for entry in _LANGUAGES.values() for word in entry["before years"].split()
)
PERIOD_WORDS = frozenset().union(*(language.periods for language in LANGUAGES))
"""Of all languages, as what limits a fact may be named in another one than its document's."""


def is_other_language(text: str, code: str) -> bool:
    """Tell whether a text is clearly in another language than ``code``.

    Counted are the little words of six languages that are no words of ``code``. Where they say
    nothing (*Password length?*), the letters decide, of what are no names. Texts of names and
    of a single word pass, and so does everything in a language that is not listed.
    """
    own = _WORDS.get(base_language(code))
    if own is None:
        return False
    written = _WORD.findall(text)
    words = [word.lower() for word in written]
    ours = sum(word in own for word in words)
    others = max(
        sum(word in theirs - own for word in words)
        for other, theirs in _WORDS.items()
        if other != base_language(code)
    )
    if others >= _ENOUGH and others > ours:
        return _likelihood(text, base_language(code)) < _CLEARLY  # "me" and "a" are English, too
    # Names are of any language, and a capital that opens the text makes none.
    plain = [word for at, word in enumerate(written) if at == 0 or word.islower()]
    return (
        ours <= others
        and len(plain) >= _ENOUGH
        and _likelihood(" ".join(plain), base_language(code)) < _UNLIKELY
    )


def is_of_names(text: str) -> bool:
    """Tell whether a text has no words but names and the little words between them."""
    little = frozenset().union(*_WORDS.values())
    return not any(word.islower() and word not in little for word in _WORD.findall(text))


def _likelihood(text: str, base: str) -> float:
    """Return how likely a text is in a language by its letters, 0..1; 1 where they say nothing."""
    values = _detector().compute_language_confidence_values(text)
    likely = {value.language.iso_code_639_1.name.lower(): value.value for value in values}
    return likely[base] if any(likely.values()) else 1.0


@lru_cache(maxsize=1)
def _detector() -> "LanguageDetector":
    """Return lingua for the listed languages, three letters at a time: 14 MB instead of 170."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # who plans imports this module

    codes = [IsoCode639_1.from_str(code.upper()) for code in _LANGUAGES]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    return builder.with_low_accuracy_mode().build()


def is_deictic(text: str, code: str) -> bool:
    """Tell whether a text speaks of the text that it was taken from."""
    return any(pattern.search(text) for pattern in _pointers(base_language(code)))


def names_nothing(text: str, code: str) -> bool:
    """Tell whether a text is made of words that name nothing, such as *qualquer um* or *any*.

    Asked of are the words of ``code`` and of English, or of all languages if ``code`` is not
    listed. Figures name something, and so do *A+* and *C#*.
    """
    words = _WORD.findall(text.lower())
    codes = {"en", base_language(code)} if base_language(code) in _LANGUAGES else set(_LANGUAGES)
    nameless = frozenset().union(*(_NAMELESS[known] for known in codes))
    return not any(char.isdigit() or char in "+#" for char in text) and nameless.issuperset(words)


def content_words(text: str, code: str) -> set[str]:
    """Return the words of a text that carry its meaning, in lower case, the shortest left out."""
    little = _NAMELESS.get(base_language(code), frozenset())
    words = set(map(str.lower, _WORD.findall(text)))
    return {word for word in words - little if len(word) >= _LEAST_LETTERS}


@lru_cache
def _pointers(base: str) -> tuple[re.Pattern[str], ...]:
    sources = [*_LANGUAGES["en"]["deictic"]]
    sources += _LANGUAGES[base]["deictic"] if base in _LANGUAGES and base != "en" else []
    return tuple(re.compile(rf"(?<!\w)(?:{source})", re.IGNORECASE) for source in sources)

"""Numbers and ordinals, spelled in six languages or written in figures.

What a spelled number is worth, text2num knows (all of 0 to 9999, in all six). It is given only
words that languages.yaml lists: it guesses at plurals, so that *none* is Italian for 9th to it,
and *miles* Spanish for 1000. And it is given them with their accents, which it wants and people
leave out.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from text_to_num import alpha2digit

from gabarito.answer_match.languages import LANGUAGES, Language

_BY_CODE = {language.code: language for language in LANGUAGES}
_SCALES = {word: zeros for language in LANGUAGES for word, zeros in language.scales.items()}
_EVERYDAY = frozenset().union(*(language.everyday for language in LANGUAGES))
_MILLION = 6
_MAX_WORDS = 16
"""Words of one number; 999 999 takes 13 in French."""

_MAX_LETTERS = 80
"""Letters of one word; German for 777 777 takes 66."""


def any_of(words: Collection[str]) -> str:
    """Return a pattern that matches each of these words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


_PARTS = {
    language.code: re.compile(any_of(language.numbers))
    for language in LANGUAGES
    if language.is_compound
}
_COMPOUNDS = {code: re.compile(rf"(?:{part.pattern})+") for code, part in _PARTS.items()}

WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*")
FIGURES = re.compile(r"(?<!\d)\d+(?:[.,]\d+)+")
SPACED = re.compile(r"(?<![\d.,:/-])(?!0)\d{1,3}(?:[ \u00a0\u2007\u2009\u202f]\d{3})+(?![\d:/-])")
SCALED = re.compile(
    rf"(?<![\d.,:/-])(?P<figures>\d{{1,15}}(?:[.,]\d{{1,15}}){{0,4}}) "
    rf"(?P<scale>{any_of(_SCALES)})\b"
)
OF_MILLIONS = re.compile(r"(?<=000000) (?:de|di)(?= [^\W\d_])")


def in_figures(found: re.Match[str]) -> str:
    """Return some words with the numbers among them as ``21`` and ``21o``."""
    words = found[0].split(" ")
    if not any(map(_spellings, words)):
        return found[0]
    before = found.string[max(found.start() - 2, 0) : found.start()].strip()
    leads = before in ("", ",", ";", "&")
    result, place = [], 0
    while place < len(words):
        size, text = _longest(words, place, leads=leads and place == 0)
        result.append(text)
        place += size
    return " ".join(result)


def figures(found: re.Match[str]) -> str:
    """Return ``1.234.567,8`` and ``1,234,567.8`` as ``1234567.8``."""
    return _plain(found[0])


def joined(found: re.Match[str]) -> str:
    """Return ``1 234 567`` as ``1234567``."""
    return re.sub(r"\D", "", found[0])


def scaled(found: re.Match[str]) -> str:
    """Return ``25 mil`` as ``25000`` and ``1.5 million`` as ``1500000``."""
    plain = _plain(found["figures"])
    if plain.count(".") > 1 or "," in plain:
        return found[0]
    return f"{Decimal(plain).scaleb(_SCALES[found['scale']]).normalize():f}"


@lru_cache(maxsize=65536)
def _spellings(word: str) -> Mapping[str, str]:
    """Return how text2num spells this part of a number, by language."""
    found = {item.code: item.numbers[word] for item in LANGUAGES if word in item.numbers}
    if len(word) <= _MAX_LETTERS:
        for code, compound in _COMPOUNDS.items():
            if code not in found and compound.fullmatch(word):
                known = _BY_CODE[code].numbers
                found[code] = _PARTS[code].sub(lambda part, of=known: of[part[0]], word)  # type: ignore[misc]
    return found


def _longest(words: Sequence[str], place: int, *, leads: bool) -> tuple[int, str]:
    """Return how many words are one number and its figures, or one word as it is."""
    best = (0, "")
    for code in _spellings(words[place]):
        found = _number(_BY_CODE[code], words[place : place + _MAX_WORDS])
        best = max(best, found, key=lambda item: item[0])
    is_other_word = best[0] == 1 and words[place] in _EVERYDAY and not leads
    return (1, words[place]) if best[0] == 0 or is_other_word else best


def _number(language: Language, words: Sequence[str]) -> tuple[int, str]:
    if language.scales.get(words[0], 0) >= _MILLION:  # millions of something are not a million
        return 0, ""
    spelled, ends = [], []
    for word in words:
        known = _spellings(word).get(language.code)
        if known is None and word != language.conjunction:
            break
        spelled.append(known or word)
        if known:
            ends.append(len(spelled))
    for end in reversed(ends):
        if text := _value(" ".join(spelled[:end]), language.code):
            return end, text
    return 0, ""


@lru_cache(maxsize=65536)
def _value(spelled: str, code: str) -> str:
    """Return ``21`` or ``21o`` for one whole number, ``""`` for anything else."""
    if spelled in _BY_CODE[code].missed:
        return _BY_CODE[code].missed[spelled]
    found = re.fullmatch(r"(\d+)([^\d\s]*)", alpha2digit(spelled, code, 0.0))
    return f"{found[1]}{'o' if found[2] else ''}" if found else ""


def _plain(text: str) -> str:
    groups, signs = re.split(r"[.,]", text), re.findall(r"[.,]", text)
    if len(set(signs)) == 1 and _is_grouped(groups):
        return "".join(groups)
    if len(signs) == 1 or (len(set(signs)) == 2 and signs.count(signs[-1]) == 1):
        return f"{''.join(groups[:-1])}.{groups[-1]}"
    return text


def _is_grouped(groups: list[str]) -> bool:
    first, *others = groups
    return len(first) <= 3 and not first.startswith("0") and all(len(g) == 3 for g in others)

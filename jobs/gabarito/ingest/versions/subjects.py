"""Whether two texts in nearly the same words are about two subjects, as filled forms are."""

import re

from gabarito.answer_match.languages import LANGUAGES, without_accents
from gabarito.ingest.versions.word_alignment import Alignment, WordDifference
from gabarito.ingest.versions.word_list import WordList

_TITLE_WORDS = 15
"""A first line with more words is no title."""

_OPENING_WORDS = 30
"""Words at the beginning in which another name is another subject."""

_REWRITTEN_WORDS = 12
"""More words for as many others are another passage, such as another holder of a licence."""

_MAX_NAMES = 0.2
"""Share of words with a capital from which a capital makes no name: German, or a list."""

_LABELLED = re.compile(
    r"^[^\w\n]{0,4}[^\W\d_][^:|\n]{0,40}[:|](?P<value>[^\n]*\w[^\n]*)$", re.MULTILINE
)
_MONTH = "|".join(word for language in LANGUAGES for words in language.months for word in words)
_DATED = re.compile(
    rf"{_MONTH}|version|versao|versione|fassung|revision|revisao|revisione|rev|v|v\d+|(?:19|20)\d\d"
)
_DAY = re.compile(r"\d{1,3}(?:st|nd|rd|th|o|er)?")
_NO_NAMES = frozenset(
    (
        *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
        *("october", "november", "december", "monday", "tuesday", "wednesday", "thursday"),
        *("friday", "saturday", "sunday"),
    )
)
"""Words with a capital in English; where other words have one, too, capitals do not count."""


def have_other_titles(texts: Alignment) -> bool:
    """Tell whether the titles differ in more than a date or the number of a version."""
    first, second = _title_words(texts.first), _title_words(texts.second)
    is_touched = any(
        one.is_replaced and (one.first.start < first or one.second.start < second)
        for one in texts.differences
    )
    return (
        is_touched
        and min(first, second) > 0
        and _undated(texts.first, first) != _undated(texts.second, second)
    )


def have_other_names(texts: Alignment) -> bool:
    """Tell whether another name stands at the beginning, or where a form is filled in."""
    if _is_form_filled_anew(texts):
        return True
    early = [one for one in texts.differences if one.first.start < _OPENING_WORDS]
    is_named = any(_has_other_name(texts, one) for one in early)
    return is_named and not _is_full_of_capitals(texts.first)


def may_be_others(texts: Alignment) -> bool:
    """Tell whether a name or a passage differs anywhere: two texts of one template may, too."""
    return any(
        min(len(one.first), len(one.second)) > _REWRITTEN_WORDS or any(_other_names(texts, one))
        for one in texts.differences
        if one.is_replaced
    )


def _title_words(words: WordList) -> int:
    """Return how many words the title has that a text begins with; without one, 0."""
    line, _, below = words.text.partition("\n")
    number = len(words.places(0, len(line)))
    is_title = line.startswith("#") or below.startswith("\n")
    return number if is_title and number <= _TITLE_WORDS else 0


def _undated(words: WordList, length: int) -> list[str]:
    """Return the first words without dates and numbers of versions."""
    plain = [without_accents(word) for word in words.folded[:length]]
    dated = {place for place, word in enumerate(plain) if _DATED.fullmatch(word)}
    named = {place for place in dated if not plain[place][-1].isdigit()}
    for places in (range(length), reversed(range(length))):
        for place in places:
            for beside in (place - 1, place + 1):
                is_joined = beside in named or (
                    beside in dated and _is_joined(words, place, beside)
                )
                if is_joined and _DAY.fullmatch(plain[place]):
                    dated.add(place)
    return [word for place, word in enumerate(plain) if place not in dated]


def _is_joined(words: WordList, one: int, other: int) -> bool:
    """Tell whether two words have a sign of a date between them and no space."""
    start = words.starts[min(one, other)] + len(words.shown[min(one, other)])
    return words.text[start : words.starts[max(one, other)]] in (".", "/", "-")


def _has_other_name(texts: Alignment, one: WordDifference) -> bool:
    return all(_other_names(texts, one))


def _other_names(texts: Alignment, one: WordDifference) -> tuple[set[str], set[str]]:
    """Return the names on either side that the other text nowhere has."""
    first = set(texts.first.names(one.first)) - texts.second.vocabulary - _NO_NAMES
    second = set(texts.second.names(one.second)) - texts.first.vocabulary - _NO_NAMES
    return first, second


def _is_full_of_capitals(words: WordList) -> bool:
    opening = range(min(len(words.folded), 10 * _OPENING_WORDS))
    return sum(1 for _ in words.names(opening)) > _MAX_NAMES * len(opening)


def _is_form_filled_anew(texts: Alignment) -> bool:
    """Tell whether it is mostly what stands behind labels that differs, a name among it."""
    values = [
        texts.first.places(*found.span("value")) for found in _LABELLED.finditer(texts.first.text)
    ]
    line_of = {place: line for line, value in enumerate(values) for place in value}
    changed = [one for one in texts.differences if one.is_replaced and one.first.start in line_of]
    lines = {line_of[one.first.start] for one in changed}
    is_mostly = 2 * len(lines) >= len(values) and 2 * len(changed) >= len(texts.differences)
    return is_mostly and any(_has_other_name(texts, one) for one in changed)

"""Dates, months, periods of two years and times of day, in the words of six languages."""

import re
from datetime import date

from gabarito.answer_match.languages import LANGUAGES
from gabarito.answer_match.numerals import any_of

_MONTH = {
    word: number
    for language in LANGUAGES
    for number, words in enumerate(language.months, start=1)
    for word in words
}

_DAY = r"(?<![\d/:.,-])(?P<day>\d{1,2})o?"
_NAME = rf"\b(?P<month>{any_of(_MONTH)})\b"
_YEAR = r"(?P<year>\d{4})(?![\d/-])"

DAYS = (
    re.compile(r"(?<![\d-])(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?![\d-])"),
    re.compile(
        r"(?<![\d/.-])(?P<day>\d{1,2})([/.-])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d{2})(?![\d/.-])"
    ),
    re.compile(r"(?<![\d/])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\d/])"),
)
DAYS_OF_MONTHS = (
    re.compile(rf"{_DAY} (?:de |di |of )?{_NAME}(?:(?: del?| di|,| ,| of)? {_YEAR})?"),
    re.compile(rf"{_NAME} (?:the )?{_DAY}(?![\d/:-])(?:,? {_YEAR})?"),
)
MONTH = re.compile(rf"{_NAME}(?: del?| di|,| of)? {_YEAR}")
PERIOD = re.compile(r"(?<![\d/-])(?P<first>\d{4})[/-](?P<second>\d{4}|\d{2})(?![\d/-])")
SEPTEMBER = re.compile(r"\bsept(?= \d)|(?<=\d )sept\b|(?<=\d de )sept\b")
"""In French, *sept* is 7, too."""

_WORD = re.compile(r"[a-z]+")
_HOURS = r"(?<![\d:])(?P<hours>\d{1,2})"
TIMES = (
    re.compile(rf"(?:\bum )?{_HOURS}(?:[:.](?P<minutes>\d{{2}}))? uhr\b(?: (?P<after>\d{{2}})\b)?"),
    re.compile(rf"{_HOURS}(?:[:.](?P<minutes>\d{{2}}))? ?(?P<half>[ap]m)\b"),
    re.compile(rf"\b(?:alle )?ore {_HOURS}(?:[:.](?P<minutes>\d{{2}}))?\b(?!:)"),
    re.compile(
        rf"{_HOURS}(?: ?h(?: ?(?P<minutes>\d{{2}}))?(?: ?min)?|:(?P<after>\d{{2}})(?: ?h)?)\b(?!:)"
    ),
)


def names_month(text: str) -> bool:
    """Tell whether a word of a text is a month: only then are the long patterns worth a try."""
    return not _MONTH.keys().isdisjoint(_WORD.findall(text))


def day(found: re.Match[str]) -> str:
    """Return a date as ``2025-05-31``, or ``31/05`` if it names no year."""
    parts = found.groupdict()
    name, number = parts["month"], int(parts["day"])
    month = _MONTH[name] if name in _MONTH else int(name)
    if month > 12 >= number:
        number, month = month, number
    year = _full_year(parts.get("year"))
    if not _is_day(2000 if year is None else year, month, number):
        return found[0]
    return f"{number:02}/{month:02}" if year is None else f"{year:04}-{month:02}-{number:02}"


def month(found: re.Match[str]) -> str:
    """Return a month of a year as ``05/2025``."""
    return f"{_MONTH[found['month']]:02}/{found['year']}"


def period(found: re.Match[str]) -> str:
    """Return ``2024-2025`` as ``2024/25``; other pairs of numbers are left as they are."""
    following = int(found["first"]) + 1
    is_period = int(found["second"]) in (following, following % 100)
    return f"{found['first']}/{following % 100:02}" if is_period else found[0]


def time(found: re.Match[str]) -> str:
    """Return ``21h``, ``21 Uhr``, ``9 pm`` and ``21h00`` as ``21:00``."""
    parts = found.groupdict()
    hours = int(parts["hours"])
    if parts.get("half") and hours <= 12:
        hours = hours % 12 + (12 if parts["half"] == "pm" else 0)
    return f"{hours:02}:{parts['minutes'] or parts.get('after') or '00'}"


def _full_year(year: str | None) -> int | None:
    if year is None or len(year) == 4:
        return int(year) if year else None
    return int(year) + (2000 if int(year) < 70 else 1900)


def _is_day(year: int, month: int, number: int) -> bool:
    try:
        date(year, month, number)
    except ValueError:
        return False
    return True

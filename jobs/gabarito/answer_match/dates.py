"""Dates, months, seasons and times of day, written in Portuguese, English or digits."""

import re
from datetime import date

from gabarito.answer_match.numerals import any_of, values_of

_MONTHS = (
    "janeiro january jan", "fevereiro february fev feb", "marco march mar", "abril april abr apr",
    "maio may mai", "junho june jun", "julho july jul", "agosto august ago aug",
    "setembro september set sep sept", "outubro october out oct", "novembro november nov",
    "dezembro december dec",
)  # fmt: skip
_MONTH = values_of(_MONTHS, 1)

_DAY = r"(?<![\d/:.,-])(?P<day>\d{1,2})o?"
_NAME = rf"\b(?P<month>{any_of(_MONTH)})\b"
_YEAR = r"(?P<year>\d{4})(?![\d/-])"

DATES = (
    re.compile(r"(?<![\d-])(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?![\d-])"),
    re.compile(
        r"(?<![\d/.-])(?P<day>\d{1,2})([/.-])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d{2})(?![\d/.-])"
    ),
    re.compile(r"(?<![\d/])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\d/])"),
    re.compile(rf"{_DAY} (?:de |of )?{_NAME}(?:(?: de|,| ,| of)? {_YEAR})?"),
    re.compile(rf"{_NAME} (?:the )?{_DAY}(?![\d/:-])(?:,? {_YEAR})?"),
)
MONTH = re.compile(rf"{_NAME}(?: de|,| of)? {_YEAR}")
SEASON = re.compile(r"(?<![\d/-])(?P<first>\d{4})[/-](?P<second>\d{4}|\d{2})(?![\d/-])")
TIME = re.compile(
    r"(?<![\d:])(?P<hours>\d{1,2})"
    r"(?: ?h(?: ?(?P<minutes>\d{2}))?(?: ?min)?|:(?P<colon>\d{2}))\b(?!:)"
)


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


def season(found: re.Match[str]) -> str:
    """Return ``2024-2025`` as ``2024/25``; other pairs of numbers are left as they are."""
    following = int(found["first"]) + 1
    is_season = int(found["second"]) in (following, following % 100)
    return f"{found['first']}/{following % 100:02}" if is_season else found[0]


def time(found: re.Match[str]) -> str:
    """Return ``21h`` and ``21h00`` as ``21:00``."""
    return f"{int(found['hours']):02}:{found['minutes'] or found['colon'] or '00'}"


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

"""Periods such as 2024/25 and years: where a text names them, and the same text about another one.

A period is spelled 2024/25, 2024/2025, 24/25, 2024-25 and so on; a year is spelled 2025.
``"2024/2025"`` and ``"2025"`` are the keys of what is named.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_PERIOD = re.compile(
    r"(?<![\d.,])(?:(\d{4})(\s?[/–-]\s?)(\d{4}|\d{2})|(\d{2})([/-])(\d{2})|(\d{4}))(?![\d]|[.,]\d)"
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_PIVOT = 60
"""Two digits up to this belong to this century."""


@dataclass(frozen=True)
class Period:
    """A period or a year that a text names, and where: ``end_digits`` is 0 for a year."""

    start: int
    end: int
    first: int
    first_digits: int
    between: str = ""
    end_digits: int = 0

    @property
    def key(self) -> str:
        """What is named: ``"2024/2025"`` or ``"2025"``."""
        return period_key(self.first) if self.end_digits else str(self.first)

    @property
    def years(self) -> frozenset[int]:
        """The years that are meant."""
        return frozenset({self.first, self.first + bool(self.end_digits)})

    def at(self, by: int) -> "Period":
        """Return the period or year that lies ``by`` years later."""
        return replace(self, first=self.first + by)

    def spelled(self) -> str:
        """Return the period or year as it is spelled where it stands."""
        first = str(self.first)[-self.first_digits :]
        if not self.end_digits:
            return first
        return first + self.between + str(self.first + 1)[-self.end_digits :]


def period_key(first: int) -> str:
    """Return the key of the period that begins in a year."""
    return f"{first}/{first + 1}"


def periods(text: str) -> list[Period]:
    """Return the periods and years of a text, from left to right."""
    found: list[Period] = []
    for match in _PERIOD.finditer(text):
        found += _read(match)
    return found


def alike(period: Period) -> frozenset[str]:
    """Return the keys of all that may mean the same as a period or a year."""
    first = period.first
    if period.end_digits:
        return frozenset((period_key(first), str(first), str(first + 1)))
    return frozenset((str(first), period_key(first), period_key(first - 1)))


def years_of(text: str) -> frozenset[int]:
    """Return the years that a text names, those of its periods included."""
    return frozenset(year for period in periods(text) for year in period.years)


def own_periods(text: str, years: frozenset[int]) -> list[Period]:
    """Return the periods and years of a text that lie in ``years``."""
    return [period for period in periods(text) if period.years & years]


def moved(text: str, found: Iterable[Period], by: int) -> str:
    """Return the text with these periods and years moved by so many years."""
    for period in sorted(found, key=lambda period: -period.start):
        text = text[: period.start] + period.at(by).spelled() + text[period.end :]
    return text


def _read(match: re.Match[str]) -> list[Period]:
    long_first, between, long_end, short_first, dash, short_end, year = match.groups()
    if year:
        return _years(match, 7)
    if short_first:
        century = 2000 if int(short_first) <= _PIVOT else 1900
        first = int(short_first) + century
        if int(short_end) != (first + 1) % 100:
            return []
        return [
            Period(match.start(), match.end(), first, first_digits=2, between=dash, end_digits=2)
        ]
    first = int(long_first)
    size = len(long_end)
    if not _is_year(first) or int(long_end) != (first + 1) % 10**size:
        return _years(match, 1) + (_years(match, 3) if size == 4 else [])
    return [
        Period(match.start(), match.end(), first, first_digits=4, between=between, end_digits=size)
    ]


def _years(match: re.Match[str], group: int) -> list[Period]:
    year = int(match[group])
    return (
        [Period(match.start(group), match.end(group), year, first_digits=4)]
        if _is_year(year)
        else []
    )


def _is_year(number: int) -> bool:
    return _FIRST_YEAR <= number <= _LAST_YEAR

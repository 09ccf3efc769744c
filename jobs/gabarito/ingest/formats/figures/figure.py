"""A figure as its format code shows it, whatever the code is of."""

from decimal import Decimal

from gabarito.ingest.formats.figures.date_format import date_as_shown
from gabarito.ingest.formats.figures.number_format import number_as_shown, sections

GENERAL = "General"
"""The code that leaves a number as it is."""

_DIGITS = 15


def figure_as_shown(value: str, code: str, *, is_1904: bool = False) -> str:
    """Return a figure of a file as its code shows it, as it is where the code says nothing."""
    try:
        number = float(value)
    except ValueError:
        return value
    parts = () if code == GENERAL else sections(code)
    shown = None
    if parts and parts[0].is_date:
        shown = date_as_shown(number, parts[0], is_1904=is_1904)
    elif parts:
        shown = number_as_shown(number, code)
    return plain_number(number) if shown is None else shown


def plain_number(value: float) -> str:
    """Return a number with the 15 digits that spreadsheets show at most."""
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    if not rounded.is_finite():
        return str(value)
    is_short = abs(rounded.adjusted()) < _DIGITS
    return f"{rounded.normalize():f}" if is_short else repr(float(rounded))

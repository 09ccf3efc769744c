"""Dates, times and durations of a workbook, each as far as its format code shows it (ISO 8601)."""

import datetime
from collections.abc import Sequence

from gabarito.ingest.formats.figures.number_format import Section, Token

_FIRST_DAY = datetime.datetime(1899, 12, 30)
_FIRST_DAY_1904 = datetime.datetime(1904, 1, 1)
_LEAP_DAY_THAT_WAS_NONE = 60
"""Serial of 29 February 1900, which spreadsheets count and the calendar does not."""

_LAST_SERIAL = 2_958_465
_SECONDS = 86_400


def date_as_shown(serial: float, section: Section, *, is_1904: bool = False) -> str | None:
    """Return a date, a time or a duration; nothing for a serial that has no date.

    What the code leaves away is left away: ``yyyy`` shows ``2024``, ``h:mm`` only the time.
    """
    tokens = [token for token in section.tokens if token.kind in {"date", "elapsed"}]
    if not 0 <= serial <= _LAST_SERIAL:
        return None
    units = [_unit(tokens, at) for at in range(len(tokens))]
    digits = max((len(token.text.partition(".")[2]) for token in tokens), default=0)
    if tokens and any(token.kind == "elapsed" for token in tokens):
        return _elapsed(serial, units, digits)
    day = _FIRST_DAY_1904 if is_1904 else _FIRST_DAY
    if not is_1904 and serial < _LEAP_DAY_THAT_WAS_NONE:
        day += datetime.timedelta(1)
    if serial < 1 and {"y", "e", "month", "d"} & set(units):
        return None
    unit = 10**-digits
    moment = day + datetime.timedelta(seconds=round(serial * _SECONDS / unit) * unit)
    return " ".join(filter(None, (_day(moment, units), _time(moment, units, digits))))


def _unit(tokens: Sequence[Token], at: int) -> str:
    """Return what a token stands for; ``m`` is minutes beside hours or seconds."""
    letter = tokens[at].text[0]
    if letter != "m":
        return "time" if tokens[at].text in {"am/pm", "a/p"} else letter
    above = tokens[at - 1].text if at else ""
    below = tokens[at + 1].text if at + 1 < len(tokens) else ""
    is_minutes = above.startswith("h") or below.startswith("s")
    return "minute" if is_minutes or tokens[at].kind == "elapsed" else "month"


def _day(moment: datetime.datetime, units: Sequence[str]) -> str:
    if "d" in units:
        return moment.date().isoformat()
    if "month" in units:
        return moment.date().isoformat()[:7]
    return moment.date().isoformat()[:4] if {"y", "e"} & set(units) else ""


def _time(moment: datetime.datetime, units: Sequence[str], digits: int) -> str:
    parts = [f"{moment.hour:02d}"] if "h" in units else []
    if "minute" in units or ("h" in units and "s" not in units):
        parts.append(f"{moment.minute:02d}")
    if "s" in units:
        parts.append(f"{moment.second:02d}" + _fraction(moment.microsecond / 1e6, digits))
    return ":".join(parts)


def _fraction(part: float, digits: int) -> str:
    return f"{part:.{digits}f}"[1:] if digits else ""


def _elapsed(serial: float, units: Sequence[str], digits: int) -> str:
    seconds = round(serial * _SECONDS, digits)
    whole, part = divmod(seconds, 1)
    if "h" in units:
        parts = [f"{int(whole) // 3600}", f"{int(whole) // 60 % 60:02d}"]
    elif "minute" in units:
        parts = [f"{int(whole) // 60}"]
    else:
        return f"{int(whole)}" + _fraction(part, digits)
    if "s" in units:
        parts.append(f"{int(whole) % 60:02d}" + _fraction(part, digits))
    return ":".join(parts)

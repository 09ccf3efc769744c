"""Text made fit to be printed: that of others, and what is counted."""

import re
from datetime import UTC, datetime

MAX_MESSAGE_CHARS = 8000
"""Longest message that is printed or logged; the mistakes of a settings file fit in."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed: a terminal obeys them. Signs that turn the
direction of writing let a file name read otherwise than it is spelled; halves of characters
cannot be encoded at all.
"""

_MINUTE_S = 60.0
_HOUR_S = 3600.0

_NAMED = re.compile(r"^.*?(?= (?:beyond|of|that|with|without) |$)")
"""What is counted, before what is said of it."""

_PLURAL = re.compile(r"\b(?:(\w+)ies|(\w+[^\Wisu])s)\b")


def printable(text: str, max_chars: int = MAX_MESSAGE_CHARS) -> str:
    r"""Return ``text`` with control characters spelled out (``\x1b``), cut at ``max_chars``."""
    shown = _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text[:max_chars])
    left = len(text) - max_chars
    return f"{shown}… ({left} more characters)" if left > 0 else shown


def duration_text(seconds: float) -> str:
    """Return such as ``45 s``, ``12 min`` or ``1.6 h``."""
    if seconds < 1.5 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 1.5 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h"


def minute_text(at: datetime) -> str:
    """Return a time as people read it, such as ``2026-05-01 12:00 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def in_number(number: object, things: str) -> str:
    """Return how what is named in the plural is called for a number: one of ``files`` is a file."""
    return things if number != 1 else _NAMED.sub(_singular, things, count=1)


def _singular(found: re.Match[str]) -> str:
    return _PLURAL.sub(lambda word: f"{word[1]}y" if word[1] else word[2], found[0])

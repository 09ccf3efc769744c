"""Text of others, made fit to be printed."""

import re

MAX_MESSAGE_CHARS = 8000
"""Longest message that is printed or logged; the mistakes of a settings file fit in."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed: a terminal obeys them. Signs that turn the
direction of writing let a file name read otherwise than it is spelled; halves of characters
cannot be encoded at all.
"""


def printable(text: str, max_chars: int = MAX_MESSAGE_CHARS) -> str:
    r"""Return ``text`` with control characters spelled out (``\x1b``), cut at ``max_chars``."""
    shown = _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text[:max_chars])
    left = len(text) - max_chars
    return f"{shown}… ({left} more characters)" if left > 0 else shown

"""UTF-8 that was read as Western European and saved so: decoded again, where that loses nothing."""

import re

from gabarito.ingest.page import pieces_of

_MISREAD = re.compile("Ã[\u0080-\u00bf€-™]|â[€\u0080]|Â[\u00a0-\u00bf]|[ÐÑ][\u0080-\u00bf€-™]|ðŸ")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_MIN_HITS = 3
_MAX_SHARE = 0.0002
"""Of the signs; no good text of 215 has as much."""

_HALF = 0.5
"""Of the signs beyond ASCII: where so many come in sequences of UTF-8, none of them is meant."""


def _shown(byte: int) -> str:
    """Return what Windows-1252 shows for a byte; five have no letter, and stay controls."""
    return bytes([byte]).decode("cp1252", "ignore") or chr(byte)


_BYTES = {_shown(byte): byte for byte in range(0x80, 0x100)}
_BYTES |= {chr(byte): byte for byte in range(0x80, 0xA0)}  # as ISO 8859-1 shows them
_NEXT = "".join(sign for sign, byte in _BYTES.items() if byte < 0xC0)
_SEQUENCE = re.compile(f"[Â-ß][{_NEXT}]|[à-ï][{_NEXT}]{{2}}|[ð-ô][{_NEXT}]{{3}}")
"""A letter of UTF-8 in two, three or four bytes, each shown as a sign of its own."""


def beyond_ascii(text: str) -> list[str]:
    """Return the runs of signs beyond ASCII in a text; most of its words hold none."""
    words = (word for piece in pieces_of(text) for word in piece.split(" "))
    return [run for word in words if not word.isascii() for run in _BEYOND_ASCII.findall(word)]


def decoded_once(text: str) -> tuple[str, int]:
    """Return a text with the letters right that were decoded twice, and how many they were.

    A text in which few are found is left as it is: they may be meant.
    """
    runs = beyond_ascii(text)
    signs = " ".join(runs)
    hits = sum(1 for _ in _MISREAD.finditer(signs))
    if hits < _MIN_HITS or hits <= _MAX_SHARE * len(text):
        found = [one.end() - one.start() for one in _SEQUENCE.finditer(signs)]
        if len(found) < _MIN_HITS or sum(found) <= _HALF * sum(map(len, runs)):
            return text, 0
    return _SEQUENCE.subn(_letter, text)


def _letter(found: re.Match[str]) -> str:
    try:
        return bytes(map(_BYTES.__getitem__, found[0])).decode()
    except UnicodeDecodeError:  # written longer than UTF-8 allows, or no letter of it
        return found[0]

"""The bytes of a table to its text, where not all rows need to be in one encoding."""

import re

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.code_pages import likeliest, pages_of
from gabarito.ingest.reading.decode import decode, looks_encoded_twice
from gabarito.ingest.reading.decoded_twice import decoded_once

REPLACED = "\ufffd"
"""What stands for bytes that are in no encoding."""

_LOST = re.compile(f"[{REPLACED}\x80-\x9f]")
"""Nor does anybody write the controls that ISO 8859 has where Windows has letters."""


def decode_table(data: bytes, hints: Hints) -> str:
    """Return the text of a table; what is in no encoding becomes U+FFFD.

    Tables are put together from several others: where no encoding fits all of one, each line is
    in UTF-8 or in the code page of all that are not.

    Raises:
        Dropped: if it is not text.
    """
    try:
        return decode(data, hints)
    except Dropped as why:
        if why.reason != IngestReason.WRONG_ENCODING:
            raise
    if hints.encoding:
        return data.decode(hints.encoding, "replace")
    return decoded_once(_decoded_by_line(data, hints.languages))[0]


def is_broken(text: str) -> bool:
    """Tell whether letters of a text were lost, or decoded wrongly before it was saved."""
    return bool(_LOST.search(text)) or looks_encoded_twice(text)


def _decoded_by_line(data: bytes, languages: tuple[str, ...]) -> str:
    lines = data.split(b"\n")
    others = [line for line in lines if not _is_utf8(line) and not _is_damaged_utf8(line)]
    page = likeliest(b"\n".join(others), pages_of(languages), languages)
    return "\n".join(_decoded(line, page) for line in lines)


def _decoded(line: bytes, page: str) -> str:
    is_of_page = page and not _is_utf8(line) and not _is_damaged_utf8(line)
    return line.decode(page if is_of_page else "utf-8", "replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(line: bytes) -> bool:
    """Tell whether more of what is no ASCII is UTF-8 than is not."""
    text = line.decode("utf-8", "replace")
    return sum(char > "\x7f" for char in text) > 2 * text.count(REPLACED)

"""Plain text."""

from gabarito.ingest.decode import decode
from gabarito.ingest.page import Hints, Page, tidy


def read(data: bytes, hints: Hints) -> Page:
    """Return the text as it stands."""
    return Page(text=tidy(decode(data, hints)))

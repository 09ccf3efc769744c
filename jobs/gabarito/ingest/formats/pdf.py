"""PDF: the text of its pages; wrapped lines make paragraphs, aligned ones tables."""

import zlib
from io import BytesIO

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, DeprecationError, PyPdfError

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.pdf_layout import is_prose_in_columns, join_pages
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page, tidy

_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DeprecationError,
    LookupError,
    PyPdfError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What pypdf raises on damaged files, found by changing bytes of good ones."""


def read(data: bytes, _hints: Hints) -> Page:
    """Return the text of all pages.

    Raises:
        Dropped: if it is no PDF, damaged or encrypted.
    """
    try:
        reader = PdfReader(BytesIO(data))
        _open(reader)
        pages = [_lines(page) for page in reader.pages]
        return Page(text=tidy(join_pages(pages)), title=_title(reader))
    except DependencyError as error:
        raise Dropped(IngestReason.ENCRYPTED, "its encryption is not supported here") from error
    except _DAMAGE as error:
        raise Dropped.by_library(error) from error


def _open(reader: PdfReader) -> None:
    """Open a file that only forbids printing or copying; its text is for everyone to read."""
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Dropped(IngestReason.ENCRYPTED, "it asks for a password")


def _lines(page: PageObject) -> list[str]:
    """Return a page's lines as laid out, or in their own order where that makes no sense."""
    try:
        lines = page.extract_text(extraction_mode="layout").splitlines()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return page.extract_text().splitlines()
    return page.extract_text().splitlines() if is_prose_in_columns(lines) else lines


def _title(reader: PdfReader) -> str:
    """Return the title among the metadata, unless a program put a file name there."""
    title = tidy(str((reader.metadata and reader.metadata.title) or ""))
    is_name = title.lower().startswith(("microsoft", "untitled")) or "." in title[-5:-1]
    return "" if is_name else title

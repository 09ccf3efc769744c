"""What pdfium refuses, read by pypdf: the text of its pages without boxes."""

import zlib
from io import BytesIO

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, DeprecationError, PyPdfError

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.pdf.rows import Piece, Row
from gabarito.ingest.outcomes import Dropped

DAMAGE = (
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

_SIZE = 10.0
_PITCH = 12.0


def rows_of(data: bytes) -> tuple[list[list[Row]], str]:
    """Return the rows of each page, and the title.

    Raises:
        Dropped: if pypdf cannot read it either.
    """
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise Dropped(IngestReason.ENCRYPTED, "it asks for a password")
        pages = [_rows(page) for page in reader.pages]
        return pages, str((reader.metadata and reader.metadata.title) or "")
    except DependencyError as error:
        raise Dropped(IngestReason.ENCRYPTED, "its encryption is not supported here") from error
    except DAMAGE as error:
        raise Dropped.by_library(error) from error


def _rows(page: PageObject) -> list[Row]:
    lines = [line.strip() for line in page.extract_text().splitlines()]
    return [
        (Piece(line, 0.0, len(line) * _SIZE / 2, -at * _PITCH, _SIZE),)
        for at, line in enumerate(lines)
        if line
    ]

"""What a page of the web is read as: by its type, or by its address where that says nothing."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import FORMATS, REFUSED
from gabarito.ingest.formats.web.web_encodings import web_encoding
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.pages import WebPage

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
    "multipart/related": ".mht",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}presentationml.presentation": ".pptx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    f"{_OPEN_DOCUMENT}text": ".odt",
    f"{_OPEN_DOCUMENT}spreadsheet": ".ods",
    f"{_OPEN_DOCUMENT}presentation": ".odp",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
}
_SAYS_NOTHING = ("", "text/plain", "application/octet-stream", "binary/octet-stream")
"""Types that servers give what they do not know."""

_SINGLE_BYTE = ("iso8859", "cp125", "cp874", "koi8", "mac")


def ending_of(page: WebPage) -> str:
    """Return the ending of files that are read as this page is.

    Raises:
        Dropped: if there is no reader for its type.
    """
    if ending := _ENDINGS.get(page.media_type):
        return ending
    if page.media_type not in _SAYS_NOTHING:
        raise Dropped(IngestReason.WRONG_TYPE, page.media_type)
    named = PurePosixPath(unquote(urlsplit(page.url).path)).suffix.lower()
    known = named in FORMATS or named in REFUSED
    return named if known else ".txt"


def encoding_of(page: WebPage) -> str | None:
    """Return the encoding that the server names, unless the bytes show that it is another.

    Servers name one for all their pages, most often ISO 8859-1, in which any bytes are a text.
    """
    name = web_encoding(page.charset or "")
    if not name or not _is_in(page.body, name):
        return None
    is_any_text = name.startswith(_SINGLE_BYTE) or name == "utf-8"
    return None if is_any_text and _is_in(page.body, "utf-8") else name


def _is_in(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True

"""What a file is: its first bytes say so where they can, and its name's ending where not."""

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import FORMATS, PICTURES, REFUSED
from gabarito.ingest.outcomes import Dropped

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How files of Office 97 to 2003 begin, and those of later ones with a password."""

_PDF = b"%PDF-"
"""How a PDF begins; what a server or a proxy has put before it, readers pass over."""

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html)\b", re.I)
_MIME = re.compile(rb"(?:From: <?Saved by|MIME-Version:)", re.I)
"""How a web page begins that was saved as one file with its pictures."""

_HEAD_BYTES = 1024

_IN_OLE = {
    "EncryptedPackage": "",
    "__properties_version1.0": ".msg",
    "WordDocument": ".doc",
    "PowerPoint Document": ".ppt",
    "Workbook": ".xls",
    "Book": ".xls",
}
"""Streams of an OLE file, and the ending of what has them; none: it has a password."""

_IN_ZIP = (
    ("word/document", ".docx"),
    ("xl/workbook", ".xlsx"),
    ("ppt/presentation", ".pptx"),
    ("Index/Presentation", ".key"),
    ("Index/Slide", ".key"),
    ("Index/CalculationEngine", ".numbers"),
    ("Index/Document.iwa", ".pages"),
    ("META-INF/container.xml", ".epub"),
)
"""Beginnings of names in a zip file, and the ending of what has them; the first that fits."""

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_MIMETYPES = {
    f"{_OPEN_DOCUMENT}text": ".odt",
    f"{_OPEN_DOCUMENT}spreadsheet": ".ods",
    f"{_OPEN_DOCUMENT}presentation": ".odp",
    "application/epub+zip": ".epub",
}


def true_ending(ending: str, data: bytes) -> str:
    """Return the ending that suits what a file holds: ``ending`` itself where nothing else shows.

    Raises:
        Dropped: if it has a password, or is an archive of files.
    """
    head = data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if head.startswith(_PDF) or (ending == ".pdf" and _PDF in data[:_HEAD_BYTES]):
        return ".pdf"
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if data.startswith(_OLE):
        return _of_ole(ending, data)
    if data.startswith(b"PK\x03\x04"):
        return _of_zip(ending, data)
    if FORMATS.get(ending) in ("html", "mail"):
        return ending
    if _HTML.match(data[:_HEAD_BYTES]):
        return ".html"
    return ".mht" if _MIME.match(head) else ending


def format_of(ending: str, *, with_pictures: bool = False) -> str:
    """Return the name of the reader for an ending; pictures have one if they are to be read.

    Raises:
        Dropped: if there is none; it says what to do.
    """
    if ending in FORMATS:
        return FORMATS[ending]
    if with_pictures and ending in PICTURES:
        return "picture"
    raise Dropped(IngestReason.UNSUPPORTED, REFUSED.get(ending, ending or "no ending"))


def _of_ole(ending: str, data: bytes) -> str:
    names = {name: name.encode("utf-16-le") in data for name in _IN_OLE}
    found = [_IN_OLE[name] for name, is_there in names.items() if is_there]
    if ending in found:
        return ending  # what else is found may be embedded in it
    if not found and ending in REFUSED:
        return ending  # such as Works: what is said of its ending holds
    if not found or not found[0]:
        raise Dropped(IngestReason.ENCRYPTED, "has a password, or is of Office 2003 or older")
    return found[0]


def _of_zip(ending: str, data: bytes) -> str:
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            mimetype = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        return ending  # its reader says what is wrong
    told = _MIMETYPES.get(mimetype.decode("ascii", "replace").strip().removesuffix("-template"))
    marks = (kind for mark, kind in _IN_ZIP if any(name.startswith(mark) for name in names))
    found = told or next(marks, "")
    if not found and FORMATS.get(ending) in ("plain", "markdown", "html", "pdf", "mail"):
        raise Dropped(IngestReason.UNSUPPORTED, "an archive; unpack it")
    is_kin = FORMATS.get(ending) == FORMATS.get(found)
    return ending if not found or (is_kin and found in FORMATS) else found

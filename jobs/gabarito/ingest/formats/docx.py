"""Word documents: paragraphs and tables in the order in which they stand."""

import lzma
import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from docx import Document
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError, iterwalk  # type: ignore[import-untyped]

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page, fold, join_blocks, join_lines, table_text, tidy

_DAMAGE = (
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    LxmlError,
    OSError,
    OpcError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    zlib.error,
)
"""What the libraries raise on damaged files, found by changing bytes of good ones."""

Element = Any
"""An element of lxml, which comes without types."""

_HEADING = re.compile(r"(?:Heading (\d)|Title)$")
_NUMBERED = f"{qn('w:pPr')}/{qn('w:numPr')}"
_SIGNS = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_BOX = qn("w:txbxContent")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""For older programs: what stands in the choice beside it, once more."""

_NOT_READ = frozenset(
    {*map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:rt")), _BOX, _FALLBACK}
)
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MAX_UNPACKED_BYTES = 500_000_000


def read(data: bytes, _hints: Hints) -> Page:
    """Return the text of the body; headers, footers and notes are left out.

    Raises:
        Dropped: if it is no Word document, damaged or encrypted.
    """
    if data.startswith(_OLE):
        raise Dropped(IngestReason.ENCRYPTED, "has a password, or is of Word 2003 or older")
    try:
        _refuse_bomb(data)
        document = Document(BytesIO(data))
        text = join_blocks(list(filter(None, _blocks(document))))
        return Page(text=tidy(text), title=tidy(document.core_properties.title))
    except _DAMAGE as error:
        raise Dropped.by_library(error) from error


def _refuse_bomb(data: bytes) -> None:
    size = sum(part.file_size for part in ZipFile(BytesIO(data)).infolist())
    if size > _MAX_UNPACKED_BYTES:
        raise Dropped(IngestReason.UNREADABLE, f"unpacks to {size} bytes")


def _blocks(document: WordDocument) -> Iterator[str]:
    body = document.element.body
    _unwrap(body)
    for part in _parts(body):
        if part.tag == qn("w:tbl"):
            yield table_text(list(map(_row, Table(part, document).rows)))
        else:
            yield _paragraph(Paragraph(part, document), part)


def _parts(element: Element) -> Iterator[Element]:
    """Yield paragraphs and tables; those of a text box come after the paragraph it is in."""
    for child in element.iterchildren(qn("w:p"), qn("w:tbl")):
        yield child
        for node in _read_within(child) if child.tag == qn("w:p") else ():
            if node.tag == _BOX:
                yield from _parts(node)


def _unwrap(body: Element) -> None:
    """Put what is in content controls in their place, where paragraphs, rows and cells belong."""
    for control in list(body.iter(qn("w:sdt"))):
        for content in control.iterchildren(qn("w:sdtContent")):
            for node in list(content):
                control.addprevious(node)
        control.getparent().remove(control)


def _read_within(paragraph: Element) -> Iterator[Element]:
    """Yield elements in their order: no deleted ones, and text boxes only as a whole."""
    walker = iterwalk(paragraph, events=("start",))
    for _, node in walker:
        yield node
        if node.tag in _NOT_READ:
            walker.skip_subtree()


def _text(paragraph: Element) -> str:
    """Return the text as it reads with all tracked changes accepted."""
    nodes = _read_within(paragraph)
    return "".join(
        node.text or "" if node.tag == qn("w:t") else _SIGNS.get(node.tag, "") for node in nodes
    )


def _row(row: _Row) -> list[str]:
    """Return the texts of a row's cells; a cell across the whole table counts once."""
    texts = [join_lines(list(_lines(cell))) for cell in row.cells]
    return texts[:1] if len(set(map(id, row.cells))) == 1 else texts


def _lines(cell: _Cell) -> Iterator[str]:
    for part in _parts(cell._tc):
        if part.tag == qn("w:tbl"):
            for row in Table(part, cell).rows:
                yield from _row(row)
        else:
            yield from _text(part).splitlines()


def _paragraph(paragraph: Paragraph, element: Element) -> str:
    text = "\n".join(filter(None, map(fold, _text(element).splitlines())))
    if not text:
        return ""
    style = (paragraph.style and paragraph.style.name) or ""
    level = _HEADING.match(style)
    if level:
        return f"{'#' * int(level.group(1) or 1)} {fold(text)}"
    is_item = style.startswith("List") or element.find(_NUMBERED) is not None
    return f"- {text}" if is_item else text

"""PDF: its pages' letters with their boxes, by pdfium; what it refuses is read by pypdf."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pypdfium
import pypdfium2.raw as pdfium

from gabarito.core.reasons import IngestReason
from gabarito.core.text import in_number
from gabarito.ingest.blocks import BlockPage, LeftOut, Omission, ReadByOcr
from gabarito.ingest.formats.ocr.picture_reader import PictureReader
from gabarito.ingest.formats.pdf import pdf_forms, pdf_stand_in
from gabarito.ingest.formats.pdf.letters.glyphs import GlyphNames, Order
from gabarito.ingest.formats.pdf.letters.pdf_letters import letters_of
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.formats.pdf.pdf_bounds import MAX_PAGES, inside_page, refuse_bombs
from gabarito.ingest.formats.pdf.pdf_scans import is_covered, shows_something, words_of_scan
from gabarito.ingest.formats.pdf.printed import printed_blocks
from gabarito.ingest.formats.pdf.rows import Row, rows_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold, tidy

MAX_WORDS = 8_000_000
"""A document of more words is read so far."""

_DATE = re.compile(r"^(?:D:)?(\d{4})(\d\d)(\d\d)")
MAX_STAMP_WORDS = 20
"""A scanned page may hold so many words that were written over it, such as a number or a stamp."""

_MANY_MORE = 3
"""What is seen counts only if it is more than so many times what is written: that is certain."""

_BAD_PAGE = (pypdfium.PdfiumError, ValueError, OverflowError)


@dataclass
class _Found:
    """What was found on the pages of a document."""

    views: list[list[Row]] = field(default_factory=list)
    """A page's rows; what is turned by another angle comes after them, as if on a page of its own.
    """
    damaged: Counter[str] = field(default_factory=Counter)
    scanned: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    words: int = 0
    names: GlyphNames = field(default_factory=lambda: GlyphNames(b""))
    pictures: PictureReader | None = None
    """Reads the pages that are pictures, if they are to be read."""
    orders: list[Order] = field(default_factory=list)
    ordered: set[str] = field(default_factory=set)
    """Names of fonts that were read by the order of their glyphs."""

    @property
    def has_unread_pictures(self) -> bool:
        """Tell whether there are pages that could not be read as pictures."""
        return bool(self.pictures and self.pictures.left_out)


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return what all pages say.

    Raises:
        Dropped: if it is no PDF, damaged or encrypted, or says nothing that can be known.
    """
    refuse_bombs(data)
    try:
        document = pypdfium.PdfDocument(data, password="")
    except pypdfium.PdfiumError as error:
        return _without_pdfium(data, error)
    try:
        found = _found_in(
            document, _Found(names=GlyphNames(data), pictures=PictureReader.of(hints.ocr))
        )
        title, date = _metadata(document)
    finally:
        document.close()
    if not (found.words or found.scanned or found.damaged or found.has_unread_pictures):
        # pdfium is silent about damage
        return _without_pdfium(data, None)
    return _page(found, title, date)


def _without_pdfium(data: bytes, error: pypdfium.PdfiumError | None) -> BlockPage:
    code = getattr(error, "err_code", None)
    if code == pdfium.FPDF_ERR_PASSWORD:
        raise Dropped(IngestReason.ENCRYPTED, "it asks for a password") from error
    if code == pdfium.FPDF_ERR_SECURITY:
        raise Dropped(IngestReason.ENCRYPTED, "its encryption is not supported here") from error
    pages, title = pdf_stand_in.rows_of(data)
    found = _Found(views=pages, words=sum(map(len, pages)))
    found.left_out.append(
        LeftOut(Omission.DAMAGED, 1, "a file read without the places of its letters")
    )
    return _page(found, _told_title(title), "")


def _page(found: _Found, title: str, date: str) -> BlockPage:
    lost = sum(found.damaged.values())
    if lost > found.words:
        fonts = ", ".join(sorted(found.damaged)[:3])
        detail = f"its fonts do not say which letters they draw: {fonts}"
        raise Dropped(IngestReason.UNREADABLE, detail)
    if found.pictures and found.has_unread_pictures and not found.words:
        raise found.pictures.nothing_read()
    if not found.words:
        count = len(found.scanned)
        detail = f"{count:,} {in_number(count, Omission.SCANNED)}" if count else ""
        raise Dropped(IngestReason.NO_TEXT, detail)
    blocks, running = printed_blocks(found.views)
    left_out = [*_account(found), *running]
    by_ocr = found.pictures.by_ocr if found.pictures else ReadByOcr()
    return BlockPage(
        blocks,
        title=title,
        date=date,
        left_out=left_out,
        by_ocr=by_ocr,
        fonts_by_order=tuple(sorted(found.ordered)),
    )


def _account(found: _Found) -> Iterator[LeftOut]:
    yield from found.left_out
    yield from found.pictures.left_out if found.pictures else []
    if found.scanned:
        pages = "pages " + ", ".join(map(str, found.scanned[:12]))
        yield LeftOut(Omission.SCANNED, len(found.scanned), pages)
    for font, count in found.damaged.most_common():
        yield LeftOut(Omission.DAMAGED, count, f"letters that their font does not name: {font}")


def _found_in(document: pypdfium.PdfDocument, found: _Found) -> _Found:
    """Read page after page; a bad one is told and costs no other."""
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        document.init_forms()
    found.left_out += [*pdf_forms.attachments(document), *pdf_forms.unread_forms(document)]
    seen: set[str] = set()
    count = len(document)
    for number in range(min(count, MAX_PAGES)):
        try:
            _read_page(document, number, found, seen)
        except _BAD_PAGE as error:
            found.left_out.append(LeftOut(Omission.DAMAGED, 1, f"page {number + 1}: {error}"[:80]))
        if found.words > MAX_WORDS:
            count = max(count, number + 2)
            break
    else:
        number = min(count, MAX_PAGES) - 1
    if count > number + 1:
        rest = count - number - 1
        found.left_out.append(
            LeftOut(Omission.DAMAGED, rest, "pages beyond what one file may have")
        )
    return found


def _read_page(document: pypdfium.PdfDocument, number: int, found: _Found, seen: set[str]) -> None:
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            letters = letters_of(
                text_page.raw, found.orders, lambda font: found.names.order_of(font, number)
            )
        finally:
            text_page.close()
        values, told = pdf_forms.values_of(document, page, seen)
        found.left_out += told
        views = {angle: inside_page(page, words, angle) for angle, words in letters.words.items()}
        hidden = [word for _, outside in views.values() for word in outside]
        if hidden:
            text = " ".join(word.text for word in hidden)
            found.left_out.append(LeftOut.of(Omission.HIDDEN, text))
        shown = {angle: words for angle, (words, _) in views.items() if words}
        if values:
            shown[0] = [*shown.get(0, []), *values]
        found.ordered |= letters.ordered
        by_size = sorted(shown.values(), key=len, reverse=True)
        by_size = _with_pictures(page, number, by_size, letters.damaged, found)
        found.words += sum(map(len, by_size))
        found.views += [rows_of(words) for words in by_size] or [[]]
    finally:
        page.close()


def _with_pictures(
    page: pypdfium.PdfPage,
    number: int,
    written: list[list[Word]],
    damaged: Counter[str],
    found: _Found,
) -> list[list[Word]]:
    """Return the words of a page, read of its picture where little or nothing is written on it."""
    count, name = sum(map(len, written)), f"page {number + 1}"
    is_scan = count <= MAX_STAMP_WORDS and is_covered(page)
    is_scan = is_scan or (not count and shows_something(page))
    seen: list[Word] = []
    if found.pictures and (is_scan or damaged.total() > count):
        seen = words_of_scan(page, found.pictures, name)
    if len(seen) > _MANY_MORE * count:
        return [seen]
    found.damaged += damaged
    if is_scan and not (found.pictures or damaged):
        if count:
            found.left_out.append(LeftOut(Omission.PICTURE, 1, f"{name}, behind its text"))
        else:
            found.scanned.append(number + 1)
    return written


def _metadata(document: pypdfium.PdfDocument) -> tuple[str, str]:
    told = document.get_metadata_dict()
    date = _DATE.match(told.get("ModDate") or told.get("CreationDate") or "")
    return _told_title(told.get("Title", "")), "-".join(date.groups()) if date else ""


def _told_title(title: str) -> str:
    """Return the title among the metadata, unless a program put a file name there."""
    title = fold(tidy(title))
    is_name = title.lower().startswith(("microsoft", "untitled")) or "." in title[-5:-1]
    return "" if is_name else title

"""OpenDocument texts (odt): paragraphs, lists with their own numbers, tables, notes and frames.

What calls itself on what is inside an element can do so, since the parser refuses XML of more than
256 levels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import (
    Block,
    BlockPage,
    Code,
    Heading,
    Item,
    Note,
    Omission,
    Paragraph,
    Quote,
    Table,
)
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import BULLET, MAX_LEVELS, Counter
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.grid import Grid, Repeats, frozen
from gabarito.ingest.formats.office.odt_styles import (
    DRAW,
    OFFICE,
    TABLE,
    TEXT,
    OdtLists,
    OdtStyles,
    whole,
)  # fmt: skip
from gabarito.ingest.formats.office.odt_text import OdtInline, OdtTexts, citation_of, open_picture
from gabarito.ingest.formats.office.package import DAMAGE, Package, date_of, is_locked
from gabarito.ingest.formats.office.tally import Tally, joined_code, lines_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold, join_lines

_DC = "{http://purl.org/dc/elements/1.1/}"
_WRAPPERS = frozenset(
    TEXT + name
    for name in """
    section table-of-content index-body index-title alphabetical-index illustration-index
    table-index object-index user-index bibliography numbered-paragraph
    """.split()  # noqa: SIM905
)
_ROW_WRAPPERS = frozenset(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))
_CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
_MAX_COLUMNS = 1000


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the blocks of the body; page headers, footers and comments are left out.

    Raises:
        Dropped: if it is no OpenDocument text, damaged or encrypted.
    """
    try:
        package = Package(data)
        if is_locked(package):
            raise Dropped(IngestReason.ENCRYPTED, "has a password")
        content, styles = package.xml("content.xml"), package.xml("styles.xml")
        body = None if content is None else content.find(f"{OFFICE}body/{OFFICE}text")
        if body is None:
            raise Dropped(IngestReason.UNREADABLE, "is no OpenDocument text")
        tally, pictures = Tally(), PicturesWithin(hints)
        document = _OdtDocument(package, OdtStyles(styles, content), tally, pictures)
        blocks = joined_code(document.blocks(body))
        for master in () if styles is None else styles.iter(f"{OFFICE}master-styles"):
            tally.add(Omission.REPEATED, " ".join(master.itertext()))
        about = package.xml("meta.xml")
    except DAMAGE as error:
        raise Dropped.by_library(error) from error
    headings = (fold(block.text) for block in blocks if isinstance(block, Heading))
    own = "" if about is None else fold(about.findtext(f".//{_DC}title", ""))
    title = own or next(headings, "")
    date = "" if about is None else date_of(about.findtext(f".//{_DC}date", ""))
    left_out = [*tally.left_out(), *pictures.left_out, *package.left_out]
    return BlockPage(blocks, title, date=date, left_out=left_out, by_ocr=pictures.by_ocr)


@dataclass(frozen=True)
class _OdtPlace:
    """Where in a list a paragraph stands; ``is_first`` for the one that has the marker."""

    counter: Counter
    style: str
    depth: int
    is_first: bool = True
    start: int | None = None


class _OdtDocument:
    """An OpenDocument text being read."""

    def __init__(
        self, package: Package, styles: OdtStyles, tally: Tally, pictures: PicturesWithin
    ) -> None:
        self._package = package
        self._pictures = pictures
        self._styles = styles
        self._tally = tally
        self._lists = OdtLists(styles)
        self._texts = OdtTexts(package, styles, tally)
        self._repeats = Repeats()
        self._tables_open = 0

    def blocks(self, parent: Element, place: _OdtPlace | None = None) -> Iterator[Block]:
        """Yield the blocks in an element, one after the other."""
        for node in parent.iterchildren("*"):
            if node.tag in {f"{TEXT}p", f"{TEXT}h"}:
                yield from self._paragraph(node, place)
                if place:
                    place = replace(place, is_first=False)
            elif node.tag == f"{TEXT}list":
                yield from self._list(node, place)
            elif node.tag == f"{TABLE}table":
                yield from self._table(node)
            elif node.tag in _WRAPPERS and not self._is_hidden(node):
                yield from self.blocks(node, place)
            elif str(node.tag).startswith(DRAW):
                inline = OdtInline()
                self._texts.draw(node, inline)
                yield Paragraph(inline.text())
                yield from self._around(inline)
            else:
                self._count_deleted(node)

    def _is_hidden(self, section: Element) -> bool:
        if section.get(f"{TEXT}display") == "none" or section.get(f"{TEXT}is-hidden") == "true":
            self._tally.add(Omission.HIDDEN, " ".join(section.itertext()))
            return True
        return False

    def _count_deleted(self, changes: Element) -> None:
        for deleted in changes.iter(f"{TEXT}deletion"):
            paragraphs = deleted.iter(f"{TEXT}p", f"{TEXT}h")
            words = " ".join("".join(one.itertext()) for one in paragraphs)
            self._tally.add(Omission.DELETED, words)

    def _paragraph(self, node: Element, place: _OdtPlace | None) -> Iterator[Block]:
        names = self._styles.names(node.get(f"{TEXT}style-name", ""))
        style = self._styles.get(node.get(f"{TEXT}style-name", ""))
        inline = self._texts.read(node, style)
        text = inline.text()
        lines = "\n".join(filter(None, map(fold, text.splitlines())))
        if style.hidden:
            self._tally.add(Omission.HIDDEN, text)
        elif node.tag == f"{TEXT}h":
            yield self._heading(node, lines, place)
        elif "Title" in names:
            yield Heading(1, lines)
        elif any(name.startswith(("Preformatted", "Source_20_Code")) for name in names):
            yield Code(text)
        elif place:
            yield Item(lines, place.depth, self._marker(place) if place.is_first else "")
        else:
            yield Quote(lines) if "Quotations" in names else Paragraph(lines)
        yield from self._around(inline)

    def _heading(self, node: Element, text: str, place: _OdtPlace | None) -> Heading:
        level = max(whole(node.get(f"{TEXT}outline-level"), 1), 1)
        at = min(level, MAX_LEVELS) - 1
        marker = ""
        if place and place.is_first:
            marker = self._marker(place)
        elif node.get(f"{TEXT}is-list-header") != "true" and text:
            if node.get(f"{TEXT}restart-numbering") == "true":
                self._lists.headings.set(at, whole(node.get(f"{TEXT}start-value"), 1) - 1)
            marker = self._lists.headings.count(self._styles.outline, at)
        return Heading(level, f"{'' if marker == BULLET else marker} {text}" if text else "")

    def _marker(self, place: _OdtPlace) -> str:
        levels = self._styles.levels(place.style)
        at = min(place.depth, MAX_LEVELS - 1)
        if place.start is not None:
            place.counter.set(at, place.start - 1)
        return place.counter.count(levels, at)

    def _list(self, node: Element, outer: _OdtPlace | None) -> Iterator[Block]:
        style = node.get(f"{TEXT}style-name") or (outer.style if outer else "")
        counter = outer.counter if outer else self._lists.open(node, style)
        depth = outer.depth + 1 if outer else 0
        for item in node.iterchildren(f"{TEXT}list-item", f"{TEXT}list-header"):
            start = item.get(f"{TEXT}start-value")
            is_item = item.tag == f"{TEXT}list-item"
            first = whole(start, 1) if start else None
            yield from self.blocks(item, _OdtPlace(counter, style, depth, is_item, first))

    def _around(self, inline: OdtInline) -> Iterator[Block]:
        for note in inline.notes:
            body = note.find(f"{TEXT}note-body")
            lines = [] if body is None else lines_of(list(self.blocks(body)))
            yield Note(" ".join(map(fold, lines)), citation_of(note))
        for box in inline.boxes:
            yield from self.blocks(box)
        for frame, is_told in inline.pictures:
            data = open_picture(self._package, frame)
            name = frame.get(f"{DRAW}name") or ""
            yield from self._pictures.blocks(data, name, is_told=is_told)

    def _table(self, table: Element) -> Iterator[Block]:
        rows = list(_rows(table))
        columns = sum(
            whole(column.get(f"{TABLE}number-columns-repeated"), 1)
            for column in table.iter(f"{TABLE}table-column")
        )
        most = max((len([*row.iterchildren(*_CELLS)]) for row in rows), default=0)
        width = max(most, min(columns, _MAX_COLUMNS))
        grid = Grid(width, Repeats(0, 0) if self._tables_open else self._repeats)
        notes: list[Note] = []
        self._tables_open += 1
        for row in rows:
            grid.begin_row()
            cells = list(row.iterchildren(_CELLS[0]))
            for cell in row.iterchildren(*_CELLS):
                notes += self._place(cell, grid)
            grid.end_row(
                is_one_cell=len(cells) == 1 and len(rows) > 0 and _spans_row(cells[0], width)
            )
        self._tables_open -= 1
        yield Table(frozen(grid.rows))
        yield from notes

    def _place(self, cell: Element, grid: Grid) -> Iterable[Note]:
        if cell.tag == _CELLS[1]:  # its place is that of the cell which covers it
            return []
        blocks = list(self.blocks(cell))
        text = join_lines(lines_of(blocks))
        across = whole(cell.get(f"{TABLE}number-columns-spanned"), 1)
        times = whole(cell.get(f"{TABLE}number-columns-repeated"), 1)
        down = whole(cell.get(f"{TABLE}number-rows-spanned"), 1)
        grid.place(text, max(across, times), down)
        return [block for block in blocks if isinstance(block, Note)]


def _spans_row(cell: Element, width: int) -> bool:
    return whole(cell.get(f"{TABLE}number-columns-spanned"), 1) >= width


def _rows(table: Element) -> Iterator[Element]:
    stack = list(reversed(table))
    while stack:
        node = stack.pop()
        if node.tag == f"{TABLE}table-row":
            yield node
        elif node.tag in _ROW_WRAPPERS:
            stack += reversed(list(node))

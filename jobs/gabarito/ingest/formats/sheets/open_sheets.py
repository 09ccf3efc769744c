"""Spreadsheets of OpenDocument (ods): each cell as the program that saved it showed it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, BlockPage, Heading, Omission, Paragraph
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.odt_styles import DRAW, OFFICE, STYLE, TABLE, TEXT, whole
from gabarito.ingest.formats.office.odt_text import open_picture
from gabarito.ingest.formats.office.package import Package, date_of, is_locked
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.sheets.sheet_rows import MAX_COLUMNS, Area, SheetRows
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold

_DC = "{http://purl.org/dc/elements/1.1/}"
_CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
_NUMERIC_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_MAX_REPEATS = 10_000
"""Most times that one row which holds something stands."""


def read_open_document(
    package: Package, tally: Tally, pictures: PicturesWithin, most_cells: int
) -> BlockPage:
    """Return a heading and a table for each sheet that is shown.

    Raises:
        Dropped: if it is locked or no spreadsheet.
    """
    if is_locked(package):
        raise Dropped(IngestReason.ENCRYPTED, "has a password")
    root = package.xml("content.xml")
    body = None if root is None else root.find(f"{OFFICE}body/{OFFICE}spreadsheet")
    if body is None:
        raise Dropped(IngestReason.UNREADABLE, "is no spreadsheet")
    lying = _Lying(package, tally, pictures)
    blocks = list(_sheets(root, body, lying, most_cells))
    about = package.xml("meta.xml")
    title = "" if about is None else fold(about.findtext(f".//{_DC}title", ""))
    date = "" if about is None else date_of(about.findtext(f".//{_DC}date", ""))
    left_out = [*tally.left_out(), *pictures.left_out, *package.left_out]
    return BlockPage(blocks, title=title, date=date, left_out=left_out, by_ocr=pictures.by_ocr)


def _sheets(root: Element, body: Element, lying: "_Lying", most_cells: int) -> Iterator[Block]:
    tally = lying.tally
    hidden_styles = {
        style.get(f"{STYLE}name")
        for style in root.iter(f"{STYLE}style")
        for about in style.iterchildren(f"{STYLE}table-properties")
        if about.get(f"{TABLE}display") == "false"
    }
    left = most_cells
    for sheet in body.iterchildren(f"{TABLE}table"):
        rows = SheetRows(max(left, 0))
        _OpenSheet(sheet, rows, tally).read()
        if sheet.get(f"{TABLE}style-name") in hidden_styles:
            tally.add(Omission.HIDDEN, rows.words())
            continue
        left -= rows.cells
        table = rows.table(tally)
        drawn = list(lying.blocks(sheet))
        if table or drawn:
            yield Heading(1, sheet.get(f"{TABLE}name", ""))
        yield from [table] if table else []
        yield from drawn


@dataclass(frozen=True)
class _Lying:
    """What lies upon the sheets, or upon a cell of them: boxes of text, pictures, objects."""

    package: Package
    tally: Tally
    pictures: PicturesWithin

    def blocks(self, sheet: Element) -> Iterator[Block]:
        """Yield the texts of boxes and pictures."""
        for shape in sheet.iter(f"{DRAW}*"):
            if not str(shape.getparent().tag).startswith(DRAW):
                for node in shape.iter(f"{TEXT}p", f"{DRAW}frame"):
                    yield from self._frame(node) if node.tag != f"{TEXT}p" else _paragraph(node)

    def _frame(self, frame: Element) -> Iterator[Block]:
        name = frame.get(f"{DRAW}name") or ""
        if frame.find(f"{DRAW}object") is not None:  # of which a picture shows how it looks
            self.tally.count(Omission.EMBEDDED, 1, name)
        elif frame.find(f"{DRAW}image") is not None:
            yield from self.pictures.blocks(open_picture(self.package, frame), name)


def _paragraph(node: Element) -> Iterator[Block]:
    if text := fold(_text(node)):
        yield Paragraph(text)


class _OpenSheet:
    """Reads one sheet."""

    def __init__(self, sheet: Element, rows: SheetRows, tally: Tally) -> None:
        self._sheet = sheet
        self._rows = rows
        self._tally = tally

    def read(self) -> None:
        """Read all rows that hold something."""
        self._hide_columns()
        at = 0
        for row in self._sheet.iter(f"{TABLE}table-row"):
            cells = list(self._cells(row))
            if row.get(f"{TABLE}visibility", "visible") != "visible":
                self._tally.add(Omission.HIDDEN, " ".join(text for _, text in cells))
                cells = []
            self._put(at, cells, min(_times(row, "rows"), _MAX_REPEATS))
            for area in self._areas(row, at):
                self._rows.merge(area)
            at += _times(row, "rows")

    def _hide_columns(self) -> None:
        column = 0
        for node in self._sheet.iter(f"{TABLE}table-column"):
            times = _times(node, "columns")
            if node.get(f"{TABLE}visibility", "visible") != "visible":
                self._rows.hide_columns(column, column + times - 1)
            column += times

    def _put(self, at: int, cells: Sequence[tuple[int, str]], times: int) -> None:
        for row in range(at, at + times if cells else at):
            for column, text in cells:
                self._rows.put(row, column, text)
            if self._rows.is_full:
                break

    def _cells(self, row: Element) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in row.iterchildren(*_CELLS):
            times = _times(cell, "columns")
            for note in list(cell.iterchildren(f"{OFFICE}annotation")):
                self._tally.add(Omission.COMMENT, " ".join(map(_text, note.iter(f"{TEXT}p"))))
            text = _shown(cell)
            formula = cell.get(f"{TABLE}formula")
            if formula and not text and cell.get(f"{OFFICE}value-type") != "string":
                self._tally.count(Omission.FORMULA, 1, formula)
            for place in range(min(times, MAX_COLUMNS - column) if text else 0):
                yield column + place, text
            column += times

    def _areas(self, row: Element, at: int) -> Iterator[Area]:
        column = 0
        for cell in row.iterchildren(*_CELLS):
            across = whole(cell.get(f"{TABLE}number-columns-spanned"), 1)
            down = whole(cell.get(f"{TABLE}number-rows-spanned"), 1)
            if across > 1 or down > 1:
                yield Area(at, column, at + down - 1, column + across - 1)
            column += _times(cell, "columns")


def _times(node: Element, what: str) -> int:
    return max(whole(node.get(f"{TABLE}number-{what}-repeated"), 1), 1)


def _value(cell: Element) -> str:
    kinds = ("value", "date-value", "time-value", "boolean-value", "string-value")
    return next(filter(None, (cell.get(OFFICE + kind) for kind in kinds)), "")


def _shown(cell: Element) -> str:
    """Return what a cell shows; its value where the program wrote nothing else.

    A day in figures is written in the order of ISO 8601, since its own order is not told.
    """
    text = "\n".join(filter(None, map(_text, cell.iterchildren(f"{TEXT}p")))).strip()
    if not text:
        return _value(cell)
    day = cell.get(f"{OFFICE}date-value", "")[:10]
    return _NUMERIC_DAY.sub(day, text, count=1) if day else text


def _text(node: Element) -> str:
    parts = [node.text or ""]
    for child in node.iterchildren("*"):
        if child.tag in {f"{TEXT}s", f"{TEXT}line-break", f"{TEXT}tab"}:
            parts.append(" ")
        elif child.tag != f"{OFFICE}annotation":
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)

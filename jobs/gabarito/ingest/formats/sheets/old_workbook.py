"""Workbooks of Excel before 2007 (xls): the cells that are shown, each as it is shown."""

import io
import struct
from collections.abc import Iterator

import xlrd
from xlrd.compdoc import CompDocError

from gabarito.ingest.blocks import Block, Heading, Omission
from gabarito.ingest.formats.figures.figure import figure_as_shown
from gabarito.ingest.formats.figures.number_format import text_as_shown
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.sheets.cell_formats import code_of
from gabarito.ingest.formats.sheets.sheet_rows import Area, SheetRows

IS_LOCKED = "encrypted"
"""Stands in what the library says of a file with a password."""

DAMAGED_OLD = (
    xlrd.XLRDError,
    CompDocError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the library raises on damaged files."""


def old_blocks(data: bytes, tally: Tally, most_cells: int) -> Iterator[Block]:
    """Yield a heading and a table for each sheet that is shown.

    Raises:
        Exception: one of ``DAMAGED_OLD``, if it is no workbook or cannot be read.
    """
    book = xlrd.open_workbook(
        file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
    )
    left = most_cells
    for sheet in book.sheets():
        rows = SheetRows(max(left, 0))
        _read_sheet(book, sheet, rows, tally)
        if sheet.visibility:
            tally.add(Omission.HIDDEN, rows.words())
            continue
        left -= rows.cells
        if sheet.cell_note_map:
            notes = (note.text for note in sheet.cell_note_map.values())
            tally.add(Omission.COMMENT, " ".join(notes))
        if table := rows.table(tally):
            yield from (Heading(1, sheet.name), table)


def _read_sheet(
    book: xlrd.book.Book, sheet: xlrd.sheet.Sheet, rows: SheetRows, tally: Tally
) -> None:
    for top, bottom, left, right in sheet.merged_cells:
        rows.merge(Area(top, left, bottom - 1, right - 1))
    for column, about in sheet.colinfo_map.items():
        if about.hidden:
            rows.hide_columns(column, column)
    hidden = {row for row, about in sheet.rowinfo_map.items() if about.hidden}
    for row in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(row)):
            text = _shown(book, cell)
            if row in hidden:
                tally.add(Omission.HIDDEN, text)
            elif text:
                rows.put(row, column, text)


def _shown(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> str:
    match cell.ctype:
        case xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
            return ""
        case xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if cell.value else "FALSE"
        case xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, ""))
    number = book.xf_list[cell.xf_index].format_key
    code = code_of(number, book.format_map[number].format_str)
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return text_as_shown(cell.value, code)
    return figure_as_shown(str(cell.value), code, is_1904=bool(book.datemode))

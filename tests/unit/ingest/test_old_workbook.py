"""Workbooks of Excel 97 (BIFF8), record by record: no program here writes them."""

import struct

import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import Omission
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.sheets.old_workbook import DAMAGED_OLD, old_blocks

BOF, EOF, FORMAT, XF, BOUNDSHEET = 0x0809, 0x000A, 0x041E, 0x00E0, 0x0085
NUMBER, LABEL, ROW, MERGED, COLUMNS, BOOLEAN = 0x0203, 0x0204, 0x0208, 0x00E5, 0x007D, 0x0205
OWN_FORMAT = 164
DATE_FORMAT, PERCENT_FORMAT = 14, 10
HIDDEN_ROW = 0x20


def record(kind: int, *fields: bytes) -> bytes:
    body = b"".join(fields)
    return struct.pack("<HH", kind, len(body)) + body


def words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def begin(kind: int) -> bytes:
    return record(BOF, words(0x0600, kind, 0, 0), bytes(8))


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(NUMBER, words(row, column, style), struct.pack("<d", value))


def label(row: int, column: int, text: str) -> bytes:
    return record(LABEL, words(row, column, 0, len(text)), b"\0", text.encode("latin-1"))


def workbook(*cells: bytes, visibility: int = 0, code: str = '0.0" m"') -> bytes:
    """Return a workbook of one sheet; its styles are plain, a day, a percentage and ``code``."""
    own = record(FORMAT, words(OWN_FORMAT, len(code)), b"\0", code.encode("latin-1"))
    formats = (0, DATE_FORMAT, PERCENT_FORMAT, OWN_FORMAT)
    styles = b"".join(record(XF, words(0, one), bytes(16)) for one in formats)
    before = begin(0x0005) + own + styles
    name = bytes([visibility, 0, 1, 0]) + b"A"
    at = len(before) + len(record(BOUNDSHEET, bytes(4), name)) + len(record(EOF))
    there = record(BOUNDSHEET, struct.pack("<I", at), name)
    return before + there + record(EOF) + begin(0x0010) + b"".join(cells) + record(EOF)


def text_of(data: bytes) -> str:
    return render(list(old_blocks(data, Tally(), most_cells=1000)))


def test_each_cell_stands_as_it_is_shown() -> None:
    cells = (label(0, 0, "taxa"), number(0, 1, 0.125, 2), number(0, 2, 45292, 1))
    more = (number(0, 3, 2.5, 3), record(BOOLEAN, words(0, 4, 0), b"\1\0"), number(0, 5, 1e3))
    shown = "| taxa | 12.50% | 2024-01-01 | 2.5 m | TRUE | 1000 |"
    assert text_of(workbook(*cells, *more)) == f"# A\n\n{shown}"


def test_a_merged_cell_stands_in_each_of_its_places() -> None:
    merged = record(MERGED, words(1, 0, 1, 0, 0))
    cells = (label(0, 0, "x"), label(0, 1, "y"), record(0x0201, words(1, 0, 0)), label(1, 1, "z"))
    assert text_of(workbook(*cells, merged)) == "# A\n\n| x | y |\n| x | z |"


def test_hidden_rows_and_sheets_are_left_out_and_counted() -> None:
    hidden = record(ROW, words(1, 0, 1, 255, 0, 0, HIDDEN_ROW, 0))
    tally = Tally()
    cells = (label(0, 0, "um"), hidden, label(1, 0, "dois"))
    blocks = list(old_blocks(workbook(*cells), tally, most_cells=1000))
    assert render(blocks) == "# A\n\n| um |"
    assert not list(old_blocks(workbook(*cells, visibility=1), tally, most_cells=1000))
    assert [(one.why, one.words) for one in tally.left_out()] == [(Omission.HIDDEN, 3)]


def test_no_more_cells_are_kept_than_are_read() -> None:
    tally = Tally()
    cells = [number(row, 0, row) for row in range(4)]
    list(old_blocks(workbook(*cells), tally, most_cells=3))
    assert [(one.why, one.words) for one in tally.left_out()] == [(Omission.TOO_LARGE, 1)]


@pytest.mark.parametrize("end", [0, 3, 30, 150])
def test_a_damaged_workbook_is_refused_by_one_of_the_known_errors(end: int) -> None:
    with pytest.raises(DAMAGED_OLD):
        text_of(workbook(number(0, 0, 1))[:end])

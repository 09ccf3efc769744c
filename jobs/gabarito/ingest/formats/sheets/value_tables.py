"""Tables of values (csv, tsv): rows of a text, parted by a sign that is found out."""

import csv
import re
from collections.abc import Sequence
from io import StringIO

from gabarito.ingest.blocks import BlockPage, Omission, Table
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.decode import decode_counted

DELIMITERS = ",;\t|"
"""Signs that part values."""

_SAMPLE_LINES = 50


def read_values(data: bytes, hints: Hints, most_cells: int) -> BlockPage:
    """Return a table of values, whatever parts them.

    Raises:
        Dropped: if it cannot be told into rows.
    """
    text, decoded_again = decode_counted(data, hints)
    text = text.removeprefix("\ufeff")
    declared = re.match(r"sep=(.)\r?\n", text)
    if declared:
        text = text[declared.end() :]
    delimiter = declared[1] if declared else delimiter_of(text)
    tally = Tally()
    rows: list[tuple[str, ...]] = []
    left = most_cells
    allow_cells_of(len(text))
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in lines:
            left -= len(row)
            if left < 0:
                tally.add(Omission.TOO_LARGE, " ".join(row))
            elif any(row):
                rows.append(tuple(cell.strip() for cell in row))
    except csv.Error as error:
        raise Dropped.by_library(error) from error
    blocks = [Table(tuple(rows))] if rows else []
    return BlockPage(blocks, left_out=tally.left_out(), decoded_again=decoded_again)


def allow_cells_of(chars: int) -> None:
    """Let cells be so long: one quote that is never closed makes a cell of all the rest.

    The limit is the whole process's, so it is never lowered.
    """
    csv.field_size_limit(max(csv.field_size_limit(), chars))


def delimiter_of(text: str) -> str:
    """Return the sign that parts most lines into the same number of cells."""
    sample = text[:100_000].splitlines()[:_SAMPLE_LINES]

    def agreement(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in _rows(sample, delimiter)]
        best = max(set(widths), key=widths.count, default=1)
        return (widths.count(best) if best > 1 else 0, best)

    return max(DELIMITERS, key=agreement)


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []

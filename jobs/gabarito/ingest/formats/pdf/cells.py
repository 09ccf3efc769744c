"""Rows of pieces as a table: each piece goes into the column that it stands in."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from gabarito.ingest.blocks import Table
from gabarito.ingest.formats.pdf.rows import Piece, Row

PARTED = re.compile(r"[^\W\d_]{2}[-\u2010]$")
"""The end of a line that parts a word."""


def table_of(rows: Sequence[Row]) -> Table:
    """Return rows as a table; a row that only goes on with cells of the one above is part of it."""
    columns = _columns(rows)
    pitch = _row_pitch(rows, columns)
    found: list[list[str]] = []
    above: Row | None = None
    for row in rows:
        cells = [""] * len(columns)
        for piece in row:
            column = _column_of(piece, columns)
            cells[column] = joined(cells[column], piece.text)
        if above and found and _goes_on(found[-1], cells, (above[0].y - row[0].y) / pitch):
            found[-1] = [joined(old, new) for old, new in zip(found[-1], cells, strict=True)]
        else:
            found.append(cells)
        above = row
    if rows and sum(piece.is_rtl for row in rows for piece in row) * 2 > sum(map(len, rows)):
        found = [cells[::-1] for cells in found]
    return Table(tuple(map(tuple, found)))


def joined(above: str, below: str) -> str:
    """Return two lines of a cell as one; a word parted by a hyphen is made whole."""
    if not above or not below or not PARTED.search(above):
        return f"{above} {below}".strip()
    is_one_word = below[:1].islower() and "-" not in below.split(" ", 1)[0]
    return f"{above[:-1] if is_one_word else above}{below}"


def _columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return where the columns stand: as the fullest row has them, and others between."""
    columns: list[tuple[float, float]] = []
    for row in sorted(rows, key=len, reverse=True):
        for piece in row:
            over = [n for n, (x0, x1) in enumerate(columns) if piece.x0 < x1 and piece.x1 > x0]
            if not over:
                columns.append((piece.x0, piece.x1))
                columns.sort()
            elif len(over) == 1:
                x0, x1 = columns[over[0]]
                columns[over[0]] = min(x0, piece.x0), max(x1, piece.x1)
    return columns


def _column_of(piece: Piece, columns: Sequence[tuple[float, float]]) -> int:
    shared = [min(piece.x1, x1) - max(piece.x0, x0) for x0, x1 in columns]
    first = next((n for n, width in enumerate(shared) if width > 0), None)
    return first if first is not None else shared.index(max(shared))


def _row_pitch(rows: Sequence[Row], columns: Sequence[tuple[float, float]]) -> float:
    """Return how far apart rows begin that have a first cell."""
    starts = [row[0].y for row in rows if _column_of(row[0], columns) == 0]
    distances = [above - below for above, below in pairwise(starts) if above > below]
    return median(distances) if distances else 1e6


def _goes_on(above: Sequence[str], cells: Sequence[str], distance: float) -> bool:
    filled = [n for n, cell in enumerate(cells) if cell]
    if 0 in filled or not all(above[n] for n in filled):
        return False
    return distance < 0.8 or (len(filled) == 1 and distance < 1.2 and not _is_number(cells))


def _is_number(cells: Sequence[str]) -> bool:
    return all(not any(map(str.isalpha, cell)) for cell in cells)

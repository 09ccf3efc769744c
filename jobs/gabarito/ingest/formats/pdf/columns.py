"""The columns of a page: what stands beside each other is read one after the other, or in rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from gabarito.ingest.formats.pdf.cells import PARTED
from gabarito.ingest.formats.pdf.gutters import MIN_COLUMN_ROWS, Gutter, best_gutter, side_of
from gabarito.ingest.formats.pdf.rows import Piece, Row

MAX_DEPTH = 8

_PROSE_CHARS = 20
_FEWEST_PARTED = 3
_FAR = 1e6
_BREAK = 1.9
"""A distance between rows wider than this, in parts of the usual one, parts what they belong to."""


@dataclass(frozen=True)
class Region:
    """Rows of one column, or of one table, in their order."""

    rows: Sequence[Row]
    is_table: bool = False


def regions(rows: Sequence[Row], depth: int = 0) -> Iterator[Region]:
    """Yield the regions of a page in the order they are read in."""
    gutter = best_gutter(rows) if depth < MAX_DEPTH else None
    if gutter is None:
        if rows:
            yield Region(rows)
        return
    above, inside, below = _cut(rows, gutter)
    yield from regions(above, depth + 1)
    left = [part for row in inside if (part := side_of(row, gutter.middle, is_left=True))]
    right = [part for row in inside if (part := side_of(row, gutter.middle, is_left=False))]
    if _are_columns(left, right, gutter):
        if _reads_from_right(inside):
            left, right = right, left
        yield from regions(left, depth + 1)
        yield from regions(right, depth + 1)
    elif _is_hanging(left, right):
        yield from _beside(inside, gutter.middle, depth)
    else:
        yield Region(inside, is_table=True)
    yield from regions(below, depth + 1)


def _cut(rows: Sequence[Row], gutter: Gutter) -> tuple[Sequence[Row], Sequence[Row], Sequence[Row]]:
    """Part rows into those above the columns, in them and below them."""
    first, last = gutter.first, gutter.last
    inside = rows[first : last + 1]
    left = [n for n, row in enumerate(inside) if row[0].x0 < gutter.middle]
    right = [n for n, row in enumerate(inside) if row[-1].x0 > gutter.middle]
    begin, end = max(left[0], right[0]), min(left[-1], right[-1])
    is_in_rows = gutter.both >= min(len(left), len(right)) * 0.6
    if is_in_rows and not (gutter.is_between_columns or _prose(inside, gutter)):
        shared = set(left) & set(right)
        begin, end = min(shared), _end_of_table(inside, max(shared), gutter)
        return rows[: first + begin], inside[begin : end + 1], rows[first + end + 1 :]
    pitch = _pitch(inside)
    start = next((n for n in range(begin, 0, -1) if _distance(inside, n) > _BREAK * pitch), 0)
    places = range(end + 1, len(inside))
    stop = next((n for n in places if _distance(inside, n) > _BREAK * pitch), len(inside))
    return rows[: first + start], inside[start:stop], rows[first + stop :]


def _end_of_table(rows: Sequence[Row], at: int, gutter: Gutter) -> int:
    """Return the last row of a table: what goes on with its last cells is part of it."""
    pitch = _pitch(rows[: at + 1])
    while at + 1 < len(rows):
        is_beside = rows[at + 1][0].x0 > gutter.middle
        if _distance(rows, at + 1) > (1.05 if is_beside else 0.75) * pitch:
            break
        at += 1
    return at


def _distance(rows: Sequence[Row], at: int) -> float:
    return rows[at - 1][0].y - rows[at][0].y


def _pitch(rows: Sequence[Row]) -> float:
    return median(above[0].y - below[0].y for above, below in pairwise(rows)) if rows[1:] else _FAR


def _prose(rows: Sequence[Row], gutter: Gutter) -> bool:
    sides = (
        [side_of(row, gutter.middle, is_left=is_left) for row in rows] for is_left in (True, False)
    )
    return all(_is_prose([part for part in side if part]) for side in sides)


def _is_prose(rows: Sequence[Row]) -> bool:
    """Tell whether most pieces are lines that fill their column."""
    if not _has_long_pieces(rows):
        return False
    pieces = [piece for row in rows for piece in row]
    widths = sorted(piece.x1 - piece.x0 for piece in pieces)
    full = widths[int(0.9 * (len(widths) - 1))]
    return sum(width > 0.7 * full for width in widths) >= 0.5 * len(widths)


def _has_long_pieces(rows: Sequence[Row]) -> bool:
    pieces = [piece for row in rows for piece in row]
    return (
        len(pieces) >= MIN_COLUMN_ROWS
        and median(len(piece.text) for piece in pieces) >= _PROSE_CHARS
    )


def _goes_from_line_to_line(rows: Sequence[Row]) -> bool:
    """Tell whether words are parted at the end of lines, again and again, as in running text."""
    parted = sum(
        1
        for above, below in pairwise(rows)
        if PARTED.search(above[-1].text) and below[0].text[:1].islower()
    )
    return parted >= _FEWEST_PARTED


def _are_columns(left: Sequence[Row], right: Sequence[Row], gutter: Gutter) -> bool:
    if gutter.is_between_columns or (_is_prose(left) and _is_prose(right)):
        return True
    if all(map(_has_long_pieces, (left, right))) and any(
        map(_goes_from_line_to_line, (left, right))
    ):
        return True
    fewer = min(len(left), len(right))
    return fewer >= MIN_COLUMN_ROWS and gutter.both < 0.4 * fewer


def _is_hanging(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Tell whether few words in the margin stand beside running text."""
    few, many = sorted((left, right), key=len)
    return len(few) <= 0.4 * len(many) and _is_prose(many)


def _beside(rows: Sequence[Row], middle: float, depth: int) -> Iterator[Region]:
    """Yield each text of the margin before the text beside it."""
    lefts = [side_of(row, middle, is_left=True) for row in rows]
    rights = [side_of(row, middle, is_left=False) for row in rows]
    margin = lefts if sum(map(bool, lefts)) < sum(map(bool, rights)) else rights
    body = rights if margin is lefts else lefts
    starts = [n for n, row in enumerate(margin) if row and (n == 0 or not margin[n - 1])]
    for begin, end in pairwise([0, *starts, len(rows)]):
        yield from regions([row for row in margin[begin:end] if row], depth + 1)
        yield from regions([row for row in body[begin:end] if row], depth + 1)


def _reads_from_right(rows: Sequence[Row]) -> bool:
    pieces: list[Piece] = [piece for row in rows for piece in row]
    return sum(piece.is_rtl for piece in pieces) > 0.5 * len(pieces)

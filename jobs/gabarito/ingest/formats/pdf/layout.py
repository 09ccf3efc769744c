"""Pages, each as rows of pieces, as lines and tables in the order they are read in."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from gabarito.ingest.blocks import Table
from gabarito.ingest.formats.pdf.cells import table_of
from gabarito.ingest.formats.pdf.columns import Region, regions
from gabarito.ingest.formats.pdf.letters.pdf_fonts import MONO
from gabarito.ingest.formats.pdf.rows import Piece, Row

_BULLETS = "•·▪●◦‣∙○■□▶►➢✓✔❖*–—-"
MARKER = re.compile(
    rf"^(?:[{_BULLETS}]|\d{{1,3}}[.)]|\(\w{{1,4}}\)|[a-zA-Z][.)]|[ivxlc]{{1,6}}[.)]"
    r"|§+ ?\d+[.)]?)(?=\s|$)"
)
"""What a list's item begins with."""

_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*\.?|\[\w{1,9}\])$")
_BLOCK_GAP = 1.3
_FEWEST_LINES = 4
_LINE_CHARS = 35
_RAGGED = 0.12
_MOST = 0.7
_SOME = 0.3
_LEADERS = re.compile(r"(?:\s?[.·…_]){5,}")


class TextLine(NamedTuple):
    """A line of a column that goes from ``left`` to ``right``."""

    text: str
    x0: float
    x1: float
    left: float
    right: float
    size: float
    style: int
    distance: float
    """How far below the line above, in parts of what is usual there; 0 on top of a column."""
    drop: float
    """The same in parts of its size."""
    page: int
    is_marked: bool
    is_rtl: bool


def lines_and_tables(rows: Sequence[Row], page: int) -> Iterator[TextLine | Table]:
    """Yield what a page holds, one column after the other."""
    for region in regions([_with_markers(row) for row in rows]):
        if region.is_table and not _is_code(region.rows) and not _is_contents(region.rows):
            yield table_of(region.rows)
        else:
            yield from _lines(region, page)


def _is_code(rows: Sequence[Row]) -> bool:
    pieces = [piece for row in rows for piece in row]
    return sum(bool(piece.style & MONO) for piece in pieces) > 0.7 * len(pieces)


def _is_contents(rows: Sequence[Row]) -> bool:
    led = sum(any(_LEADERS.search(piece.text) for piece in row) for row in rows)
    return led > 0.4 * len(rows)


def _with_markers(row: Row) -> Row:
    """Return a row whose first piece, if it only marks or numbers the next, is part of it."""
    if len(row) < 2:
        return row
    first, second = (row[-1], row[-2]) if row[-1].is_rtl else (row[0], row[1])
    is_number = len(row) == 2 and _NUMBER.match(first.text) and second.text[:1].isalpha()
    is_mark = MARKER.match(first.text) and len(first.text) < 8
    if not (is_mark or is_number) or abs(second.x0 - first.x0) > 6 * second.size:
        return row
    text = f"{first.text} {second.text}"
    x0, x1 = min(first.x0, second.x0), max(first.x1, second.x1)
    joined = second._replace(text=text, x0=x0, x1=x1, is_marked=first.is_marked)
    return (*row[:-2], joined) if row[-1].is_rtl else (joined, *row[2:])


def _lines(region: Region, page: int) -> Iterator[TextLine]:
    rows = region.rows
    left = min(row[0].x0 for row in rows)
    right = max(row[-1].x1 for row in rows)
    distances = [above[0].y - below[0].y for above, below in pairwise(rows)]
    usual = sorted(distances)[len(distances) * 2 // 5] if len(distances) > 1 else 0.0
    rights = _rights(rows, distances, usual, right)
    for row, distance, right in zip(rows, [0.0, *distances], rights, strict=True):
        first = row[0]
        longest = max(row, key=lambda piece: len(piece.text))
        is_rtl = longest.is_rtl
        least = usual if usual > 0.8 * longest.size else 1.3 * longest.size
        text = _mono(row, left) if _is_code([row]) else _joined(row, is_rtl=is_rtl)
        style = longest.style if _is_code([row]) else longest.style & ~MONO
        yield TextLine(
            text, first.x0, row[-1].x1, left, right, longest.size, style,
            distance=distance / min(least, 2.2 * longest.size), drop=distance / longest.size,
            page=page, is_marked=first.is_marked, is_rtl=is_rtl,
        )  # fmt: skip


def _rights(
    rows: Sequence[Row], distances: Sequence[float], usual: float, right: float
) -> Iterator[float]:
    """Yield how far each row may go: in a block of text with wider margins less than its column."""
    parts = [at for at, distance in enumerate(distances, 1) if distance > _BLOCK_GAP * usual]
    for begin, end in pairwise([0, *parts, len(rows)]):
        block = rows[begin:end]
        yield from [_filled(block) or right] * len(block)


def _filled(block: Sequence[Row]) -> float:
    """Return where the lines of a block of text end, if most of them go that far, else 0."""
    edge, begins = max(row[-1].x1 for row in block), min(row[0].x0 for row in block)
    if len(block) < _FEWEST_LINES or not _is_text(block):
        return 0.0
    full = [row for row in block if row[-1].x1 > edge - _RAGGED * (edge - begins)]
    letters = median(sum(len(piece.text) for piece in row) for row in block)
    return edge if letters > _LINE_CHARS and len(full) >= _MOST * len(block) else 0.0


def _is_text(block: Sequence[Row]) -> bool:
    """Tell whether lines go on from one to the next; those of a list are alike, or begin anew."""
    whole = sum(len(row) == 1 for row in block)
    if whole < _MOST * len(block) or any(row[0].style & MONO for row in block):
        return False
    begun = [row[0].text for row in block[1:]]
    words = {text.split(" ", 1)[0] for text in begun}
    goes_on = sum(text[:1].islower() for text in begun)
    return goes_on >= _SOME * len(begun) and len(words) >= _MOST * len(begun)


def _joined(row: Row, *, is_rtl: bool) -> str:
    pieces = reversed(row) if is_rtl else row
    return _LEADERS.sub(" … ", " ".join(piece.text for piece in pieces))


def _mono(row: Row, left: float) -> str:
    """Return a line of code with its spaces, told from where its pieces stand."""
    width = _letter_width(max(row, key=lambda piece: len(piece.text)))
    text = ""
    for piece in row:
        at = min(round((piece.x0 - left) / width), 200)
        text += " " * max(at - len(text), 1 if text else 0) + piece.text
    return text


def _letter_width(piece: Piece) -> float:
    return max((piece.x1 - piece.x0) / max(len(piece.text), 1), 0.1)

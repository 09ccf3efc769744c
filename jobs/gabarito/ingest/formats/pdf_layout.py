"""Lines of printed pages, laid out by spaces, as paragraphs and tables."""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from gabarito.ingest.formats.page_headers import CELL, without_running_lines
from gabarito.ingest.page import fold, join_blocks, table_text

_CELL_OF_TABLE = re.compile(r"\S+(?: \S+)*")
_BULLET = re.compile(r"^[•·▪●◦‣*–-]\s+")
_WORD = re.compile(r"[\w-]+")
_HYPHENATED = re.compile(r"\w-$")

_FULL_SHARE = 0.7
"""A line shorter than this share of the widest ends its paragraph."""

_SPREAD_SHARE = 0.6
"""Where more lines than this have a blank one above, blank lines part no paragraphs."""

_PROSE_CHARS = 25
"""Columns whose cells are longer than this, in the middle, hold prose: they are no table."""


@dataclass(frozen=True)
class _Line:
    text: str
    is_apart: bool
    """A blank line stands above it."""

    @property
    def cells(self) -> list[re.Match[str]]:
        return list(CELL.finditer(self.text))


def join_pages(pages: Sequence[Sequence[str]]) -> str:
    """Return the text of pages, each a list of lines as laid out.

    Running titles and page numbers are left out; a paragraph goes on over a page's end.
    """
    lines = [line for page in without_running_lines(pages) for line in _lines(page)]
    spread = sum(line.is_apart for line in lines) > _SPREAD_SHARE * len(lines)
    blocks: list[str] = []
    for is_table, run in groupby(_marked(lines), key=lambda marked: marked[0]):
        found = [line for _, line in run]
        blocks += [_table(found)] if is_table else _paragraphs(found, spread=spread)
    return join_blocks(blocks)


def is_prose_in_columns(lines: Sequence[str]) -> bool:
    """Tell whether most lines hold columns of running text side by side."""
    filled = [cells for cells in (CELL.findall(line) for line in lines) if cells]
    split = [cells for cells in filled if len(cells) > 1]
    if len(split) <= len(filled) / 2:
        return False
    return median(len(cell) for cells in split for cell in cells) > _PROSE_CHARS


def _lines(page: Sequence[str]) -> Iterator[_Line]:
    is_apart = False
    for line in page:
        if line.strip():
            yield _Line(line.rstrip(), is_apart)
        is_apart = not line.strip()


def _marked(lines: Sequence[_Line]) -> Iterator[tuple[bool, _Line]]:
    """Yield each line and whether it belongs to a table: two or more rows of cells."""
    split = [len(line.cells) > 1 for line in lines]
    for number, line in enumerate(lines):
        beside = split[max(number - 1, 0) : number] + split[number + 1 : number + 2]
        in_cell = line.text.startswith("   ") and not line.is_apart and split[number - 1]
        yield (split[number] and any(beside)) or (number > 0 and in_cell), line


def _table(lines: Sequence[_Line]) -> str:
    """Put each cell into the column whose first letters it stands under."""
    split = [list(_CELL_OF_TABLE.finditer(line.text)) for line in lines]
    starts = [cell.start() for cell in max(split, key=len)]
    rows: list[list[str]] = []
    for cells in split:
        if len(cells) > 1 or not rows:
            rows.append([""] * len(starts))
        for cell in cells:
            column = _nearest(starts, cell.start())
            rows[-1][column] = f"{rows[-1][column]} {cell.group()}".strip()
    return table_text(rows)


def _nearest(starts: Sequence[int], place: int) -> int:
    """Return which of ``starts``, in their order, is nearest; the first of two."""
    right = bisect(starts, place)
    beside = range(max(right - 1, 0), min(right + 1, len(starts)))
    return min(beside, key=lambda column: abs(starts[column] - place))


def _paragraphs(lines: Sequence[_Line], *, spread: bool) -> list[str]:
    width = max(len(line.text) for line in lines)
    words = set(_WORD.findall(" ".join(line.text for line in lines)))
    paragraphs: list[list[str]] = []
    was_full = False
    for line in lines:
        text = _BULLET.sub("- ", fold(line.text))
        is_new = (line.is_apart and not spread) or text.startswith("- ") or not was_full
        if is_new or not paragraphs:
            paragraphs.append([text])
        else:
            paragraphs[-1][-1:] = _joined(paragraphs[-1][-1], text, words)
        was_full = len(line.text) >= _FULL_SHARE * width
    return ["".join(parts) for parts in paragraphs]


def _joined(above: str, text: str, words: set[str]) -> tuple[str, str]:
    """Return two lines as they are joined, so that no line is copied again for each that follows.

    A word parted at the first one's end is made whole, unless its hyphen is its own.
    """
    if not _HYPHENATED.search(above):
        return f"{above} ", text
    whole = "".join([*_WORD.findall(above)[-1:], *_WORD.findall(text)[:1]])
    keeps_hyphen = not text[:1].islower() or whole in words
    return above if keeps_hyphen else above[:-1], text

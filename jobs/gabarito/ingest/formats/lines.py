"""Lines of printed pages, laid out by spaces, as paragraphs and tables."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from gabarito.ingest.page import fold, join_blocks, table_text

_CELL = re.compile(r"\S+(?: {1,2}\S+)*")
_CELL_OF_TABLE = re.compile(r"\S+(?: \S+)*")
_BULLET = re.compile(r"^[•·▪●◦‣*–-]\s+")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\W*(p[áa]g(ina|\.)?|page|seite)?\s*\d+(\s*(/|de|of|von)\s*\d+)?\W*", re.IGNORECASE
)
_WORD = re.compile(r"[\w-]+")
_HYPHENATED = re.compile(r"\w-$")

_MIN_PAGES = 3
"""So many pages tell a running title from a line that occurs twice."""

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
        return list(_CELL.finditer(self.text))


def join_pages(pages: Sequence[Sequence[str]]) -> str:
    """Return the text of pages, each a list of lines as laid out.

    Running titles and page numbers are left out; a paragraph goes on over a page's end.
    """
    running = _running_lines(pages)
    lines = [line for page in pages for line in _lines(page, running)]
    spread = sum(line.is_apart for line in lines) > _SPREAD_SHARE * len(lines)
    blocks: list[str] = []
    for is_table, run in groupby(_marked(lines), key=lambda marked: marked[0]):
        found = [line for _, line in run]
        blocks += [_table(found)] if is_table else _paragraphs(found, spread=spread)
    return join_blocks(blocks)


def is_prose_in_columns(lines: Sequence[str]) -> bool:
    """Tell whether most lines hold columns of running text side by side."""
    filled = [cells for cells in (_CELL.findall(line) for line in lines) if cells]
    split = [cells for cells in filled if len(cells) > 1]
    if len(split) <= len(filled) / 2:
        return False
    return median(len(cell) for cells in split for cell in cells) > _PROSE_CHARS


def _running_lines(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return what stands first or last on most pages, whatever numbers it holds."""
    if len(pages) < _MIN_PAGES:
        return set()
    edges = Counter(edge for page in pages for edge in {_pattern(line) for line in _edges(page)})
    return {edge for edge, count in edges.items() if count > len(pages) / 2}


def _edges(page: Sequence[str]) -> list[str]:
    filled = [line for line in page if line.strip()]
    return [*filled[:1], *filled[-1:]]


def _pattern(line: str) -> str:
    return _DIGITS.sub("0", fold(line))


def _lines(page: Sequence[str], running: set[str]) -> Iterator[_Line]:
    edges = {line for line in _edges(page) if _pattern(line) in running}
    edges |= {line for line in _edges(page) if _PAGE_NUMBER.fullmatch(line.strip())}
    is_apart = False
    for line in page:
        if line.strip() and line not in edges:
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
            column = min(range(len(starts)), key=lambda i: abs(starts[i] - cell.start()))
            rows[-1][column] = f"{rows[-1][column]} {cell.group()}".strip()
    return table_text(rows)


def _paragraphs(lines: Sequence[_Line], *, spread: bool) -> list[str]:
    width = max(len(line.text) for line in lines)
    words = set(_WORD.findall(" ".join(line.text for line in lines)))
    paragraphs: list[str] = []
    was_full = False
    for line in lines:
        text = _BULLET.sub("- ", fold(line.text))
        is_new = (line.is_apart and not spread) or text.startswith("- ") or not was_full
        if is_new or not paragraphs:
            paragraphs.append(text)
        else:
            paragraphs[-1] = _continued(paragraphs[-1], text, words)
        was_full = len(line.text) >= _FULL_SHARE * width
    return paragraphs


def _continued(above: str, text: str, words: set[str]) -> str:
    """Append a line; a word parted at its end is made whole, unless its hyphen is its own."""
    if not _HYPHENATED.search(above):
        return f"{above} {text}"
    whole = "".join([*_WORD.findall(above)[-1:], *_WORD.findall(text)[:1]])
    keeps_hyphen = not text[:1].islower() or whole in words
    return (above if keeps_hyphen else above[:-1]) + text

"""Running titles and page numbers: what stands at the edge of page after page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gabarito.ingest.blocks import SAMPLE_CHARS, LeftOut, Omission
from gabarito.ingest.formats.pdf.rows import Row
from gabarito.ingest.page import fold

CELL = re.compile(r"\S+(?: {1,2}\S+)*")
"""What wider spaces set off from the rest of a line."""

_OF = r"\s*(?:/|de|of|von)\s*\d+"
_TOLD = re.compile(
    rf"\b(?:p[áa]g(?:ina|\.)?|page|seite)\s*\d+(?:{_OF})?\b|^\W*\d+{_OF}\W*$|^[–—-]\s*\d+\s*[–—-]$",
    re.IGNORECASE,
)
"""A number that says itself that it counts pages."""

_BARE = re.compile(
    rf"(?:^\W*|\s[|·•–—-]\s+|(?<=\s{{3}}))(\d{{1,9}})(?:{_OF})?\W*$"
    r"|^\W*(\d{1,9})(?:\s+[|·•–—-]\s|\s{3})"
)
"""A number set off from its line, which counts pages if it grows with them."""

_WORD = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]")

_APART = 1.45
_MAX_DEPTH = 4
_MAX_TOLD = 20
_MAX_TITLE = 90
_MIN_LETTERS = 4

_MIN_PAGES = 3
"""So many pages tell a running title from a line that occurs twice."""


@dataclass(frozen=True)
class _Edge:
    """The first or the last line of a page."""

    page: int
    row: int
    is_top: bool
    text: str
    inner: str
    """The line beside it, further within the page."""
    depth: int
    is_apart: bool
    """A wide distance parts it from the line beside it."""
    y: int

    @property
    def places(self) -> set[tuple[int, str]]:
        """The parts of the line that have letters enough to be known again, with their height."""
        cells = (fold(cell) for cell in CELL.findall(self.rest))
        return {(self.y, cell) for cell in cells if len(_LETTER.findall(cell)) > _MIN_LETTERS}

    @property
    def is_set_apart(self) -> bool:
        """Tell whether it stands in a head or foot of its own."""
        return self.is_apart or self.depth > 0

    @property
    def title(self) -> str:
        """The line without the number that says that it is the page's."""
        return _TOLD.sub("", self.text, count=1).rstrip()

    @property
    def is_told(self) -> bool:
        """Tell whether the line is nothing but a number that says that it is the page's."""
        return self.title != self.text and not _WORD.search(self.title)

    @property
    def number(self) -> int | None:
        """The number that may be the page's, less the pages before this one."""
        found = _BARE.search(self.text)
        return int(found.group(1) or found.group(2)) - self.page if found else None

    @property
    def rest(self) -> str:
        """The line without that number."""
        return _BARE.sub("", self.text, count=1)

    @property
    def name(self) -> str:
        """What it is told by when it is left out."""
        return fold(min(self.rest, self.title, key=len)) or "page numbers"

    def is_row(self, text: str) -> bool:
        """Tell whether ``text``, of this line, makes it one of several rows of a table."""
        return all(len(CELL.findall(line)) > 1 for line in (text, self.inner))


def without_running_rows(pages: Sequence[Sequence[Row]]) -> tuple[list[list[Row]], list[LeftOut]]:
    """Return the pages without their running titles and page numbers, and the account of these.

    Rows of a table that are alike on many pages stay, and so do numbers at a page's edge that do
    not count pages: they are data.
    """
    edges = [edge for page, rows in enumerate(pages) for edge in _edges(page, rows)]
    running = {(edge.page, edge.row): edge for edge in _running(edges, len(pages))}
    kept = [
        [row for number, row in enumerate(rows) if (page, number) not in running]
        for page, rows in enumerate(pages)
    ]
    titles = Counter(edge.name for edge in running.values())
    left_out = [
        LeftOut(Omission.REPEATED, max(len(title.split()), 1) * count, title[:SAMPLE_CHARS])
        for title, count in titles.most_common(_MAX_TOLD)
    ]
    rest = sum(len(title.split()) * count for title, count in titles.most_common()[_MAX_TOLD:])
    return kept, [*left_out, *([LeftOut(Omission.REPEATED, rest)] if rest else [])]


def _edges(page: int, rows: Sequence[Row]) -> Iterator[_Edge]:
    """Yield the rows at the edges of a page: the outermost, and others before a wide distance."""
    texts = ["   ".join(piece.text for piece in row) for row in rows]
    usual = _usual_distance(rows)
    for is_top, order in ((True, range(len(rows))), (False, range(len(rows) - 1, -1, -1))):
        for depth, number in enumerate(_zone(rows, order, usual)):
            beside = number + (1 if is_top else -1)
            inner = texts[beside] if 0 <= beside < len(rows) else ""
            y = round(rows[number][0].y / 3)
            is_apart = abs(_distance(rows, number, beside)) > _APART * usual
            yield _Edge(page, number, is_top, texts[number], inner, depth, is_apart, y)


def _zone(rows: Sequence[Row], order: Sequence[int], usual: float) -> Sequence[int]:
    """Return the first rows of ``order`` up to a wide distance, if there is one, else the first."""
    for depth in range(1, min(_MAX_DEPTH, len(order) - 1) + 1):
        if abs(_distance(rows, order[depth - 1], order[depth])) > _APART * usual:
            return order[:depth]
    return order[:1]


def _distance(rows: Sequence[Row], at: int, beside: int) -> float:
    return rows[at][0].y - rows[beside][0].y if 0 <= beside < len(rows) else 0.0


def _usual_distance(rows: Sequence[Row]) -> float:
    distances = sorted(above[0].y - below[0].y for above, below in pairwise(rows))
    return distances[len(distances) // 2] if distances else 1e6


def _running(edges: Sequence[_Edge], pages: int) -> Iterator[_Edge]:
    titles = Counter((edge.is_top, edge.depth, fold(edge.title)) for edge in edges)
    places = Counter(place for edge in edges if edge.is_set_apart for place in edge.places)
    counting = Counter((edge.is_top, fold(edge.rest), edge.number) for edge in edges)
    apart = Counter((edge.is_top, edge.number) for edge in edges)
    for edge in edges:
        is_repeated = titles[edge.is_top, edge.depth, fold(edge.title)] > pages / 2
        often = edge.is_set_apart and max((places[place] for place in edge.places), default=0)
        is_named = (is_repeated or often >= _MIN_PAGES) and bool(_LETTER.search(edge.rest))
        is_data = edge.is_row(edge.title) and not edge.is_set_apart
        is_title = pages >= _MIN_PAGES and is_named and not is_data
        alike = counting[edge.is_top, fold(edge.rest), edge.number]
        is_counting = edge.number is not None and pages > 1 and alike > pages / 2
        is_page = is_counting and not edge.is_row(edge.rest)
        others = apart[edge.is_top, edge.number]
        if edge.is_told or is_title or is_page or _is_numbered(edge, others, pages):
            yield edge


def _is_numbered(edge: _Edge, alike: int, pages: int) -> bool:
    """Tell whether a line set apart holds a page's number, whatever title stands beside it."""
    is_many = edge.number is not None and alike > max(pages / 4, _MIN_PAGES)
    return is_many and edge.is_set_apart and len(edge.rest) < _MAX_TITLE

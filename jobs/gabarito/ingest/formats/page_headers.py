"""Running titles and page numbers: what stands at the edge of page after page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

_MIN_PAGES = 3
"""So many pages tell a running title from a line that occurs twice."""


@dataclass(frozen=True)
class _Edge:
    """The first or the last line of a page."""

    page: int
    line: int
    is_top: bool
    text: str
    inner: str
    """The line beside it, further within the page."""

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

    def is_row(self, text: str) -> bool:
        """Tell whether ``text``, of this line, makes it one of several rows of a table."""
        return all(len(CELL.findall(line)) > 1 for line in (text, self.inner))


def without_running_lines(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the pages without their running titles and page numbers.

    Rows of a table that are alike on many pages stay, and so do numbers at a page's edge that do
    not count pages: they are data.
    """
    edges = [edge for page, lines in enumerate(pages) for edge in _edges(page, lines)]
    running = {(edge.page, edge.line) for edge in _running(edges, len(pages))}
    return [
        [line for number, line in enumerate(lines) if (page, number) not in running]
        for page, lines in enumerate(pages)
    ]


def _edges(page: int, lines: Sequence[str]) -> Iterator[_Edge]:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for is_top, order in ((True, filled), (False, filled[::-1])):
        for number in order[:1]:
            inner = "".join(lines[beside] for beside in order[1:2])
            yield _Edge(page, number, is_top, lines[number].strip(), inner)


def _running(edges: Sequence[_Edge], pages: int) -> Iterator[_Edge]:
    titles = Counter((edge.is_top, fold(edge.title)) for edge in edges)
    counting = Counter((edge.is_top, fold(edge.rest), edge.number) for edge in edges)
    for edge in edges:
        is_repeated = pages >= _MIN_PAGES and titles[edge.is_top, fold(edge.title)] > pages / 2
        is_title = is_repeated and _LETTER.search(edge.title) and not edge.is_row(edge.title)
        alike = counting[edge.is_top, fold(edge.rest), edge.number]
        is_counting = edge.number is not None and pages > 1 and alike > pages / 2
        if edge.is_told or is_title or (is_counting and not edge.is_row(edge.rest)):
            yield edge

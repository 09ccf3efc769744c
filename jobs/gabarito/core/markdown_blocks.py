"""The blocks of a document's text: headings, tables, code and what is between blank lines.

Each begins at the start of its line, as ingest writes it: what is indented is text of a block.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")
_HEADING_END = re.compile(r"\s#+\s*$")
"""Signs that close a heading stand apart from it: the last of *C#* is its own."""

_FENCE = re.compile(r"(`{3,})[^`]*")

Kind = Literal["heading", "table", "code", "text"]


@dataclass(frozen=True)
class Block:
    """Lines that belong together, and where they begin; ``level`` is that of a heading."""

    kind: Kind
    text: str
    level: int = 0
    place: int = 0


@dataclass(frozen=True)
class _Line:
    text: str
    place: int


def blocks_of(text: str) -> Iterator[Block]:
    """Split a text at blank lines, before and after headings, tables and code."""
    kind: Kind = "text"
    lines: list[_Line] = []
    rest = _lines_of(text)
    for line in rest:
        heading, fence = _HEADING.match(line.text), _FENCE.fullmatch(line.text)
        new: Kind = "table" if line.text.startswith("|") else "text"
        if lines and (heading or fence or new != kind or not line.text.strip()):
            written = "\n".join(one.text.rstrip() for one in lines)
            yield Block(kind, written, place=lines[0].place)
            lines = []
        if heading:
            title = _HEADING_END.sub("", heading[2]).rstrip()
            yield Block("heading", title, len(heading[1]), line.place)
        elif fence:
            code = "\n".join(_code(line.text, fence[1], rest))
            yield Block("code", code, place=line.place)
        elif line.text.strip():
            kind = new
            lines.append(line)


def above(trail: Sequence[Block], block: Block) -> list[Block]:
    """Return the headings of a trail under which a block stands."""
    if not block.level:
        return list(trail)
    return [heading for heading in trail if heading.level < block.level]


class Outline:
    """The blocks of a text by place, each with its headings."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._blocks = list(blocks_of(text))
        self._places = [block.place for block in self._blocks]
        self._trails: list[tuple[str, ...]] = []
        trail: list[Block] = []
        for block in self._blocks:
            if block.level:
                trail = [*above(trail, block), block]
            self._trails.append(tuple(heading.text for heading in trail))

    def headings_at(self, place: int) -> tuple[str, ...]:
        """Return the headings above a place, the outermost first; one that stands there counts."""
        at = self._at(place)
        return self._trails[at] if at >= 0 else ()

    def prose_around(self, place: int) -> tuple[int, int] | None:
        """Return from where to where no heading and no table is around a place; None in one."""
        at = self._at(place)
        if at >= 0 and self._is_apart(at):
            return None
        first = last = at
        while first > 0 and not self._is_apart(first - 1):
            first -= 1
        while last + 1 < len(self._blocks) and not self._is_apart(last + 1):
            last += 1
        begin = self._places[first] if first >= 0 else 0
        end = self._places[last + 1] if last + 1 < len(self._blocks) else self._length
        return begin, end

    def _at(self, place: int) -> int:
        return bisect_right(self._places, place) - 1

    def _is_apart(self, at: int) -> bool:
        return self._blocks[at].kind in ("heading", "table")


def _lines_of(text: str) -> Iterator[_Line]:
    """Yield the lines, and an empty one behind the last."""
    place = 0
    for line in text.splitlines(keepends=True):
        yield _Line(line.splitlines()[0], place)
        place += len(line)
    yield _Line("", place)


def _code(first: str, fence: str, rest: Iterator[_Line]) -> Iterator[str]:
    """Yield the lines of code from its fence to one as long, whatever they look like."""
    yield first
    for line in rest:
        yield line.text.rstrip()
        if line.text.startswith(fence) and not line.text.strip().strip("`"):
            return

"""Tables of web pages: which only arrange a page, and the cells of the others in their places."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml.etree import iterwalk

from gabarito.ingest.formats.element import Element

_MAX_COLSPAN = 1000
_SPARE_PLACES = 1000
_SPARE_CHARS = 20_000
_MANY_ROWS = 4


@dataclass
class Shape:
    """What a table is made of, without the tables in its cells."""

    rows: list[list[Element]] = field(default_factory=list)
    caption: Element | None = None
    heads: int = 0
    heavy: int = 0
    """How many headings, tables and verbatim parts stand in its cells."""

    @property
    def arranges(self) -> bool:
        """Tell whether it only arranges a page: it has no heads, and one cell or large ones."""
        cells = sum(map(len, self.rows))
        if self.heads or self.caption is not None:
            return cells <= 1
        if cells <= 1 or all(len(row) <= 1 for row in self.rows):
            return True
        return self.heavy > 0 and (len(self.rows) < _MANY_ROWS or self.heavy * 4 > cells)


def shapes_of(tree: Element) -> dict[Element, Shape]:
    """Return the shape of each table in a tree, in one walk over it."""
    shapes: dict[Element, Shape] = {}
    stack: list[Shape] = []
    for event, node in iterwalk(tree, events=("start", "end")):
        if event == "end":
            if node in shapes:
                stack.pop()
        elif node.tag == "table":
            if stack:
                stack[-1].heavy += 1
            shapes[node] = Shape()
            stack.append(shapes[node])
        elif stack:
            _note(stack[-1], node)
    return shapes


def _note(shape: Shape, node: Element) -> None:
    match node.tag:
        case "tr":
            shape.rows.append([])
        case "td" | "th":
            if not shape.rows or node.getparent().tag != "tr":
                shape.rows.append([])
            shape.rows[-1].append(node)
            shape.heads += node.tag == "th"
        case "caption":
            shape.caption = node
        case "h1" | "h2" | "h3" | "pre":
            shape.heavy += 1


def grid(shape: Shape, text_of: Callable[[Element], str]) -> tuple[tuple[str, ...], ...]:
    """Return the texts of a table's cells, row by row.

    A cell that spans several places stands in each, a cell across the whole table once. How
    often a text is repeated is bounded by the size of the table, not by what its spans name.
    """
    texts = {cell: text_of(cell) for row in shape.rows for cell in row}
    places = _SPARE_PLACES + 10 * len(texts)
    chars = _SPARE_CHARS + 4 * sum(map(len, texts.values()))
    lines: list[dict[int, str]] = [{} for _ in shape.rows]
    for number, row in enumerate(shape.rows):
        column = 0
        for cell in row:
            while column in lines[number]:
                column += 1
            text = texts[cell]
            width = _span(cell, "colspan", _MAX_COLSPAN) if len(row) > 1 else 1
            height = _span(cell, "rowspan", len(lines) - number)
            more = width * height - 1
            if more > places or more * len(text) > chars:
                width, height, more = 1, 1, 0
            places, chars = places - more, chars - more * len(text)
            for below in lines[number : number + height]:
                below.update(dict.fromkeys(range(column, column + width), text))
            column += width
    return tuple(tuple(line.get(i, "") for i in range(max(line, default=-1) + 1)) for line in lines)


def _span(cell: Element, name: str, most: int) -> int:
    """Return how many places a cell spans; a rowspan of 0 reaches to the end."""
    value = cell.get(name, "1").strip()
    if not value.isdecimal() or len(value) > len(str(_MAX_COLSPAN * 100)):
        return 1
    return most if name == "rowspan" and int(value) == 0 else min(max(int(value), 1), most)

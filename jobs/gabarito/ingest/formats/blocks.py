"""A tree of HTML as plain text: headings, paragraphs, lists and tables stay apart."""

from typing import Any

from lxml.etree import iterwalk  # type: ignore[import-untyped]

from gabarito.ingest.page import fold, join_blocks, join_lines, table_text

Element = Any
"""An element of lxml, which comes without types."""

_MARKS = {**{f"h{level}": "#" * level + " " for level in range(1, 7)}, "li": "- "}
_BLOCK_TAGS = """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset
    figcaption figure footer form header hr main menu nav ol p pre section summary table tbody
    td tfoot th thead tr ul
"""
_SILENT_TAGS = "head iframe noscript object script style svg template title"
_BLOCKS = frozenset([*_BLOCK_TAGS.split(), *_MARKS])
_SILENT = frozenset(_SILENT_TAGS.split())

_BREAK = "\x1e"
_MAX_SPAN = 200


def to_text(tree: Element) -> str:
    """Return the text of ``tree``: ``# headings``, ``- items`` and ``| rows |``."""
    writer = _TextWriter()
    writer.write(tree)
    return join_blocks(writer.blocks)


def rows_of(table: Element) -> list[list[str]]:
    """Return the texts of a table's cells, row by row.

    A cell that spans several places stands in each, a cell across the whole table once.
    """
    rows = [row for row in table.iter("tr") if _table_of(row) is table]
    grid: list[dict[int, str]] = [{} for _ in rows]
    for number, row in enumerate(rows):
        column = 0
        for cell in row.iterchildren("td", "th"):
            while column in grid[number]:
                column += 1
            text = on_one_line(cell)
            width = _span(cell, "colspan") if len(row) > 1 else 1
            height = _span(cell, "rowspan")
            for below in grid[number : number + height]:
                below.update(dict.fromkeys(range(column, column + width), text))
            column += width
    return [[line.get(i, "") for i in range(max(line, default=-1) + 1)] for line in grid]


def on_one_line(element: Element) -> str:
    """Return an element's text; ``;`` sets off what stood on lines of its own."""
    writer = _TextWriter(in_cell=True)
    writer.write(element)
    return join_lines([line for block in writer.blocks for line in block.split("\n")])


class _TextWriter:
    """Collects blocks; an open line takes inline text until a block begins or ends.

    Within a cell of a table nothing is marked and a table inside is read cell by cell.
    """

    def __init__(self, *, in_cell: bool = False) -> None:
        self.blocks: list[str] = []
        self._in_cell = in_cell
        self._line: list[str] = []
        self._mark = ""

    def write(self, tree: Element) -> None:
        """Write a tree; by events, since pages may nest deeper than calls can."""
        walker = iterwalk(tree, events=("start", "end", "comment", "pi"))
        for event, node in walker:
            if event == "start" and not self._begin(node):
                walker.skip_subtree()
            if event == "end" and node.tag in _BLOCKS:
                self._close()
                self._mark = ""
            if event != "start" and node is not tree:
                self._line.append(node.tail or "")
        self._close()

    def _begin(self, node: Element) -> bool:
        """Begin an element and tell whether what is in it is still to be written."""
        if node.tag in _BLOCKS:
            self._close()
            self._mark = _MARKS.get(node.tag, self._mark)
        if node.tag == "table" and not self._in_cell:
            self._add(fold(node.findtext("caption", "")))
            self._add(table_text(rows_of(node)))
            return False
        if node.tag == "pre":
            self._add("\n".join(filter(None, map(fold, node.text_content().splitlines()))))
            return False
        if node.tag == "br":
            self._line.append(_BREAK)
        if node.tag not in _SILENT:
            self._line.append(node.text or "")
        return node.tag not in _SILENT

    def _close(self) -> None:
        """End the open line."""
        lines = (fold(line) for line in "".join(self._line).split(_BREAK))
        self._line = []
        self._add("\n".join(filter(None, lines)))

    def _add(self, block: str) -> None:
        if block:
            self.blocks.append(block if self._in_cell else self._mark + block)
            self._mark = ""


def _table_of(row: Element) -> Element:
    return next(row.iterancestors("table"))


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() else 1

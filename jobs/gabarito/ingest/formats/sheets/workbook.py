"""Workbooks of Excel (xlsx): the cells that are shown, each as it is shown.

An own walk: python-calamine 0.9 tells no format of a number, and a date that is none costs it the
whole sheet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, Heading, Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.office.drawing import R
from gabarito.ingest.formats.office.package import DAMAGE, Package
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.sheets.cell_formats import CellFormats
from gabarito.ingest.formats.sheets.sheet_drawings import SheetDrawings
from gabarito.ingest.formats.sheets.sheet_rows import Area, SheetRows
from gabarito.ingest.outcomes import Dropped

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

_VALUE = f"{S}v"
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character by its number; the one that begins such a code is written so itself."""

_ON = frozenset({"1", "true"})


def workbook_blocks(package: Package, drawings: SheetDrawings, most_cells: int) -> Iterator[Block]:
    """Yield a heading and a table for each sheet that is shown, then what is drawn on it.

    Raises:
        Dropped: if it is no workbook.
    """
    tally = drawings.tally
    main = next(iter(package.related("", "officeDocument")), "xl/workbook.xml")
    root = package.xml(main)
    if root is None or root.tag != f"{S}workbook":
        raise Dropped(IngestReason.UNREADABLE, "is not a workbook")
    relations = package.relations(main)
    reader = _Reader(package, root, main, tally)
    left = most_cells
    for about in root.iter(f"{S}sheet"):
        relation = relations.get(about.get(f"{R}id", ""))
        name = about.get("name", "")
        rows = SheetRows(max(left, 0))
        if relation is None:
            tally.count(Omission.DAMAGED, 1, f"sheet {name}")
            continue
        if relation.kind == "worksheet":
            try:
                reader.read(relation.target, rows)
            except DAMAGE as error:  # what came before is read
                tally.count(Omission.DAMAGED, 1, f"sheet {name}: {error}")
        if about.get("state", "visible") != "visible":
            tally.add(Omission.HIDDEN, rows.words())
        else:
            left -= rows.cells
            table = rows.table(tally)
            drawn = list(drawings.blocks(relation.target))
            if table or drawn:
                yield Heading(1, name)
            yield from [table] if table else []
            yield from drawn


@dataclass(frozen=True)
class _Cell:
    """What a cell says, and whether it is shown."""

    text: str
    is_hidden: bool = False


class _Reader:
    """Reads the sheets of a workbook."""

    def __init__(self, package: Package, root: Element, main: str, tally: Tally) -> None:
        self._package = package
        self._tally = tally
        about = root.find(f"{S}workbookPr")
        is_1904 = about is not None and about.get("date1904") in _ON
        styles = package.related(main, "styles")
        self._formats = CellFormats(package.xml(styles[0]) if styles else None, is_1904=is_1904)
        shared = package.related(main, "sharedStrings")
        self._shared = list(self._texts(shared[0])) if shared else []

    def _texts(self, name: str) -> Iterator[str]:
        for node in _elements(self._package.data(name), f"{S}si"):
            yield _text(node)

    def read(self, name: str, rows: SheetRows) -> None:
        """Read the cells of a sheet; what is hidden, merged or has no value is told apart."""
        tags = tuple(S + kind for kind in ("row", "col", "mergeCell"))
        at = -1
        for node in _elements(self._package.data(name), *tags):
            if node.tag == f"{S}row":
                at = _number(node.get("r", ""), at + 2) - 1
                self._row(node, at, rows)
            elif node.tag == f"{S}mergeCell":
                corners = [_place(corner) for corner in node.get("ref", "").split(":")]
                rows.merge(Area.of([corner for corner in corners if corner]))
            elif node.get("hidden") in _ON:
                first, last = (_number(node.get(end, ""), 0) - 1 for end in ("min", "max"))
                rows.hide_columns(first, last)

    def _row(self, row: Element, at: int, rows: SheetRows) -> None:
        is_hidden = row.get("hidden") in _ON
        column = -1
        for node in row.iterchildren(f"{S}c"):
            place = _place(node.get("r", ""))
            column = place[1] if place else column + 1
            cell = self._cell(node)
            if cell.is_hidden or is_hidden:
                self._tally.add(Omission.HIDDEN, cell.text)
            elif cell.text:
                rows.put(at, column, cell.text)

    def _cell(self, node: Element) -> _Cell:
        kind = node.get("t", "n")
        first = next(iter(node), None)  # most cells hold their value, and nothing else
        is_value = first is not None and first.tag == _VALUE
        value: str | None = node.findtext(_VALUE) if first is None or not is_value else first.text
        if kind == "inlineStr":
            inside = node.find(f"{S}is")
            value = None if inside is None else _text(inside)
        if not value:
            if (formula := node.find(f"{S}f")) is not None and value is None:
                self._tally.count(Omission.FORMULA, 1, formula.text or node.get("r", ""))
            return _Cell("")
        if kind == "s":
            at = _number(value, -1)
            value = self._shared[at] if 0 <= at < len(self._shared) else ""
        style = _number(node.get("s", ""), 0)
        shown = self._formats.shown(value, kind, style)
        return _Cell(shown) if shown or not value.strip() else _Cell(value, is_hidden=True)


def _elements(data: bytes, *tags: str) -> Iterator[Element]:
    """Yield elements one by one, and forget each and what is before it."""
    for _, node in etree.iterparse(BytesIO(data), tag=tags, resolve_entities=False):
        yield node
        node.clear()
        while node.getprevious() is not None:
            del node.getparent()[0]


def _text(node: Element) -> str:
    """Return a text, whose runs have formats of their own; how it is spoken is no part of it."""
    parts = []
    for text in node.iter(f"{S}t"):
        if text.getparent().tag != f"{S}rPh":
            parts.append(text.text or "")
    return _CODE.sub(lambda code: chr(int(code[1], 16)), "".join(parts))


def _number(text: str, default: int) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(2**31))
    return int(text) if is_number else default


def _place(reference: str) -> tuple[int, int] | None:
    """Return the row and the column of a reference such as ``B3``, counted from 0."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1

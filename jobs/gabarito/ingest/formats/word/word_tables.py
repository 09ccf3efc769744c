"""Tables of Word: cells that span places, bounded by the table as it stands."""

from collections.abc import Callable, Iterable, Iterator

from gabarito.ingest.blocks import Block, Note, Omission, Table
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.office.grid import Grid, Repeats, frozen
from gabarito.ingest.formats.office.tally import Tally, lines_of
from gabarito.ingest.formats.word.word_blocks import parts
from gabarito.ingest.formats.word.word_styles import W, is_on, number, val
from gabarito.ingest.formats.word.word_text import words_of
from gabarito.ingest.page import join_lines


class Tables:
    """Reads the tables of a document; ``read_cell`` yields the blocks in a cell."""

    def __init__(
        self, read_cell: Callable[[Iterable[Element]], Iterator[Block]], tally: Tally
    ) -> None:
        self._blocks = read_cell
        self._tally = tally
        self._repeats = Repeats()
        self._tables_open = 0

    def read(self, table: Element) -> Iterator[Block]:
        """Yield a table, then the notes that its cells refer to."""
        rows = [row for row in parts(table, "tr") if not self._is_gone(row)]
        cells = [list(parts(row, "tc")) for row in rows]
        grid_columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        width = max([grid_columns, *map(len, cells)])
        # In a table within a cell nothing stands twice: repeats of repeats would have no bound.
        grid = Grid(width, Repeats(0, 0) if self._tables_open else self._repeats)
        notes: list[Note] = []
        self._tables_open += 1
        for row, row_cells in zip(rows, cells, strict=True):
            grid.begin_row()
            before = number(val(row.find(f"{W}trPr"), "gridBefore"), 0) or 0
            grid.skip(before)
            for cell in row_cells:
                blocks = list(self._blocks(cell))
                notes += [block for block in blocks if isinstance(block, Note)]
                self._place(cell, join_lines(lines_of(blocks)), grid)
            grid.end_row(is_one_cell=len(row_cells) == 1 and not before)
        self._tables_open -= 1
        yield Table(frozen(grid.rows))
        yield from notes

    def _is_gone(self, row: Element) -> bool:
        about = row.find(f"{W}trPr")
        is_deleted = about is not None and about.find(f"{W}del") is not None
        if is_deleted or is_on(about, "hidden"):
            self._tally.add(Omission.DELETED if is_deleted else Omission.HIDDEN, words_of(row))
            return True
        return False

    def _place(self, cell: Element, text: str, grid: Grid) -> None:
        about = cell.find(f"{W}tcPr")
        across = number(val(about, "gridSpan"), 1) or 1
        merged = about.find(f"{W}vMerge") if about is not None else None
        if merged is not None and merged.get(f"{W}val", "continue") == "continue":
            text = text or grid.above(len(grid.rows[-1]))
        grid.place(text, across)

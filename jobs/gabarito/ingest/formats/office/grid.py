"""Rows of a table whose cells may span several places, bounded by what really stands there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_REPEATED_CHARS = 1_000_000
MAX_CELLS = 1_000_000


@dataclass
class Repeats:
    """How much of a document may stand for a second time, in places its cells span."""

    chars: int = MAX_REPEATED_CHARS
    cells: int = MAX_CELLS

    def allow(self, text: str) -> bool:
        """Tell whether a cell's text may stand in one more place, and take account of it."""
        self.chars -= len(text)
        self.cells -= 1
        return self.chars >= 0 and self.cells >= 0


@dataclass
class Grid:
    """A table being read, row by row; no cell reaches beyond ``width`` or the rows there are.

    A cell that is alone in its row and spans it counts once.
    """

    width: int
    repeats: Repeats
    rows: list[list[str]] = field(default_factory=list)
    _open: dict[int, tuple[int, str]] = field(default_factory=dict)

    def begin_row(self) -> None:
        """Begin a row."""
        self.rows.append([])

    def skip(self, places: int) -> None:
        """Leave places of the row empty."""
        row = self.rows[-1]
        for _ in range(min(places, self.width - len(row))):
            if self.repeats.allow(""):
                row.append("")

    def place(self, text: str, across: int = 1, down: int = 1) -> None:
        """Put a cell into the next free place."""
        self._fill_from_above()
        row = self.rows[-1]
        at = len(row)
        for place in range(at, at + max(1, min(across, self.width - at))):
            if place > at and not self.repeats.allow(text):
                break
            row.append(text)
            if down > 1:
                self._open[place] = (down - 1, text)

    def end_row(self, *, is_one_cell: bool = False) -> None:
        """End the row; if it holds one cell only, this stands there once."""
        self._fill_from_above()
        if is_one_cell:
            del self.rows[-1][1:]

    def above(self, column: int) -> str:
        """Return the text over a place of the row, where there is one."""
        row = self.rows[-2] if len(self.rows) > 1 else ()
        text = row[column] if column < len(row) else ""
        return text if self.repeats.allow(text) else ""

    def _fill_from_above(self) -> None:
        row = self.rows[-1]
        while (at := len(row)) in self._open:
            left, text = self._open.pop(at)
            if left > 1:
                self._open[at] = (left - 1, text)
            row.append(text if self.repeats.allow(text) else "")


def frozen(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return rows as a table keeps them."""
    return tuple(map(tuple, rows))

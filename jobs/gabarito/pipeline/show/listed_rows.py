"""Rows of what a run made, and which of them are asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gabarito.core.forms import comparable

Cell = str | int | float | tuple[str, ...]
Row = Mapping[str, Cell]


@dataclass(frozen=True)
class Listing:
    """Rows of one kind; ``columns`` are those that people look at first, the rest are for data."""

    what: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    """How many rows there were before any was left out."""

    @classmethod
    def of(cls, what: str, columns: tuple[str, ...], rows: Iterable[Row]) -> "Listing":
        """Make a listing of all rows that there are."""
        listed = tuple(rows)
        return cls(what, columns, listed, len(listed))

    def matching(self, document: str = "", text: str = "", reason: str = "") -> "Listing":
        """Return the rows about a document, with a text in any cell, or dropped for a reason.

        A document is named by its id or a part of its source or title. Case and the form of
        quotation marks and dashes do not count.
        """
        wanted = [
            ({"document", "source", "title", "item"}, document),
            (None, text),
            ({"reason"}, reason),
        ]
        rows = self.rows
        for cells, needle in wanted:
            if needle:
                rows = tuple(row for row in rows if _holds(row, needle, cells))
        return Listing(self.what, self.columns, rows, self.total)


def _holds(row: Row, needle: str, cells: set[str] | None) -> bool:
    sought = comparable(needle).text
    texts = (shown(value) for name, value in row.items() if cells is None or name in cells)
    return any(sought in comparable(text).text for text in texts)


def shown(value: Cell) -> str:
    """Return one cell as text."""
    if isinstance(value, tuple):
        return "; ".join(value)
    return f"{value:.1f}" if isinstance(value, float) else str(value)

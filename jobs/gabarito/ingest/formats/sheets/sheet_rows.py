"""The cells of a sheet that hold something, bounded by what really stands there."""

from collections.abc import Sequence
from dataclasses import dataclass

from gabarito.ingest.blocks import Omission, Table
from gabarito.ingest.formats.office.tally import Tally

MAX_PLACES = 5_000_000
"""Most places of a table as it is written: a sheet may have one cell in each row and column."""

MAX_COLUMNS = 16_384
_MAX_HIDDEN = 1_000_000


@dataclass(frozen=True)
class Area:
    """Places of a sheet that are one cell; both corners are within it, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of(cls, corners: Sequence[tuple[int, int]]) -> "Area | None":
        """Return the area between two corners, if there are two."""
        if len(corners) != 2:
            return None
        rows, columns = zip(*corners, strict=True)
        return cls(min(rows), min(columns), max(rows), max(columns))


class SheetRows:
    """Cells by their row and column; at most ``most`` of them are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: dict[int, dict[int, str]] = {}
        self._beyond = Tally()
        self._hidden_columns: set[int] = set()
        self._areas: list[Area] = []
        self._hidden_left = _MAX_HIDDEN
        self.cells = 0

    @property
    def is_full(self) -> bool:
        """Tell whether no more cells are kept."""
        return self.cells >= self._most

    def put(self, row: int, column: int, text: str) -> None:
        """Put a text into a cell."""
        if self.is_full:
            self._beyond.add(Omission.TOO_LARGE, text)
            return
        self.cells += 1
        self._rows.setdefault(row, {})[column] = text

    def merge(self, area: Area | None) -> None:
        """Take account of places that are one cell."""
        if area:
            self._areas.append(area)

    def hide_columns(self, first: int, last: int) -> None:
        """Take account of columns that are not shown."""
        columns = range(max(first, 0), min(last + 1, MAX_COLUMNS))
        self._hidden_left -= len(columns)
        if self._hidden_left >= 0:
            self._hidden_columns.update(columns)

    def words(self) -> str:
        """Return all that stands in the sheet."""
        return " ".join(text for row in self._rows.values() for text in row.values())

    def table(self, tally: Tally) -> Table | None:
        """Return the cells that are shown as a table, nothing where there are none.

        A merged cell stands in each of its places; one across a whole row stands there once.
        """
        self._fill()
        for row in self._rows.values():
            for column in self._hidden_columns & row.keys():
                tally.add(Omission.HIDDEN, row.pop(column))
        for one in self._beyond.left_out():
            tally.count(one.why, one.words, one.sample)
        rows = [row for _, row in sorted(self._rows.items()) if row]
        columns = sorted({column for row in rows for column in row})
        if len(rows) * len(columns) > MAX_PLACES:
            tally.add(Omission.TOO_LARGE, self.words())
            return None
        table = Table(tuple(tuple(row.get(at, "") for at in columns) for row in rows))
        return table if rows else None

    def _fill(self) -> None:
        used = {column for row in self._rows.values() for column in row}
        first, last, end = min(used, default=0), max(used, default=0), max(self._rows, default=0)
        left = self._most
        for area in self._areas:
            text = self._rows.get(area.top, {}).get(area.left, "")
            if not text or (area.left <= first and area.right >= last):
                continue
            rows = range(area.top, min(area.bottom, end) + 1)
            columns = range(area.left, min(area.right, last) + 1)
            left -= len(rows) * (len(columns) + len(text))
            if left < 0:
                break
            for row in filter(None, map(self._rows.get, rows)):
                for column in columns:
                    row.setdefault(column, text)

"""The strips of a page that no text crosses, and which of them has columns on its sides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from gabarito.ingest.formats.pdf.rows import PIECE_GAP, Row

MAX_GUTTERS = 48
"""So many free strips are followed down a page at once."""

MIN_COLUMN_ROWS = 3

_FAR = 1e6
_MANY_ROWS = 20
_ONE_LINE = 0.04
"""Cells of a row stand on one line up to this, in parts of the size, or all as far off it."""
_MOST_ON_LINE = 0.8
"""Of 36 long tables and pages that nobody here made, tables have all of their rows on one line,
and columns that are no prose, such as those of reference cards, at most 0.76 of them."""


@dataclass
class Gutter:
    """A strip free of text that goes down over rows."""

    left: float
    right: float
    first: int
    last: int
    lefts: int = 0
    rights: int = 0
    both: int = 0
    is_between_columns: bool = False
    """The lines on its two sides are known to have nothing to do with each other."""

    @property
    def score(self) -> float:
        """How much text it parts: lines on the side that has fewer; then how wide it is."""
        return min(self.lefts, self.rights) + min(self.right - self.left, 200) / 1000

    @property
    def middle(self) -> float:
        """Where it parts the text."""
        return (self.left + self.right) / 2


def best_gutter(rows: Sequence[Row]) -> Gutter | None:
    """Return the strip with most text on both of its sides."""
    best: Gutter | None = None
    active: list[Gutter] = []
    for at, row in enumerate(rows):
        followed: dict[tuple[float, float], Gutter] = {}
        for gutter in [*active, Gutter(-_FAR, _FAR, at, at)]:
            for new in _through(gutter, row, at):
                key = (round(new.left, 1), round(new.right, 1))
                if key not in followed or followed[key].score < new.score:
                    followed[key] = new
        active = sorted(followed.values(), key=lambda gutter: -gutter.score)[:MAX_GUTTERS]
        for gutter in active:
            if _counts(gutter) and (best is None or gutter.score > best.score):
                best = gutter
    return _between_columns(_to_its_end(best, rows), rows) if best else None


def _to_its_end(gutter: Gutter, rows: Sequence[Row]) -> Gutter:
    """Follow a strip down to where text crosses it, though only one side goes on."""
    for at in range(gutter.last + 1, len(rows)):
        further = list(_through(gutter, rows[at], at))
        if not further:
            break
        gutter = max(further, key=lambda new: new.right - new.left)
    return gutter


def _between_columns(gutter: Gutter, rows: Sequence[Row]) -> Gutter:
    """Return, of the strips through the same rows, one whose sides have lines of their own."""
    inside = rows[gutter.first : gutter.last + 1]
    least, best = _MOST_ON_LINE, gutter
    for left, right in _free_strips(inside):
        share = _on_one_line(inside, (left + right) / 2)
        if share < least:
            least = share
            best = replace(gutter, left=left, right=right, is_between_columns=True)
    return best


def _free_strips(rows: Sequence[Row]) -> Iterator[tuple[float, float]]:
    """Yield the strips between the texts of rows that all of them leave free."""
    pieces = sorted((piece for row in rows for piece in row), key=lambda piece: piece.x0)
    end = pieces[0].x1
    for piece in pieces:
        if piece.x0 - end > PIECE_GAP * piece.size:
            yield end, piece.x0
        end = max(end, piece.x1)


def _on_one_line(rows: Sequence[Row], middle: float) -> float:
    """Return the share of rows with text on both sides whose sides stand on one line."""
    sides = ((side_of(row, middle, is_left=True), row) for row in rows)
    pairs = [(left[-1], row[len(left)]) for left, row in sides if left and len(left) < len(row)]
    if len(pairs) < _MANY_ROWS:
        return 1.0
    steps = [(right.y - left.y) / min(left.size, right.size) for left, right in pairs]
    usual = median(steps)
    return sum(abs(step - usual) < _ONE_LINE for step in steps) / len(steps)


def _counts(gutter: Gutter) -> bool:
    is_in_rows = gutter.both >= 2
    return is_in_rows or min(gutter.lefts, gutter.rights) >= MIN_COLUMN_ROWS


def _through(gutter: Gutter, row: Row, at: int) -> Iterator[Gutter]:
    """Yield what of a strip stays free in the next row."""
    edges = [-_FAR, *(edge for piece in row for edge in (piece.x0, piece.x1)), _FAR]
    least = PIECE_GAP * min(piece.size for piece in row)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        low, high = max(left, gutter.left), min(right, gutter.right)
        if high - low < least:
            continue
        on_left, on_right = left > -_FAR, right < _FAR
        yield Gutter(
            low, high, gutter.first, at, gutter.lefts + on_left, gutter.rights + on_right,
            gutter.both + (on_left and on_right),
        )  # fmt: skip


def side_of(row: Row, middle: float, *, is_left: bool) -> Row:
    """Return what of a row stands on one side of a place."""
    return tuple(piece for piece in row if (piece.x0 < middle) == is_left)

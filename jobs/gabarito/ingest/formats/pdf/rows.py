"""Words with boxes as the rows of a page: pieces of text that stand on one line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from gabarito.ingest.formats.pdf.letters.pdf_fonts import is_from_right
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.reading.raised import subscript, superscript

PIECE_GAP = 0.85
"""A gap wider than this, in parts of the size, may part columns."""

_SAME_LINE = 0.3
_SPACE = 0.13


class Piece(NamedTuple):
    """Words beside each other; ``y`` grows upwards. ``style`` is of most of its letters.

    ``is_rtl`` tells that it is read from right to left.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    style: int = 0
    is_rtl: bool = False
    is_marked: bool = False
    """It begins with raised letters."""


Row = tuple[Piece, ...]


def rows_of(words: Iterable[Word]) -> list[Row]:
    """Return the rows of a page from top to bottom, each from left to right."""
    ordered = sorted(_once(words), key=lambda word: -word.y)
    lines: list[list[Word]] = []
    for word in ordered:
        if lines and lines[-1][0].y - word.y <= _SAME_LINE * min(word.size, lines[-1][0].size):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [tuple(_pieces(sorted(line, key=lambda word: word.x0))) for line in lines]


def _once(words: Iterable[Word]) -> Iterator[Word]:
    """Yield words, without those printed twice at one place to look heavier."""
    seen: set[tuple[str, int, int]] = set()
    for word in words:
        step = 0.25 * word.size
        x, y = int(word.x0 / step), int(word.y / step)
        near = {(word.text, x + a, y + b) for a in (-1, 0, 1) for b in (-1, 0, 1)}
        if not near & seen:
            yield word
        seen.add((word.text, x, y))


def _pieces(line: Sequence[Word]) -> Iterator[Piece]:
    gaps = [right.x0 - left.x1 for left, right in pairwise(line)]
    named = [word for word in line if word.text[0].isalnum()]
    single = sum(len(word.text) == 1 for word in named)
    is_wide = len(named) >= 6 and single >= 0.85 * len(named) and not _is_figures(named)
    letter_gap = 1.5 * median(gaps) if is_wide and gaps else 0.0
    run = [line[0]]
    for word, gap in zip(line[1:], gaps, strict=True):
        size = max(word.size, run[-1].size)
        if gap > max(PIECE_GAP * size, letter_gap):
            yield _piece(run, letter_gap)
            run = [word]
        else:
            run.append(word)
    yield _piece(run, letter_gap)


def _is_figures(words: Sequence[Word]) -> bool:
    return sum(word.text.isdigit() for word in words) > len(words) / 2


def _piece(words: Sequence[Word], letter_gap: float) -> Piece:
    is_rtl = sum(map(_direction, words)) < 0
    ordered = list(_read_from_right(words)) if is_rtl else words
    parts: list[str] = []
    before: Word | None = None
    for at, word in enumerate(ordered):
        is_mark = before is ordered[0] and before.rise > 0
        if before is not None and (is_mark or _is_apart(before, word, letter_gap)):
            parts.append(" ")
        is_within = word.rise and _is_within_word(ordered[max(at - 1, 0) : at + 2])
        parts.append(word.text if is_within else _shown(word, "".join(parts[-1:])))
        before = word
    first = words[0]
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[word.size] += len(word.text) if not word.rise else 0
    letters = sum(len(word.text) for word in words)
    style = 0
    for bit in (1, 2):
        if sum(len(word.text) for word in words if word.font.style & bit) > 0.6 * letters:
            style |= bit
    return Piece(
        "".join(parts), first.x0, max(word.x1 for word in words), first.y,
        max(sizes, key=lambda size: sizes[size]), style, is_rtl, first.rise > 0,
    )  # fmt: skip


def _shown(word: Word, before: str) -> str:
    if not word.rise or not before or before == " ":
        return word.text
    return superscript(word.text, before) if word.rise > 0 else subscript(word.text, before)


def _is_within_word(words: Sequence[Word]) -> bool:
    """Tell whether a raised capital goes into its neighbours, as in the name of LaTeX."""
    if len(words) < 3 or not all(word.text.isalpha() for word in words):
        return False
    left, raised, right = words
    edges = left.x1 - raised.x0, raised.x1 - right.x0
    is_close = max(edges) > 0.1 * left.size and min(edges) > -0.05 * left.size
    return raised.text.isupper() and len(raised.text) == 1 and is_close


def _is_apart(left: Word, right: Word, letter_gap: float) -> bool:
    if left.x0 > right.x0:
        left, right = right, left
        is_spaced = left.is_spaced or right.is_spaced
    else:
        is_spaced = right.is_spaced
    gap = right.x0 - left.x1
    if letter_gap:
        return gap > letter_gap
    size = max(left.size, right.size)
    if gap < -0.5 * size:  # one printed over the other
        return True
    if right.rise or left.rise:
        return gap > 0.5 * size or (is_spaced and gap > 0.12 * size and not right.rise)
    return gap > _SPACE * size or (is_spaced and gap > -0.1 * size)


def _direction(word: Word) -> int:
    if any(map(is_from_right, word.text[:4])):
        return -1
    return int(any(map(str.isalpha, word.text[:4])))


def _read_from_right(words: Sequence[Word]) -> Iterator[Word]:
    """Yield words from right to left; those of the other direction keep their own order."""
    run: list[Word] = []
    for word in reversed(words):
        if _direction(word) < 0:
            yield from reversed(run)
            run = []
            yield word
        else:
            run.append(word)
    yield from reversed(run)

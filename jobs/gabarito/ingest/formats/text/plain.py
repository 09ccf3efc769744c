"""Plain text: paragraphs and their lines; lines are joined where a program has broken them."""

import re
from collections.abc import Sequence

from gabarito.ingest.blocks import Block, BlockPage, Paragraph, Table
from gabarito.ingest.page import Hints, tidy
from gabarito.ingest.reading.decode import decode_counted

MIN_WIDTH, MAX_WIDTH = 50, 110
"""Lengths of lines at which programs break them; poems and addresses have shorter ones."""

_BLANK = re.compile(r"\n\s*\n")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_OWN_LINE = re.compile(
    r"\s|[-*+•·–—>|#]\s|\(?(?:\d{1,4}|[A-Za-z]|[ivxlcIVXLC]{1,5})[.)]\s|[=_~^*-]{3,}"
)
_GAP = re.compile(r"\t+|[^\S\n]{2,}")
_CELLS = re.compile(r"\t|[^\S\n]{2,}")
_WORD = re.compile(r"\w+")
_PARTED = re.compile(r"-(?<=\w-)[^\S\n]*\n")
_SPLIT_WORD = re.compile(r"(\w+)-$")
_FEWEST_ROWS = 2


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the paragraphs of a text as they stand."""
    text, decoded_again = decode_counted(data, hints)
    return BlockPage(blocks_of_text(text), decoded_again=decoded_again)


def blocks_of_text(text: str) -> list[Block]:
    """Return paragraphs, and what is set in columns as tables."""
    text = _LINE_ENDS.sub("\n", text)
    is_parted = _PARTED.search(text)
    words = (
        frozenset(word[0] for word in _WORD.finditer(text.lower())) if is_parted else frozenset()
    )
    paragraphs = (part.strip("\n").split("\n") for part in _BLANK.split(text))
    return [_block(lines, words) for lines in paragraphs if any(map(str.strip, lines))]


def _block(lines: Sequence[str], words: frozenset[str]) -> Block:
    rows = [tuple(_CELLS.split(line.strip(" \n"))) for line in lines]
    columns = {len(row) for row in rows}
    if len(rows) >= _FEWEST_ROWS and len(columns) == 1 and min(columns) > 1:
        return Table(tuple(rows))
    return Paragraph(_joined(lines, words) if _is_wrapped(lines) else "\n".join(lines))


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether each line ends because the next word had no room, and words run on below."""
    lines = [line.rstrip() for line in lines]
    width = max(map(len, lines))
    if len(lines) < _FEWEST_ROWS or not MIN_WIDTH <= width <= MAX_WIDTH:
        return False
    below = lines[1:]
    if any(_OWN_LINE.match(line) or _GAP.search(line) for line in (lines[0].lstrip(), *below)):
        return False
    full = (
        len(line) + 1 + len(after.split()[0]) > width
        for line, after in zip(lines[:-1], below, strict=True)
    )
    return all(full) and any(line[0].islower() for line in below)


def _joined(lines: Sequence[str], words: frozenset[str]) -> str:
    """Return lines as one; a word parted at a line's end is whole where the text has it whole."""
    pieces: list[str] = []
    for line in filter(None, map(tidy, lines)):
        parted = _SPLIT_WORD.search(pieces[-1]) if pieces else None
        if parted and line[:1].islower():
            rest = _WORD.match(line)
            if rest and f"{parted[1]}{rest[0]}".lower() in words:
                pieces[-1] = pieces[-1][:-1]
        elif pieces:
            pieces.append(" ")
        pieces.append(line)
    return "".join(pieces)

"""A page: what a reader of one format makes of a file's bytes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MAX_TITLE_CHARS = 120

_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATES_AND_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Page:
    """Main text of a file; title and address are empty where the file names none."""

    text: str
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class Hints:
    """What a reader is told beside the bytes."""

    encoding: str | None = None
    languages: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Return ``text`` composed (NFC), with plain line ends and spaces, no invisible signs."""
    text = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text).translate(_INVISIBLE))
    text = _SURROGATES_AND_CONTROLS.sub("", text)
    lines = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fold(text: str) -> str:
    """Return ``text`` on one line."""
    return " ".join(text.split())


def heading_of(text: str) -> str:
    """Return the first line of ``text`` if it can be a title, else an empty text."""
    line = text.split("\n", 1)[0].lstrip("#").strip()
    is_title = 0 < len(line) <= MAX_TITLE_CHARS and not line.startswith(("|", "- "))
    return line if is_title and not line.endswith((".", ":", ";", ",")) else ""


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as ``| a | b |`` lines, without its empty rows and columns."""
    width = max((len(row) for row in rows), default=0)
    cells = [[fold(cell).replace("|", "/") for cell in row] for row in rows]
    columns = [at for at in range(width) if any(row[at] for row in cells if at < len(row))]
    lines = (_cells_at(columns, row) for row in cells if any(row))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells_at(columns: Sequence[int], row: Sequence[str]) -> list[str]:
    """Return the cells of the columns that hold something; a short row stays short."""
    return [row[column] for column in columns if column < len(row)]


def join_blocks(blocks: Sequence[str]) -> str:
    """Join blocks by blank lines; items of one list follow each other without."""
    parts = list(blocks[:1])
    for above, block in pairwise(blocks):
        is_list = above.startswith("- ") and block.startswith("- ")
        parts += ["\n" if is_list else "\n\n", block]
    return "".join(parts)


def join_lines(lines: Sequence[str]) -> str:
    """Return the lines of a cell as one; ``;`` parts those that end without a sign."""
    folded = filter(None, map(fold, lines))
    return "".join(line + (" " if line[-1] in ",;:" else "; ") for line in folded).rstrip("; ")

"""A page: what a reader of one format makes of a file's bytes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gabarito.core.forms import normalise_forms
from gabarito.ingest.sources import FilesSource

MAX_TITLE_CHARS = 120
_BEGINNING = 4000
"""Signs of a text in which its title is looked for."""

_PIECE_CHARS = 500_000
_CUT = re.compile(r"(?<![-\u2010\u2011\s])\s+")
"""White space at which a text may be cut: a hyphen joins what follows."""

_SPACES = re.compile(r"(?:[^\S\n ]| (?=[^\S\n]))[^\S\n]*")
"""White space within a line that is more than one space, or another."""

_BLANK_LINES = re.compile(r"\n{3,}")
_PICTURES = re.compile(r"\[picture: [^\]\n]*\]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATES_AND_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class OcrHints:
    """In which languages pictures are read, and how long the whole file may take."""

    languages: tuple[str, ...]
    wall_s: float


@dataclass(frozen=True)
class Beside:
    """Where the pictures of a saved page lie: in files below its own folder.

    ``below`` is the path of that folder below the source, whose patterns hold for them, too.
    """

    folder: str
    below: str
    source: FilesSource


@dataclass(frozen=True)
class Hints:
    """What a reader is told beside the bytes."""

    encoding: str | None = None
    languages: tuple[str, ...] = ()
    ocr: OcrHints | None = None
    """None where pictures are not read."""
    beside: Beside | None = None
    """None where a file stands alone."""


def tidy(text: str) -> str:
    """Return ``text`` in its forms as documents have them, with plain line ends and spaces."""
    text = normalise_forms(_SURROGATES_AND_CONTROLS.sub("", _LINE_ENDS.sub("\n", text)))
    lines = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fold(text: str) -> str:
    """Return ``text`` on one line."""
    return " ".join(text.split())


def heading_of(text: str) -> str:
    """Return the first line of ``text`` if it can be a title, else an empty text.

    Pictures before it, such as a logo, are passed over; the sign that escapes a line is no word.
    """
    plain = _PICTURES.sub("", text[:_BEGINNING]).lstrip()
    line = plain.split("\n", 1)[0].removeprefix("\\").lstrip("#").strip()
    is_title = 0 < len(line) <= MAX_TITLE_CHARS and not line.startswith(("|", "- ", "```"))
    return line if is_title and not line.endswith((".", ":", ";", ",")) else ""


def pieces_of(text: str) -> Iterator[str]:
    """Yield a text in pieces of some size, so that a long one never stands in memory as words."""
    start = 0
    while len(text) - start > 2 * _PIECE_CHARS:
        cut = _CUT.search(text, start + _PIECE_CHARS, start + 2 * _PIECE_CHARS)
        end = cut.end() if cut else start + 2 * _PIECE_CHARS
        yield text[start:end]
        start = end
    yield text[start:]


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as ``| a | b |`` lines, without its empty rows and columns.

    A short row stays short.
    """
    width = max((len(row) for row in rows), default=0)
    cells = [[fold(tidy(cell)).replace("|", r"\|") for cell in row] for row in rows]
    columns = [at for at in range(width) if any(row[at] for row in cells if at < len(row))]
    lines = ([row[at] for at in columns if at < len(row)] for row in cells if any(row))
    return "\n".join("|" + "".join(f" {cell}".rstrip() + " |" for cell in line) for line in lines)


def join_lines(lines: Sequence[str]) -> str:
    """Return the lines of a cell as one; ``;`` parts those that end without a sign."""
    folded = filter(None, map(fold, lines))
    return "".join(line + (" " if line[-1] in ",;:" else "; ") for line in folded).rstrip("; ")

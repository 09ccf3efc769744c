"""What a document is made of, as its reader found it: blocks in the order they are read in.

A reader of a format yields blocks, never text; ``block_text.py`` alone writes them as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from gabarito.core.text import in_number

SAMPLE_CHARS = 80
"""How much of what was left out is shown."""


@dataclass(frozen=True)
class Heading:
    """A heading; ``level`` is 1 for the highest."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Text that runs on; a line feed in it is one that a reader sees."""

    text: str


@dataclass(frozen=True)
class Item:
    """An item of a list: ``marker`` is the document's own (``3.``, ``(iv)``, ``§ 5``) or ``-``.

    ``depth`` is 0 for the outermost list. What follows in the same item, such as a second
    paragraph, is an item with an empty marker.
    """

    text: str
    depth: int = 0
    marker: str = "-"


@dataclass(frozen=True)
class Code:
    """Text that is verbatim: its spaces and line ends are meant."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells; a cell that spans several places stands in each."""

    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Quote:
    """Words of somebody else, set off from the text."""

    text: str


@dataclass(frozen=True)
class Note:
    """A footnote or endnote, right after the block that refers to it."""

    text: str
    marker: str = ""


@dataclass(frozen=True)
class PictureText:
    """What is written in a picture, as OCR read it; it stands where the picture stands.

    It is text as it is rendered: a table in it stands in lines between ``|``.
    """

    text: str


Block: TypeAlias = Heading | Paragraph | Item | Code | Table | Quote | Note | PictureText


class Omission(StrEnum):
    """What was not taken into a document, and why."""

    NAVIGATION = "navigation"
    REPEATED = "repeated on the pages of a document or site"
    AROUND = "outside of the main text"
    HIDDEN = "hidden"
    DELETED = "deleted text"
    COMMENT = "comments"
    FORMULA = "formulas that could not be read"
    PICTURE = "pictures without a text"
    SCANNED = "pages without a text layer"
    OCR_FAILED = "pages or pictures that OCR could not read"
    DAMAGED = "pages or parts that could not be read"
    EMBEDDED = "embedded files"
    OTHER_FORM = "in another form of the same message alone"
    TOO_LARGE = "cells beyond the most that are read"


IN_PIECES = frozenset(
    {
        Omission.FORMULA,
        Omission.PICTURE,
        Omission.SCANNED,
        Omission.OCR_FAILED,
        Omission.DAMAGED,
        Omission.EMBEDDED,
    }
)
"""What is counted in pieces, and not in words."""


def counted(why: str, number: int, *, is_words: bool) -> str:
    """Say how much was left out, and why: ``7 words, navigation`` or ``1 embedded file``."""
    return f"{number:,} " + (
        f"{in_number(number, 'words')}, {why}" if is_words else in_number(number, why)
    )


@dataclass(frozen=True)
class LeftOut:
    """Something that was left out or not read.

    ``words`` is how many words it has, or how many pieces it is where it has no words that
    could be read; ``sample`` is its beginning.
    """

    why: Omission
    words: int
    sample: str = ""

    @property
    def said(self) -> str:
        """How much was left out, and why, in words."""
        return counted(self.why, self.words, is_words=self.why not in IN_PIECES)

    @classmethod
    def of(cls, why: Omission, text: str) -> "LeftOut":
        """Return the account of a text that was left out."""
        words = text.split()
        return cls(why, len(words), " ".join(words)[:SAMPLE_CHARS])


@dataclass(frozen=True)
class ReadByOcr:
    """What of a file was read of pictures: it is less certain than what was written.

    ``confidence`` is the program's own, a mean over the words. ``doubtful`` names the pages and
    pictures of which it is not sure.
    """

    pieces: int = 0
    words: int = 0
    confidence: float = 0.0
    doubtful: tuple[str, ...] = ()

    def with_one(
        self, name: str, words: int, confidence: float, *, is_doubtful: bool
    ) -> "ReadByOcr":
        """Return the account with one more page or picture, of at least one word."""
        both = self.words + words
        mean = (self.confidence * self.words + confidence * words) / both
        doubtful = (*self.doubtful, name) if is_doubtful else self.doubtful
        return ReadByOcr(self.pieces + 1, both, mean, doubtful)

    def with_all(self, other: "ReadByOcr") -> "ReadByOcr":
        """Return the account with all that another file within this one holds."""
        words = self.words + other.words
        sure = self.confidence * self.words + other.confidence * other.words
        doubtful = (*self.doubtful, *other.doubtful)
        return ReadByOcr(self.pieces + other.pieces, words, sure / max(words, 1), doubtful)


@dataclass(frozen=True)
class BlockPage:
    """A file as its reader found it; title and address are empty where the file names none.

    ``date`` is when it was last changed by its own account (ISO 8601), or empty;
    ``decoded_again`` how many letters had been decoded wrongly before, and are right now;
    ``fonts_by_order`` are those that do not name their letters, which were told by their order.
    """

    blocks: Sequence[Block]
    title: str = ""
    url: str = ""
    date: str = ""
    left_out: Sequence[LeftOut] = ()
    decoded_again: int = 0
    fonts_by_order: Sequence[str] = ()
    by_ocr: ReadByOcr = ReadByOcr()

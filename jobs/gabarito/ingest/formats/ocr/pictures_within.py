"""The pictures within a file of another format: each to the text that is written in it."""

import hashlib

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import (
    Block,
    Heading,
    LeftOut,
    Omission,
    Paragraph,
    PictureText,
    ReadByOcr,
    Table,
)
from gabarito.ingest.formats.ocr.picture_reader import PictureReader
from gabarito.ingest.formats.pdf.printed import printed_blocks
from gabarito.ingest.formats.pdf.rows import rows_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

LEAST_SIDE = 32
LEAST_PIXELS = 8_000
"""Smaller pictures are icons, signs and lines: a word of 10 letters takes 80 by 15 dots."""

LEAST_FILLED = 0.7
"""A table in a picture has this share of its cells filled; what has fewer is a drawing."""


class PicturesWithin:
    """Reads the pictures of one file, if pictures are to be read; what is not read is counted.

    A picture that stands in several places, such as a logo on each slide, is read once.
    """

    def __init__(self, hints: Hints) -> None:
        self._reader = PictureReader.of(hints.ocr)
        self._left_out: list[LeftOut] = []
        self._inside = ReadByOcr()
        self._seen: set[bytes] = set()

    @property
    def are_read(self) -> bool:
        """Tell whether pictures are read at all."""
        return self._reader is not None

    @property
    def left_out(self) -> list[LeftOut]:
        """Return the account of what could not be read."""
        return [*self._left_out, *(self._reader.left_out if self._reader else ())]

    @property
    def by_ocr(self) -> ReadByOcr:
        """Return the account of what was read."""
        own = self._reader.by_ocr if self._reader else ReadByOcr()
        return own.with_all(self._inside)

    def add(self, inside: ReadByOcr) -> None:
        """Take account of the pictures of a file within the file, which are read already."""
        self._inside = self._inside.with_all(inside)

    def blocks(self, data: bytes | None, name: str, *, is_told: bool = False) -> list[Block]:
        """Return what is written in a picture; ``is_told`` if other words stand for it anyway."""
        if self._reader is None or data is None:
            self._count(name, is_told=is_told)
            return []
        digest = hashlib.sha256(data).digest()
        if digest in self._seen:
            return []
        self._seen.add(digest)
        before = len(self._reader.left_out)
        blocks = self._read(self._reader, data, name)
        if not blocks:
            self._reader.left_out[before:] = [
                one for one in self._reader.left_out[before:] if one.why is not Omission.PICTURE
            ]
            if len(self._reader.left_out) == before:
                self._count(name, is_told=is_told)
        return blocks

    def _count(self, name: str, *, is_told: bool) -> None:
        if not is_told:
            self._left_out.append(LeftOut(Omission.PICTURE, 1, name))

    def _read(self, reader: PictureReader, data: bytes, name: str) -> list[Block]:
        from gabarito.ingest.formats.ocr.stored_pictures import Damaged, pictures_in  # by Pillow

        if not reader.has_time(name):
            return []
        try:
            picture = next(pictures_in(data), None)
        except Dropped:  # drawn in lines, such as SVG and EMF, or none at all
            return []
        if isinstance(picture, Damaged):
            reader.left_out.append(LeftOut(Omission.OCR_FAILED, 1, f"{name}: {picture.said}"))
        if picture is None or isinstance(picture, Damaged) or is_small(*picture.size):
            return []
        blocks, _ = printed_blocks([rows_of(reader.read(picture.grey, picture.dpi, name))])
        return as_one_text(blocks)


def is_small(width: int, height: int) -> bool:
    """Tell whether a picture of so many dots is too small for words."""
    return min(width, height) < LEAST_SIDE or width * height < LEAST_PIXELS


def as_one_text(blocks: list[Block]) -> list[Block]:
    """Return what stands in a picture as one block: its headings are none of the document."""
    text = render(list(map(_plain, blocks)))
    return [PictureText(text)] if any(map(str.isalnum, text)) else []


def _plain(block: Block) -> Block:
    """Return a block as it is sure to be: labels that lie about in a drawing make no table."""
    if isinstance(block, Heading):
        return Paragraph(block.text)
    if isinstance(block, Table) and _share_filled(block) < LEAST_FILLED:
        return Paragraph("\n".join(" ".join(filter(None, row)) for row in block.rows))
    return block


def _share_filled(table: Table) -> float:
    cells = [cell for row in table.rows for cell in row]
    return sum(map(bool, cells)) / max(len(cells), 1)

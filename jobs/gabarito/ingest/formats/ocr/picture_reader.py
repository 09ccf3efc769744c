"""The pictures of one file to words, and the account of it."""

import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import LeftOut, Omission, ReadByOcr
from gabarito.ingest.formats.ocr.hocr import OcrPage, page_of
from gabarito.ingest.formats.ocr.tesseract import OcrError, Tesseract
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import OcrHints

if TYPE_CHECKING:
    from PIL.Image import Image  # only where pictures are read need it be installed

MAX_SOURCE_PIXELS = 100_000_000
"""A picture with more is not unpacked: its pixels alone would take hundreds of megabytes."""

MAX_PIXELS = 20_000_000
"""Larger pictures are made smaller before they are read; A3 at 300 dots an inch has 17 million."""

DOUBTFUL = 0.85
"""Below this mean confidence a page is flagged; see decisions.md for what was measured."""

UNCLEAR = 0.6
"""Below this mean confidence more than half of the words are wrong, and none is taken."""

_FEW_WORDS = 20
"""So many unclear words may be seen in a photograph or a drawing; more are an unclear text."""


@dataclass
class PictureReader:
    """Reads the pictures of one file one after the other; what it cannot read it accounts for."""

    engine: Tesseract
    left_out: list[LeftOut] = field(default_factory=list)
    by_ocr: ReadByOcr = field(default_factory=ReadByOcr)

    @classmethod
    def of(cls, hints: OcrHints | None) -> "PictureReader | None":
        """Make one, if pictures are to be read."""
        return cls(Tesseract(hints)) if hints else None

    def read(self, picture: "Image", dpi: float, name: str) -> list[Word]:
        """Return the words of a grey picture, with their places in points; none if it fails."""
        picture, dpi = _bounded(picture, dpi)
        try:
            page = self._upright(picture, dpi)
        except OcrError as error:
            self.left_out.append(LeftOut(Omission.OCR_FAILED, 1, f"{name}: {error}"))
            return []
        if not page.words or page.confidence < UNCLEAR:
            self.left_out.append(_unclear(page, name))
            return []
        self.by_ocr = self.by_ocr.with_one(
            name, len(page.words), page.confidence, is_doubtful=page.confidence < DOUBTFUL
        )
        return list(page.words)

    def has_time(self, name: str) -> bool:
        """Tell whether the file's time lets one more be read; if not, it is accounted for."""
        try:
            self.engine.time_left()
        except OcrError as error:
            self.left_out.append(LeftOut(Omission.OCR_FAILED, 1, f"{name}: {error}"))
            return False
        return True

    def nothing_read(self) -> Dropped:
        """Return the verdict on a file of which nothing was read: what went wrong, if it did."""
        wrong = [one for one in self.left_out if one.why is not Omission.PICTURE]
        if wrong:
            return Dropped(IngestReason.UNREADABLE, wrong[0].sample)
        return Dropped(IngestReason.NO_TEXT, "OCR sees no text in it")

    def _upright(self, picture: "Image", dpi: float) -> OcrPage:
        """Read a picture; where that gives little sense, try how it may be turned."""
        page = self._page(picture, dpi)
        if page.confidence >= DOUBTFUL:
            return page
        turn = self.engine.turn(_pnm(picture))
        if not turn:
            return page
        turned = self._page(picture.rotate(-turn, expand=True), dpi)
        return max(page, turned, key=lambda one: one.confidence)

    def _page(self, picture: "Image", dpi: float) -> OcrPage:
        return page_of(self.engine.hocr(_pnm(picture), dpi), picture.height, dpi)


def _unclear(page: OcrPage, name: str) -> LeftOut:
    if len(page.words) <= _FEW_WORDS:
        return LeftOut(Omission.PICTURE, 1, name)
    said = f"{name}: too unclear, {100 * page.confidence:.0f} % sure of {len(page.words)} words"
    return LeftOut(Omission.OCR_FAILED, 1, said)


def _bounded(picture: "Image", dpi: float) -> "tuple[Image, float]":
    pixels = picture.width * picture.height
    if pixels <= MAX_PIXELS:
        return picture, dpi
    scale = math.sqrt(MAX_PIXELS / pixels)
    size = max(int(picture.width * scale), 1), max(int(picture.height * scale), 1)
    return picture.resize(size), dpi * scale


def _pnm(picture: "Image") -> bytes:
    """Return a picture in the plainest form there is, which every build of the program reads."""
    buffer = io.BytesIO()
    picture.convert("L").save(buffer, "PPM")
    return buffer.getvalue()

"""What Tesseract read, as the words of a page: each with its place, and how sure it is of it.

hOCR is HTML: the title of a line or a word holds its box in pixels (hOCR 1.2, section 3).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lxml import etree

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.tesseract import OcrError
from gabarito.ingest.formats.pdf.letters.pdf_fonts import Font
from gabarito.ingest.formats.pdf.letters.pdf_words import Word

POINTS = 72
"""A point is so much of an inch."""

MIN_WORD_CONFIDENCE = 0.2
"""Words that it is less sure of are specks, lines and parts of pictures."""

_FONT = Font("ocr", 0)
_LINES = {"ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat"}
_BOX = re.compile(r"bbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)")
_BASELINE = re.compile(r"baseline (-?[\d.]+) (-?[\d.]+)")
_SIZE = re.compile(r"x_size ([\d.]+)")
_CONFIDENCE = re.compile(r"x_wconf (\d+)")
_ALIKE = 0.25
"""Sizes of lines that differ from the usual by less are the same: they are measured of letters,
and a line may have none that goes up or down."""


@dataclass(frozen=True)
class OcrPage:
    """The words of a picture; their places are in points, ``y`` upwards from its lower edge."""

    words: Sequence[Word]
    confidence: float
    """The mean over the words, by their letters; 0 without any."""


@dataclass(frozen=True)
class _OcrLine:
    left: int
    bottom: int
    slope: float
    offset: float
    size: float
    words: Sequence[tuple[str, int, int, float]]
    """Each with its left and right edge, and how sure it is of it."""

    def y(self, slope: float) -> float:
        """Return where it would stand at the left edge of a page that slopes so much."""
        return self.bottom + self.offset - slope * self.left


def page_of(hocr: bytes, height: int, dpi: float) -> OcrPage:
    """Return the words of a picture of so many pixels.

    Raises:
        OcrError: if it is no hOCR.
    """
    lines = list(_lines(hocr))
    if not lines:
        return OcrPage((), 0.0)
    slope = median(line.slope for line in lines for _ in line.words)
    usual = median(line.size for line in lines for _ in line.words)
    scale = POINTS / dpi
    words = []
    letters = sure = 0.0
    for line in lines:
        size = usual if abs(line.size - usual) <= _ALIKE * usual else line.size
        y = (height - line.y(slope)) * scale
        for text, left, right, confidence in line.words:
            words.append(Word(text, left * scale, right * scale, y, size * scale, _FONT, 0, True))
            letters += len(text)
            sure += confidence * len(text)
    return OcrPage(words, sure / letters)


def _lines(hocr: bytes) -> Iterator[_OcrLine]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    root: Element | None = etree.fromstring(hocr, parser) if hocr.strip() else None
    if root is None:
        raise OcrError("what it gave is no hOCR")
    for node in root.iter("{*}span"):
        if node.get("class") in _LINES:
            title = node.get("title", "")
            words = list(_words(node))
            box, size = _BOX.search(title), _SIZE.search(title)
            if words and box and size:
                told = _BASELINE.search(title)
                slope, offset = (float(told[1]), float(told[2])) if told else (0.0, 0.0)
                yield _OcrLine(int(box[1]), int(box[4]), slope, offset, float(size[1]), words)


def _words(line: Element) -> Iterator[tuple[str, int, int, float]]:
    for node in line.iter("{*}span"):
        title = node.get("title", "")
        box, told = _BOX.search(title), _CONFIDENCE.search(title)
        text = "".join(node.itertext()).strip()
        if node.get("class") == "ocrx_word" and box and told and text:
            confidence = int(told[1]) / 100
            if confidence >= MIN_WORD_CONFIDENCE:
                yield text, int(box[1]), int(box[3]), confidence

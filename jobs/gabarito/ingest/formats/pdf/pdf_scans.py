"""Pages of a PDF that are pictures: how they are told, and what is read of them."""

import math
from collections.abc import Iterator

import pypdfium2 as pypdfium
import pypdfium2.raw as pdfium

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.ocr.picture_reader import (
    MAX_PIXELS,
    MAX_SOURCE_PIXELS,
    PictureReader,
)
from gabarito.ingest.formats.pdf.letters.pdf_words import Word

DPI = 200
"""Dots an inch at which pages are drawn; see decisions.md for what was measured."""

_POINTS = 72
_MANY_PATHS = 40
"""Letters drawn as outlines need many; a rule or a frame does not."""

_MOST_OF_PAGE = 0.6


def shows_something(page: pypdfium.PdfPage) -> bool:
    """Tell whether a page without letters shows a picture, or many lines."""
    count = pdfium.FPDFPage_CountObjects(page)
    if count > _MANY_PATHS:
        return True
    objects = (pdfium.FPDFPage_GetObject(page, at) for at in range(count))
    pictures = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
    return any(pdfium.FPDFPageObj_GetType(shown) in pictures for shown in objects)


def is_covered(page: pypdfium.PdfPage) -> bool:
    """Tell whether pictures take up most of a page; a scan may be stored in strips."""
    left, bottom, right, top = page.get_bbox()
    area = 0.0
    for x0, y0, x1, y1 in (picture.get_bounds() for picture in _pictures(page, depth=1)):
        width, height = min(x1, right) - max(x0, left), min(y1, top) - max(y0, bottom)
        area += max(width, 0) * max(height, 0)
    return area > _MOST_OF_PAGE * float((right - left) * (top - bottom))


def words_of_scan(page: pypdfium.PdfPage, pictures: PictureReader, name: str) -> list[Word]:
    """Return the words that are seen on a page; what cannot be read is in the reader's account."""
    if not pictures.has_time(name):
        return []
    for width, height in (picture.get_px_size() for picture in _pictures(page, depth=3)):
        if width * height > MAX_SOURCE_PIXELS:
            said = f"{name}: holds a picture of {width} x {height} pixels"
            pictures.left_out.append(LeftOut(Omission.OCR_FAILED, 1, said))
            return []
    width, height = page.get_size()
    scale = min(DPI / _POINTS, math.sqrt(MAX_PIXELS / max(width * height, 1)))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        return pictures.read(bitmap.to_pil(), scale * _POINTS, name)
    finally:
        bitmap.close()


def _pictures(page: pypdfium.PdfPage, depth: int) -> Iterator[pypdfium.PdfImage]:
    yield from page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=depth)

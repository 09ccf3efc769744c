"""Pictures as they are stored, to grey ones that stand upright."""

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import (
    Image,
    ImageOps,
    TiffImagePlugin,  # noqa: F401  # only the commonest formats are there without being asked for
    WebPImagePlugin,  # noqa: F401
)

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.ocr.picture_reader import MAX_SOURCE_PIXELS
from gabarito.ingest.outcomes import Dropped

FORMATS_OPENED = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""What is opened at all: each is a decoder that bytes of strangers get to."""

MAX_FRAMES = 2_000
"""Pictures in one file: a TIFF may hold one for each page that was scanned."""

_DAMAGE = (
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    SyntaxError,
    TypeError,
    ValueError,
    ZeroDivisionError,
    struct.error,
)
"""What Pillow raises on damaged files, found by changing bytes of good ones."""

_LIKELY_DPI = (70, 1200)
_SMALL_DPI = 120
"""Letters of pictures with fewer dots an inch are too small to be read as they are."""

_SCREEN_DPI = 96
_PAGE_INCHES = 8.27 * 11.69
_LEAST_OF_PAGE, _MOST_OF_PAGE = 150, 300

Image.MAX_IMAGE_PIXELS = None  # our own bound comes before any pixel


@dataclass(frozen=True)
class GreyPicture:
    """A picture in shades of grey, and how many of its dots make an inch of paper.

    ``size`` is that of the stored picture, which is made larger where its letters are small.
    """

    grey: Image.Image
    dpi: float
    size: tuple[int, int]


@dataclass(frozen=True)
class Damaged:
    """What was wrong with one of several pictures."""

    said: str


def pictures_in(data: bytes) -> Iterator[GreyPicture | Damaged]:
    """Yield the pictures of a file: those of all pages of a TIFF, else the first.

    Raises:
        Dropped: if it is no picture that is known.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS_OPENED)
    except _DAMAGE as error:
        detail = "is no picture, or a damaged one"
        raise Dropped(IngestReason.UNREADABLE, detail) from error
    with image:
        frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        for number in range(min(frames, MAX_FRAMES)):
            try:
                image.seek(number)
                yield _grey(image)
            except _DAMAGE as error:
                yield Damaged(str(error))
        if frames > MAX_FRAMES:
            yield Damaged(f"and {frames - MAX_FRAMES} more, beyond what one file may have")


def _grey(image: Image.Image) -> GreyPicture | Damaged:
    if image.width * image.height > MAX_SOURCE_PIXELS:
        most = f"at most {MAX_SOURCE_PIXELS:,} are unpacked"
        return Damaged(f"{image.width} x {image.height} pixels, {most}; save it smaller")
    dpi = _dpi(image)
    image.draft("L", None)  # a JPEG is unpacked as grey
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:  # what shows through is the paper
        upright = Image.alpha_composite(
            Image.new("RGBA", upright.size, "white"), upright.convert("RGBA")
        )
    elif upright.mode.startswith("I;16"):  # which convert would cut off and not scale
        upright = upright.point(lambda value: value / 256)
    grey = upright.convert("L")
    if dpi > _SMALL_DPI:
        return GreyPicture(grey, dpi, grey.size)
    size = 2 * grey.width, 2 * grey.height
    return GreyPicture(grey.resize(size, Image.Resampling.BICUBIC), 2 * dpi, grey.size)


def _dpi(image: Image.Image) -> float:
    """Return what the file says, if it can be; else as of a page, or of a screen if it is small."""
    told = image.info.get("dpi", (0, 0))
    low, high = _LIKELY_DPI
    first = float(told[0]) if isinstance(told, tuple) and told else 0.0
    if low <= first <= high:
        return first
    of_page = math.sqrt(image.width * image.height / _PAGE_INCHES)
    return min(of_page, _MOST_OF_PAGE) if of_page >= _LEAST_OF_PAGE else _SCREEN_DPI

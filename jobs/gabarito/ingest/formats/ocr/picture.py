"""Files that are pictures of text: scans, photographs, screenshots."""

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import BlockPage, LeftOut, Omission
from gabarito.ingest.config import REFUSED
from gabarito.ingest.formats.ocr.picture_reader import PictureReader
from gabarito.ingest.formats.pdf.printed import printed_blocks
from gabarito.ingest.formats.pdf.rows import Row, rows_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return what is written in a picture, or in all pictures of a TIFF.

    Raises:
        Dropped: if pictures are not read, it is none or too large, or no text is seen in it.
    """
    reader = PictureReader.of(hints.ocr)
    if reader is None:
        raise Dropped(IngestReason.UNSUPPORTED, REFUSED[".png"])
    from gabarito.ingest.formats.ocr.stored_pictures import Damaged, pictures_in  # by Pillow

    pages: list[list[Row]] = []
    for number, picture in enumerate(pictures_in(data), 1):
        if not reader.has_time(f"picture {number} and those after it"):
            break
        name = f"picture {number}"
        if isinstance(picture, Damaged):
            reader.left_out.append(LeftOut(Omission.DAMAGED, 1, f"{name}: {picture.said}"))
        else:
            pages.append(rows_of(reader.read(picture.grey, picture.dpi, name)))
    if not any(pages):
        raise reader.nothing_read()
    blocks, running = printed_blocks(pages)
    return BlockPage(blocks, left_out=[*reader.left_out, *running], by_ocr=reader.by_ocr)

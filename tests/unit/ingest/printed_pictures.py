"""Pictures of printed lines, as the tests of OCR read them."""

import io
from contextlib import closing

import fpdf
import pypdfium2
from PIL import Image

DPI = 150


def picture_of(*lines: str, dpi: float = DPI) -> Image.Image:
    """Print lines on white paper, in the letters that pdfium has for Helvetica on any machine."""
    document = fpdf.FPDF(unit="pt", format=(595, 80 + 15 * len(lines)))
    document.add_page()
    document.set_font("helvetica", size=11.5)
    for at, line in enumerate(lines):
        document.text(48, 50 + 15 * at, line)
    with closing(pypdfium2.PdfDocument(bytes(document.output()))) as printed:
        picture: Image.Image = printed[0].render(scale=dpi / 72, grayscale=True).to_pil()
        return picture.convert("L")


def stored(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, dpi=(DPI, DPI), **options)
    return buffer.getvalue()

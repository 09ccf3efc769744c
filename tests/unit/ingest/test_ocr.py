"""Pictures of text, read for real by the program that `make test` installs."""

import io
import os
import resource
import struct
import time
import zlib
from contextlib import closing
from pathlib import Path

import fpdf
import pytest
from PIL import Image, ImageFilter
from tests.unit.ingest.printed_pictures import DPI, picture_of, stored

from gabarito.core.errors import SettingsError
from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Heading, Omission, Paragraph
from gabarito.ingest.config import IngestConfig, ReadingLimits
from gabarito.ingest.formats.ocr import picture_reader, tesseract
from gabarito.ingest.formats.ocr.picture import read as read_picture
from gabarito.ingest.formats.ocr.tesseract import OcrError, Tesseract, engine_for
from gabarito.ingest.formats.pdf import pdf
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, OcrHints
from gabarito.ingest.reading.reader import Reader
from gabarito.ingest.reading.worker import Worker

ACCENTS = (
    "A concessão da licença está à espera do órgão. O prêmio é de R$ 1.250,75.",
    "Größere Flächen prüft die Behörde; Straßen heißen Öffentlich.",
)
HINTS = Hints(ocr=OcrHints(("pt", "de"), wall_s=600))
SILENT = Hints()


def text_of(page: BlockPage) -> str:
    return " ".join(render(page.blocks).split())


def scanned(*pages: Image.Image) -> bytes:
    return stored_pdf(pages[0], pages[1:])


def stored_pdf(first: Image.Image, others: tuple[Image.Image, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    first.save(buffer, "PDF", resolution=DPI, save_all=True, append_images=others)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """Return a PNG that says it is large, with no pixel in it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_of_it = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + sum_of_it

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF"])
def test_a_picture_of_text_is_read_with_its_accents(form: str) -> None:
    options = {"quality": 90} if form in {"JPEG", "WEBP"} else {}
    page = read_picture(stored(picture_of(*ACCENTS), form, **options), HINTS)
    assert text_of(page) == " ".join(ACCENTS)
    assert page.by_ocr.pieces == 1
    assert page.by_ocr.confidence > picture_reader.DOUBTFUL
    assert not page.left_out


def test_a_scanned_page_is_read_where_it_is_asked_for() -> None:
    page = pdf.read(scanned(picture_of(*ACCENTS)), HINTS)
    assert text_of(page) == " ".join(ACCENTS)
    assert not page.left_out


def test_a_scanned_page_is_named_where_it_is_not() -> None:
    with pytest.raises(Dropped, match="1 page without a text layer"):
        pdf.read(scanned(picture_of(*ACCENTS)), SILENT)


def mixed() -> bytes:
    document = fpdf.FPDF()
    document.set_font("helvetica", size=11)
    for text in ("A primeira folha. ", "", "A terceira folha. "):
        document.add_page()
        if text:
            document.multi_cell(0, 6, text * 5)
        else:
            document.image(picture_of("A segunda folha é uma imagem."), 0, 0, 210)
    return bytes(document.output())


def test_a_scanned_page_among_others_stands_at_its_place() -> None:
    page = pdf.read(mixed(), HINTS)
    blocks = [block for block in page.blocks if not isinstance(block, Heading)]
    assert len(blocks) == 3
    first, second, third = (block.text for block in blocks if isinstance(block, Paragraph))
    assert (first[:17], second, third[:17]) == (
        "A primeira folha.", "A segunda folha é uma imagem.", "A terceira folha.",
    )  # fmt: skip
    assert page.by_ocr.pieces == 1


def test_a_scan_under_a_stamp_is_read_whole() -> None:
    document = fpdf.FPDF()
    document.add_page()
    sheet = Image.new("L", (1240, 1754), 255)
    sheet.paste(picture_of(*ACCENTS * 4))
    document.image(sheet, 0, 0, 210, 297)
    document.set_font("helvetica", size=9)
    document.text(10, 290, "Digitalizado")
    data = bytes(document.output())
    assert "licença" in text_of(pdf.read(data, HINTS))
    silent = pdf.read(data, SILENT)
    assert [one.why for one in silent.left_out] == [Omission.PICTURE]


def test_a_word_parted_at_the_end_of_a_line_is_joined() -> None:
    lines = "O relatório anual da companhia descreve as opera-", "ções de cada uma das filiais."
    assert "operações" in text_of(read_picture(stored(picture_of(*lines), "PNG"), HINTS))


@pytest.mark.parametrize(("mark", "turn"), [(6, 90), (3, 180), (8, 270)])
def test_a_photograph_is_read_as_its_camera_was_held(mark: int, turn: int) -> None:
    exif = Image.Exif()
    exif[0x112] = mark
    turned = picture_of(*ACCENTS).rotate(turn, expand=True)
    page = read_picture(stored(turned, "JPEG", quality=90, exif=exif), HINTS)
    assert text_of(page) == " ".join(ACCENTS)


def test_a_page_that_lies_on_its_side_is_turned() -> None:
    picture = picture_of(*ACCENTS * 6).rotate(90, expand=True)
    assert "licença" in text_of(read_picture(stored(picture, "PNG"), HINTS))


def test_a_page_that_is_told_to_be_turned_is_read_upright() -> None:
    data = scanned(picture_of(*ACCENTS).rotate(90, expand=True))
    turned = data.replace(b"/MediaBox", b"/Rotate 90 /MediaBox")
    assert turned != data
    assert "licença" in text_of(pdf.read(turned, HINTS))


def test_every_page_of_a_tiff_is_read() -> None:
    pages = [picture_of(f"Esta é a folha número {name}.") for name in ("um", "dois", "três")]
    data = stored(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    page = read_picture(data, HINTS)
    assert page.by_ocr.pieces == len(pages)
    assert all(name in text_of(page) for name in ("um", "dois", "três"))


@pytest.mark.parametrize("mode", ["1", "RGBA", "CMYK", "I;16"])
def test_a_picture_is_read_in_whatever_its_colours_are_stored(mode: str) -> None:
    grey = picture_of(ACCENTS[0])
    deep = Image.frombytes("I;16", grey.size, bytes(b for v in grey.tobytes() for b in (0, v)))
    picture = deep if mode == "I;16" else grey.convert(mode)
    assert text_of(read_picture(stored(picture, "TIFF"), HINTS)) == ACCENTS[0]


def test_what_shows_through_a_picture_is_paper() -> None:
    ink = Image.merge("LA", (picture_of(ACCENTS[0]).point(lambda _: 0),
                             picture_of(ACCENTS[0]).point(lambda v: 255 - v)))  # fmt: skip
    assert text_of(read_picture(stored(ink, "PNG"), HINTS)) == ACCENTS[0]


def test_small_letters_of_a_screen_are_read() -> None:
    buffer = io.BytesIO()
    picture_of(*ACCENTS, dpi=84).save(buffer, "PNG")
    assert "licença está à espera" in text_of(read_picture(buffer.getvalue(), HINTS))


def test_a_picture_with_too_many_pixels_is_refused_before_they_are_unpacked() -> None:
    with pytest.raises(Dropped, match="60000 x 60000 pixels") as caught:
        read_picture(huge_png(60_000, 60_000), HINTS)
    assert caught.value.reason is IngestReason.UNREADABLE


def test_a_page_with_a_picture_of_too_many_pixels_is_not_drawn() -> None:
    data = scanned(picture_of(*ACCENTS))
    for side in (b"/Width ", b"/Height "):
        data = data.replace(side, side + b"9")
    with pytest.raises(Dropped, match="page 1: holds a picture of 9") as caught:
        pdf.read(data, HINTS)
    assert caught.value.reason is IngestReason.UNREADABLE


def test_a_page_too_unclear_to_be_read_is_told_and_no_word_of_it_is_taken() -> None:
    blurred = picture_of(*ACCENTS * 6).filter(ImageFilter.GaussianBlur(3.5))
    with pytest.raises(Dropped, match=r"too unclear, .* % sure of") as caught:
        pdf.read(scanned(blurred), HINTS)
    assert caught.value.reason is IngestReason.UNREADABLE


def test_a_damaged_picture_is_unreadable() -> None:
    for data in (stored(picture_of(*ACCENTS), "PNG")[:900], b"\x89PNG\r\n\x1a\nnone", b"GIF89a"):
        with pytest.raises(Dropped) as caught:
            read_picture(data, HINTS)
        assert caught.value.reason is IngestReason.UNREADABLE


def test_a_picture_of_no_text_has_none() -> None:
    for picture in (Image.new("L", (800, 600), 255), Image.effect_noise((300, 200), 90)):
        with pytest.raises(Dropped, match="OCR sees no text") as caught:
            read_picture(stored(picture, "PNG"), HINTS)
        assert caught.value.reason is IngestReason.NO_TEXT


def test_a_page_that_the_program_breaks_over_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / tesseract.PROGRAM
    broken.write_text("#!/bin/sh\necho no such thing >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    page = pdf.read(mixed(), HINTS)
    assert [block.text[:9] for block in page.blocks if isinstance(block, Paragraph)] != []
    assert [(one.why, one.sample) for one in page.left_out] == [
        (Omission.OCR_FAILED, "page 2: tesseract broke: no such thing")
    ]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a program in place of Tesseract that computes without end, and says who it is."""
    program = tmp_path / tesseract.PROGRAM
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nwhile :; do :; done\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "pid"


def has_ended(pid: int) -> bool:
    """Tell whether a process ends within some seconds; one that nobody waits for has ended too."""
    status = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not status.exists() or status.read_text().rpartition(") ")[2].startswith("Z"):
            return True
        time.sleep(0.1)
    return False


def test_the_program_is_stopped_with_the_time_of_the_file_and_the_rest_is_kept(slow: Path) -> None:
    with closing(Worker(ReadingLimits(cpu_s=5))) as worker:
        reading = worker.read(".pdf", mixed(), HINTS)
    assert "A primeira folha." in reading.text
    assert [one.why for one in reading.left_out] == [Omission.OCR_FAILED]
    assert "ingest.limits.cpu_s" in reading.left_out[0].sample
    assert has_ended(int(slow.read_text()))


def test_the_program_ends_with_the_process_that_reads(slow: Path) -> None:
    hints = Hints(ocr=OcrHints(("pt",), wall_s=600))
    with closing(Worker(ReadingLimits(wall_s=6))) as worker, pytest.raises(Dropped, match="wall_s"):
        worker.read(".png", stored(picture_of(*ACCENTS), "PNG"), hints)
    assert has_ended(int(slow.read_text()))


def test_time_of_the_program_is_time_of_the_file() -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    engine = Tesseract(OcrHints(("pt",), wall_s=0))
    with pytest.raises(OcrError, match=r"ingest\.limits\.wall_s"):
        engine.hocr(b"", DPI)
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


def test_the_program_is_named_with_its_version() -> None:
    assert engine_for(["pt", "de"]).startswith("tesseract ")


def test_a_missing_program_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    config = IngestConfig.model_validate(
        {"sources": [{"type": "files", "path": str(tmp_path)}], "ocr": ["pt"]}
    )
    with pytest.raises(SettingsError, match=r"ingest\.ocr: .*install .*tesseract-ocr-por"):
        Reader(config)


def test_a_missing_language_is_told_with_its_package() -> None:
    with pytest.raises(SettingsError, match="no data for 'sw'; install tesseract-ocr-swa"):
        engine_for(["pt", "sw"])

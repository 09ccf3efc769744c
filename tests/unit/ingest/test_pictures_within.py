"""Pictures within documents, read for real by the program that `make test` installs."""

import io
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import docx
import pytest
from PIL import Image
from tests.unit.ingest.printed_pictures import DPI, picture_of, stored
from tests.unit.ingest.test_epub import book
from tests.unit.ingest.test_slides import NAMES, relations

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission, Paragraph, PictureText, ReadByOcr, Table
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.formats.ocr import page_pictures
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin, as_one_text
from gabarito.ingest.formats.office import odt, slides
from gabarito.ingest.formats.sheets import sheets
from gabarito.ingest.formats.text import epub
from gabarito.ingest.formats.web import html
from gabarito.ingest.formats.word import word
from gabarito.ingest.page import Beside, Hints, OcrHints
from gabarito.ingest.reading.reader import Reader
from gabarito.ingest.sources import FilesSource

SAID = "O prazo do recurso é de 15 dias"
WITH_OCR = Hints(ocr=OcrHints(("pt",), wall_s=600))
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
DRAWN = f'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" {NAMES}'


@pytest.fixture(scope="module")
def picture() -> bytes:
    return stored(picture_of(SAID), "PNG")


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return buffer.getvalue()


def text_of(page: BlockPage) -> str:
    return render(page.blocks)


def letter(picture: bytes) -> bytes:
    document = docx.Document()
    document.add_paragraph("Antes.")
    document.add_picture(io.BytesIO(picture))
    document.add_paragraph("Depois.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def deck(picture: bytes, times: int = 1) -> bytes:
    shape = '<p:pic><p:nvPicPr><p:cNvPr name="Logo"/></p:nvPicPr><a:blip r:embed="image"/></p:pic>'
    tree = f"<p:sld {NAMES}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>"
    ids = '<p:sldId r:id="slide"/>' * times
    return archive(
        {
            "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": f"<p:presentation {NAMES}>{ids}</p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(slide="slide.xml"),
            "ppt/slide.xml": tree,
            "ppt/_rels/slide.xml.rels": relations(image="a.png"),
            "ppt/a.png": picture,
        }
    )


def open_document(body: str, picture: bytes) -> bytes:
    short = {"drawing": "draw"}
    names = " ".join(
        f'xmlns:{short.get(name, name)}="{OASIS}:{name}:1.0"'
        for name in ("office", "text", "table", "drawing")
    )
    names += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    xml = f"<office:document-content {names}><office:body>{body}</office:body>"
    return archive({"content.xml": f"{xml}</office:document-content>", "Pictures/a.png": picture})


FRAME = '<draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame>'


def workbook(picture: bytes) -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    of_office = NAMES[NAMES.index("xmlns:r=") :]
    sheet = f'<sheet name="Prazos" sheetId="1" {of_office} r:id="worksheet"/>'
    drawn = '<xdr:pic><xdr:cNvPr name="Aviso"/><a:blip r:embed="image"/></xdr:pic>'
    return archive(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f"<workbook {main}><sheets>{sheet}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(worksheet="sheet.xml"),
            "xl/sheet.xml": f"<worksheet {main}/>",
            "xl/_rels/sheet.xml.rels": relations(drawing="drawing.xml"),
            "xl/drawing.xml": f"<xdr:wsDr {DRAWN}>{drawn}</xdr:wsDr>",
            "xl/_rels/drawing.xml.rels": relations(image="a.png"),
            "xl/a.png": picture,
        }
    )


def test_the_text_of_a_picture_stands_where_the_picture_stands(picture: bytes) -> None:
    page = word.read(letter(picture), WITH_OCR)
    assert page.blocks == [Paragraph("Antes."), PictureText(SAID), Paragraph("Depois.")]
    assert (page.by_ocr.pieces, page.left_out) == (1, [])


def test_a_picture_is_counted_and_not_read_where_no_languages_are_set(picture: bytes) -> None:
    page = word.read(letter(picture), Hints())
    assert (text_of(page), page.by_ocr) == ("Antes.\n\nDepois.", ReadByOcr())
    assert [(one.why, one.words) for one in page.left_out] == [(Omission.PICTURE, 1)]


def test_a_picture_on_each_slide_is_read_once(picture: bytes) -> None:
    page = slides.read(deck(picture, times=3), WITH_OCR)
    assert (text_of(page), page.by_ocr.pieces) == (SAID, 1)


def test_pictures_of_sheets_are_read(picture: bytes) -> None:
    page = sheets.read(workbook(picture), WITH_OCR)
    assert text_of(page) == f"# Prazos\n\n{SAID}"


def test_pictures_of_opendocument_texts_and_cells_are_read(picture: bytes) -> None:
    paragraph = f"<text:p>Antes.{FRAME}</text:p>"
    text = open_document(f"<office:text>{paragraph}</office:text>", picture)
    row = f"<table:table-row><table:table-cell>{FRAME}</table:table-cell></table:table-row>"
    table = f'<table:table table:name="A">{row}</table:table>'
    sheet = open_document(f"<office:spreadsheet>{table}</office:spreadsheet>", picture)
    assert text_of(odt.read(text, WITH_OCR)) == f"Antes.\n\n{SAID}"
    assert text_of(sheets.read(sheet, WITH_OCR)) == f"# A\n\n{SAID}"


def test_a_box_that_hangs_on_a_cell_of_a_sheet_is_read() -> None:
    box = "<draw:frame><draw:text-box><text:p>Na caixa.</text:p></draw:text-box></draw:frame>"
    row = f"<table:table-row><table:table-cell>{box}</table:table-cell></table:table-row>"
    body = f'<office:spreadsheet><table:table table:name="A">{row}</table:table>'
    page = sheets.read(open_document(f"{body}</office:spreadsheet>", b""), Hints())
    assert text_of(page) == "# A\n\nNa caixa."


def test_pictures_of_a_book_are_read(picture: bytes) -> None:
    data = book({"a": "<p>Antes.</p><p><img src='../img/a.png'/></p><p>Depois.</p>"})
    with zipfile.ZipFile(buffer := io.BytesIO(data), "a") as file:
        file.writestr("img/a.png", picture)
    page = epub.read(buffer.getvalue(), WITH_OCR)
    assert text_of(page) == f"Antes.\n\n{SAID}\n\nDepois."


def test_pictures_in_the_addresses_of_a_page_are_read(picture: bytes) -> None:
    coded = f"data:image/png;base64,{b64encode(picture).decode()}"
    spelled = f"data:image/png,{quote(stored(picture_of('Outro prazo: 30 dias'), 'PNG'))}"
    page = f"<body><ul><li>Um <img src='{coded}'></li></ul><p><img src='{spelled}'></p>"
    text = text_of(html.read(page.encode(), WITH_OCR))
    assert text == f"- Um\n\n{SAID}\n\nOutro prazo: 30 dias"


def test_pictures_of_a_web_archive_are_read(picture: bytes) -> None:
    head = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\n"
    page = "Content-Type: text/html\n\n<body><p>Antes.</p><img src='https://a.example/a.png'>"
    about = "Content-Type: image/png\nContent-Location: https://a.example/a.png\n"
    coded = f"{about}Content-Transfer-Encoding: base64\n\n{b64encode(picture).decode()}"
    data = f"{head}{page}\n--B\n{coded}\n--B--\n".encode()
    assert text_of(html.read(data, WITH_OCR)) == f"Antes.\n\n{SAID}"


def test_a_picture_beside_a_saved_page_is_read(tmp_path: Path, picture: bytes) -> None:
    (tmp_path / "p_files").mkdir()
    (tmp_path / "p_files/um dois.png").write_bytes(picture)
    (tmp_path / "p.html").write_text("<body><p>Antes.</p><img src='p_files/um%20dois.png'>")
    source = FilesSource(type="files", path=str(tmp_path), exclude=("*.html.bak",))
    files = [file for file in find_files((source,)) if file.suffix == ".html"]
    with closing(Reader(IngestConfig(sources=(source,), min_chars=1, ocr=("pt",)))) as reader:
        document, account, _ = reader.read(files[0])
    assert document.text == f"Antes.\n\n{SAID}"
    assert [share.pieces for share in [account.by_ocr] if share] == [1]


@pytest.mark.parametrize("link", ["../a.png", "/etc/hostname", "file:a.png", "no.png", "out.png"])
def test_a_page_gets_no_file_outside_its_folder(tmp_path: Path, link: str) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "pages/no.png").write_bytes(b"x")
    (tmp_path / "pages/out.png").symlink_to(tmp_path / "a.png")
    source = FilesSource(type="files", path=str(tmp_path), exclude=("*no.png",))
    beside = Beside(str(tmp_path / "pages"), "pages", source)
    assert page_pictures.picture_beside(beside, link) is None


@pytest.mark.parametrize("size", [(200, 20), (60, 60)])
def test_icons_are_not_tried(size: tuple[int, int]) -> None:
    within = PicturesWithin(WITH_OCR)
    assert within.blocks(stored(Image.new("L", size, 255), "PNG"), "icon") == []
    assert [one.why for one in within.left_out] == [Omission.PICTURE]


def test_a_picture_without_words_is_one_without_a_text_unless_it_is_described() -> None:
    within = PicturesWithin(WITH_OCR)
    blank = stored(Image.new("L", (3 * DPI, DPI), 255), "PNG")
    other = stored(Image.new("L", (2 * DPI, DPI), 255), "PNG")
    assert within.blocks(blank, "a") == within.blocks(other, "b", is_told=True) == []
    assert [(one.why, one.sample) for one in within.left_out] == [(Omission.PICTURE, "a")]


def test_what_is_no_picture_costs_nothing() -> None:
    within = PicturesWithin(WITH_OCR)
    assert within.blocks(b"<svg/>", "drawing") == []
    assert [(one.why, one.sample) for one in within.left_out] == [(Omission.PICTURE, "drawing")]


def test_labels_that_lie_about_in_a_drawing_are_lines_and_no_table() -> None:
    drawing = Table((("Norte", "", ""), ("", "10%", "20%"), ("", "", "Sul")))
    table = Table((("Ano", "Taxa"), ("2024", "3%")))
    assert as_one_text([drawing]) == [PictureText("Norte\n10% 20%\nSul")]
    assert as_one_text([table]) == [PictureText("| Ano | Taxa |\n| 2024 | 3% |")]

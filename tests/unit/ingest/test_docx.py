import io
import zipfile

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.docx import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints


def saved(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_paragraphs_and_tables_come_in_their_order() -> None:
    document = docx.Document()
    document.add_heading("Elenco", 1)
    document.add_paragraph("Antes")
    for cell, text in zip(document.add_table(1, 2).rows[0].cells, ("a", "b"), strict=True):
        cell.text = text
    document.add_paragraph("um", style="List Bullet")
    document.add_paragraph("dois", style="List Number")
    document.add_paragraph("Depois")
    text = "# Elenco\n\nAntes\n\n| a | b |\n\n- um\n- dois\n\nDepois"
    assert read(saved(document), Hints()).text == text


def test_a_merged_cell_stands_in_each_of_its_rows_and_once_across_the_table() -> None:
    document = docx.Document()
    table = document.add_table(3, 2)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "PSG"
    table.cell(0, 1).text, table.cell(1, 1).text = "Hakimi", "Doué"
    table.cell(2, 0).merge(table.cell(2, 1)).text = "Intervalo"
    text = read(saved(document), Hints()).text
    assert text == "| PSG | Hakimi |\n| PSG | Doué |\n| Intervalo |"


def test_text_in_a_content_control_is_read() -> None:
    document = docx.Document()
    document.add_paragraph("dentro")
    body, paragraph = document.element.body, document.element.body[0]
    control = body.makeelement(paragraph.tag.replace("}p", "}sdt"))
    content = body.makeelement(paragraph.tag.replace("}p", "}sdtContent"))
    control.append(content)
    body.insert(0, control)
    content.append(paragraph)
    assert read(saved(document), Hints()).text == "dentro"


def test_a_table_within_a_cell_is_read_into_it() -> None:
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "fora"
    cell.add_table(1, 1).cell(0, 0).text = "dentro"
    assert read(saved(document), Hints()).text == "| fora; dentro |"


def test_the_title_is_taken_from_the_properties() -> None:
    document = docx.Document()
    document.core_properties.title = "Final"
    assert read(saved(document), Hints()).title == "Final"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no zip at all", IngestReason.UNREADABLE),
        (saved(docx.Document())[:-500], IngestReason.UNREADABLE),
        (
            saved(docx.Document()).replace(b"[Content_Types].xml", b"[Content_Types].xxx"),
            IngestReason.UNREADABLE,
        ),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), IngestReason.ENCRYPTED),
    ],
    ids=["no zip", "cut", "no parts", "encrypted"],
)
def test_what_is_no_word_document_is_refused(data: bytes, reason: IngestReason) -> None:
    with pytest.raises(Dropped) as caught:
        read(data, Hints())
    assert caught.value.reason == reason


def test_a_file_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", bytes(2_000_000))
    monkeypatch.setattr("gabarito.ingest.formats.docx._MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(Dropped, match="unpacks to 2000000 bytes"):
        read(buffer.getvalue(), Hints())


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def box(text: str) -> str:
    return f"<w:pict><w:txbxContent><w:p>{run(text)}</w:p></w:txbxContent></w:pict>"


PIECES = {
    "inserted": (f"<w:ins>{run('novo')}</w:ins>", "novo"),
    "smart tag": (f"<w:smartTag>{run('novo')}</w:smartTag>", "novo"),
    "control": (f"<w:sdt><w:sdtContent>{run('novo')}</w:sdtContent></w:sdt>", "novo"),
    "link": (f"<w:ins><w:hyperlink>{run('novo')}</w:hyperlink></w:ins>", "novo"),
    "field": (f"<w:fldSimple>{run('novo')}</w:fldSimple>", "novo"),
    "deleted": ("<w:del><w:r><w:delText>velho</w:delText><w:tab/></w:r></w:del>", ""),
    "moved away": (f"<w:moveFrom>{run('velho')}</w:moveFrom>", ""),
    "signs": ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t></w:r>", "a b-c"),
}


def word(xml: str) -> bytes:
    """Return a document whose body is ``xml``."""
    document = docx.Document()
    for part in reversed(parse_xml(f"<w:body {W} {MC}>{xml}</w:body>")):
        document.element.body.insert(0, part)
    return saved(document)


def around(piece: str) -> str:
    tabs = '<w:pPr><w:tabs><w:tab w:val="left" w:pos="9"/></w:tabs></w:pPr>'
    return f"<w:p>{tabs}{run('antes ')}{piece}{run(' depois')}</w:p>"


@pytest.mark.parametrize("name", PIECES)
def test_paragraphs_read_as_if_all_changes_were_accepted(name: str) -> None:
    piece, text = PIECES[name]
    assert read(word(around(piece)), Hints()).text == " ".join(f"antes {text} depois".split())


@pytest.mark.parametrize("name", PIECES)
def test_cells_read_as_if_all_changes_were_accepted(name: str) -> None:
    piece, text = PIECES[name]
    cell = f"<w:tc>{around(piece)}</w:tc>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid><w:tr>{cell}</w:tr></w:tbl>"
    expected = " ".join(f"antes {text} depois".split())
    assert read(word(table), Hints()).text == f"| {expected} |"


def test_rows_cells_and_paragraphs_in_content_controls_are_read() -> None:
    def control(xml: str) -> str:
        return f"<w:sdt><w:sdtContent>{xml}</w:sdtContent></w:sdt>"

    cell = f"<w:tc>{control('<w:p>' + run('x') + '</w:p>')}</w:tc>"
    rows = f"<w:tr>{cell}{control(cell)}</w:tr>" + control(f"<w:tr>{control(cell)}{cell}</w:tr>")
    grid = "<w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
    table = control(f"<w:tbl><w:tblPr/>{grid}{rows}</w:tbl>")
    assert read(word(table), Hints()).text == "| x | x |\n| x | x |"


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    choice = f'<mc:Choice Requires="wps">{box("caixa")}</mc:Choice>'
    both = f"<mc:AlternateContent>{choice}<mc:Fallback>{box('caixa')}</mc:Fallback>"
    xml = around(f"<w:r>{both}</mc:AlternateContent></w:r>")
    assert read(word(xml), Hints()).text == "antes depois\n\ncaixa"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_whatever_its_compression(method: int) -> None:
    buffer = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(saved(docx.Document())))
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name in good.namelist():
            file.writestr(name, good.read(name))
    damaged = bytearray(buffer.getvalue())
    damaged[60:120] = bytes(60)
    with pytest.raises(Dropped) as caught:
        read(bytes(damaged), Hints())
    assert caught.value.reason == IngestReason.UNREADABLE

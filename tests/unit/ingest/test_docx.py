import io
import zipfile

import docx
import pytest
from docx.document import Document

from gabarito.ingest.formats.docx import read
from gabarito.ingest.outcomes import Dropped, Reason
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
        (b"no zip at all", Reason.UNREADABLE),
        (saved(docx.Document())[:-500], Reason.UNREADABLE),
        (
            saved(docx.Document()).replace(b"[Content_Types].xml", b"[Content_Types].xxx"),
            Reason.UNREADABLE,
        ),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), Reason.ENCRYPTED),
    ],
    ids=["no zip", "cut", "no parts", "encrypted"],
)
def test_what_is_no_word_document_is_refused(data: bytes, reason: Reason) -> None:
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

import io
import zipfile
from xml.sax.saxutils import escape

import pytest

from gabarito.ingest.blocks import BlockPage, Heading, Omission, Paragraph, Table
from gabarito.ingest.formats.figures.figure import plain_number
from gabarito.ingest.formats.sheets.sheet_rows import MAX_COLUMNS
from gabarito.ingest.formats.sheets.sheets import MAX_CELLS, read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

OPEN_XML = "http://schemas.openxmlformats.org"
MAIN = f'xmlns="{OPEN_XML}/spreadsheetml/2006/main"'
TEXT = 't="s"'
RELATIONS = f"{OPEN_XML}/officeDocument/2006/relationships"


def book(rows: str, more: str = "", about: str = "", before: str = "", **others: str) -> bytes:
    """Return a workbook of one sheet; its rows as XML. ``others`` are parts beside it."""
    schema = f"{OPEN_XML}/package/2006/relationships"
    relation = '<Relationship Id="{}" Type="' + RELATIONS + '/{}" Target="{}"/>'
    inside = {
        "_rels/.rels": relation.format("a", "officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": relation.format("b", "worksheet", "worksheets/sheet1.xml")
        + "".join(relation.format(name, name, f"{name}.xml") for name in others),
        "xl/worksheets/_rels/sheet1.xml.rels": "".join(
            relation.format(name, name, f"../{name}.xml") for name in others
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, xml in inside.items():
            file.writestr(name, f'<Relationships xmlns="{schema}">{xml}</Relationships>')
        sheet = f'<sheet name="Preços" sheetId="1" xmlns:r="{RELATIONS}" r:id="b" {about}/>'
        file.writestr("xl/workbook.xml", f"<workbook {MAIN}><sheets>{sheet}</sheets></workbook>")
        data = f"{before}<sheetData>{rows}</sheetData>{more}"
        file.writestr("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}>{data}</worksheet>")
        for name, xml in others.items():
            file.writestr(f"xl/{name}.xml", xml)
    return buffer.getvalue()


def row(number: int, **cells: str) -> str:
    inside = "".join(
        f'<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for column, text in cells.items()
    )
    return f'<row r="{number}">{inside}</row>'


def sheet(rows: str, more: str = "", about: str = "") -> BlockPage:
    return read(book(rows, more, about), Hints())


def test_a_sheet_is_a_heading_and_a_table() -> None:
    found = sheet(row(1, A="nome", B="preço") + row(2, A="pão", B="2"))
    table = Table((("nome", "preço"), ("pão", "2")))
    assert list(found.blocks) == [Heading(1, "Preços"), table]


def test_a_hidden_sheet_is_left_out_and_counted() -> None:
    found = sheet(row(1, A="um dois"), about='state="hidden"')
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.HIDDEN, 2)]
    assert not found.blocks


def test_a_merged_cell_stands_in_each_of_its_rows() -> None:
    merged = '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'
    found = sheet(row(1, A="pão", B="x") + row(2, B="y"), merged)
    assert found.blocks[1] == Table((("pão", "x"), ("pão", "y")))


def test_a_cell_far_off_does_not_fill_the_memory() -> None:
    found = sheet(row(1, A="a") + row(1048576, XFD="b"))
    assert found.blocks[1] == Table((("a", ""), ("", "b")))


def test_a_table_of_mostly_empty_places_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.ingest.formats.sheets.sheet_rows.MAX_PLACES", 3)
    found = sheet(row(1, A="a") + row(2, B="b"))
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.TOO_LARGE, 2)]


def test_a_format_that_reaches_far_costs_no_text() -> None:
    found = sheet(row(1, A="nome") + '<row r="1048576"><c r="XFD1048576" s="1"/></row>')
    assert found.blocks[1] == Table((("nome",),))


def test_a_quote_that_is_never_closed_costs_no_text() -> None:
    found = read(b'nome,valor\n"um,2\n' + b"tr\xc3\xaas,3\n" * 30_000, Hints())
    assert str(found.blocks[0]).count("tr\xeas") == 30_000


def test_empty_rows_go_and_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.ingest.formats.sheets.sheets.MAX_CELLS", 2)
    found = sheet(row(1, A="a") + row(9000, A="b"))
    assert found.blocks[1] == Table((("a",), ("b",)))


def test_what_is_more_than_can_be_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.ingest.formats.sheets.sheets.MAX_CELLS", 2)
    found = sheet(row(1, A="a") + row(2, A="b") + row(3, A="c d"))
    assert found.blocks[1] == Table((("a",), ("b",)))
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.TOO_LARGE, 2)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (12345678901.5, "12345678901.5"),
    ],
)
def test_a_number_is_written_as_a_sheet_shows_it(value: float, text: str) -> None:
    assert plain_number(value) == text


@pytest.mark.parametrize(
    "data",
    [
        "nome;preço\npão;2,50\n".encode(),
        "nome;preço\npão;2,50\n".encode("cp1252"),
        'sep=;\r\nnome;preço\r\n"pão";2,50\r\n'.encode(),
        "\ufeffnome\tpreço\n\npão\t2,50\n".encode(),
        'nome,preço\npão,"2,50"\n'.encode(),
    ],
)
def test_a_table_of_values_is_read_whatever_parts_them(data: bytes) -> None:
    assert list(read(data, Hints(languages=("pt",))).blocks) == [
        Table((("nome", "preço"), ("pão", "2,50")))
    ]


def styles(*codes: str) -> str:
    """Return the styles of a workbook: one for each format code, after the plain one."""
    formats = "".join(
        f'<numFmt numFmtId="{200 + at}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for at, code in enumerate(codes)
    )
    cells = "".join(f'<xf numFmtId="{200 + at}"/>' for at in range(len(codes)))
    return (
        f"<styleSheet {MAIN}><numFmts>{formats}</numFmts>"
        f'<cellXfs><xf numFmtId="0"/>{cells}</cellXfs></styleSheet>'
    )


def cell(place: str, value: str, style: int = 0, about: str = "") -> str:
    return f'<c r="{place}" s="{style}" {about}><v>{value}</v></c>'


def test_numbers_and_dates_are_read_as_they_are_displayed() -> None:
    codes = styles("0.0%", '#,##0.00 "€"', "dd/mm/yyyy", "yyyy", "[h]:mm", "# ?/?")
    values = ("0.125", "1234.5", "45000", "45000", "1.5", "0.125")
    cells = "".join(cell(f"{'ABCDEF'[at]}1", one, at + 1) for at, one in enumerate(values))
    found = read(book(f'<row r="1">{cells}</row>', styles=codes), Hints())
    shown = ("12.5%", "1,234.50 €", "2023-03-15", "2023", "36:00", "0.125")
    assert found.blocks[1] == Table((shown,))


def test_rows_and_columns_that_are_hidden_are_left_out_and_counted() -> None:
    hidden_row = row(2, A="um", B="dois").replace("<row", '<row hidden="1"')
    columns = '<cols><col min="2" max="2" hidden="1"/></cols>'
    found = read(book(row(1, A="a", B="b c d") + hidden_row, before=columns), Hints())
    assert found.blocks[1] == Table((("a",),))
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.HIDDEN, 5)]


def test_a_value_that_its_format_hides_is_left_out_and_counted() -> None:
    rows = f'<row r="1">{cell("A1", "7")}{cell("B1", "1500", 1)}</row>'
    found = read(book(rows, styles=styles(";;;")), Hints())
    assert found.blocks[1] == Table((("7",),))
    assert [(left.why, left.sample) for left in found.left_out] == [(Omission.HIDDEN, "1500")]


def test_a_formula_without_a_value_is_found_and_not_read() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>SUM(A1:A9)</f></c></row>'
    found = sheet(rows)
    left = [(one.why, one.words, one.sample) for one in found.left_out]
    assert left == [(Omission.FORMULA, 1, "SUM(A1:A9)")]


def test_notes_to_cells_are_counted_as_comments() -> None:
    note = f"<comments {MAIN}><comment><text><r><t>ver anexo</t></r></text></comment></comments>"
    found = read(book(row(1, A="a"), comments=note), Hints())
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.COMMENT, 2)]


def test_texts_that_are_drawn_on_a_sheet_follow_it() -> None:
    names = f'xmlns:a="{OPEN_XML}/drawingml/2006/main"'
    drawing = f"<box {names}><a:p><a:r><a:t>só em reais</a:t></a:r></a:p></box>"
    found = read(book(row(1, A="a"), drawing=drawing), Hints())
    assert found.blocks[-1] == Paragraph("só em reais")


def test_shared_texts_are_read_without_how_they_are_spoken() -> None:
    shared = f"<sst {MAIN}><si><r><t>東京</t></r><rPh><t>トウキョウ</t></rPh></si></sst>"
    rows = f'<row r="1">{cell("A1", "0", about=TEXT)}</row>'
    found = read(book(rows, sharedStrings=shared), Hints())
    assert found.blocks[1] == Table((("東京",),))


def test_a_number_that_is_no_date_costs_no_sheet() -> None:
    rows = f'<row r="1">{cell("A1", "123456789012", 1)}{cell("B1", "2")}</row>'
    found = read(book(rows, styles=styles("yyyy-mm-dd")), Hints())
    assert found.blocks[1] == Table((("123456789012", "2"),))


def test_a_damaged_sheet_keeps_what_comes_before_the_damage() -> None:
    found = sheet(row(1, A="a") + "<row></c>")
    assert found.blocks[1] == Table((("a",),))
    assert [left.why for left in found.left_out] == [Omission.DAMAGED]


OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS_NAMES = " ".join(f'xmlns:{name}="{OASIS}:{name}:1.0"' for name in ("office", "table", "text"))


def open_sheet(rows: str) -> BlockPage:
    """Read a spreadsheet of OpenDocument of one sheet."""
    table = f'<table:table table:name="Preços">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        content = f"<office:document-content {ODS_NAMES}>{body}</office:document-content>"
        file.writestr("content.xml", content)
    return read(buffer.getvalue(), Hints())


def open_cell(text: str, about: str = "") -> str:
    return f"<table:table-cell {about}><text:p>{text}</text:p></table:table-cell>"


def test_cells_of_open_document_are_read_as_they_were_displayed() -> None:
    kinds = ('office:value="0.125"', 'office:date-value="2023-03-15"', 'office:value="1234.5"')
    texts = ("12,5%", "15/03/2023", "1.234,50 €")
    cells = "".join(map(open_cell, texts, kinds))
    found = open_sheet(f"<table:table-row>{cells}</table:table-row>")
    assert found.blocks[1] == Table((("12,5%", "2023-03-15", "1.234,50 €"),))


def test_hidden_rows_of_open_document_are_left_out_and_counted() -> None:
    rows = (
        f"<table:table-row>{open_cell('a')}</table:table-row>"
        f'<table:table-row table:visibility="collapse">{open_cell("b c")}</table:table-row>'
    )
    found = open_sheet(rows)
    assert found.blocks[1] == Table((("a",),))
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.HIDDEN, 2)]


def test_cells_that_repeat_and_span_stand_in_each_of_their_places() -> None:
    across = open_cell("b", 'table:number-columns-repeated="2"')
    down = open_cell("a", 'table:number-rows-spanned="2"')
    covered = "<table:covered-table-cell/>"
    rows = f"<table:table-row>{down}{across}</table:table-row>"
    found = open_sheet(f"{rows}<table:table-row>{covered}{across}</table:table-row>")
    assert found.blocks[1] == Table((("a", "b", "b"), ("a", "b", "b")))


def test_cells_that_repeat_without_end_are_bounded() -> None:
    across = open_cell("b", 'table:number-columns-repeated="999999999"')
    repeated = f'<table:table-row table:number-rows-repeated="999999999">{across * 9}'
    found = open_sheet(f"{repeated}</table:table-row>" * 9)
    [_, table] = found.blocks
    assert isinstance(table, Table)
    assert sum(map(len, table.rows)) <= MAX_CELLS + MAX_COLUMNS
    assert [left.why for left in found.left_out] == [Omission.TOO_LARGE]


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(Dropped):
        read(b"PK\x03\x04 no zip", Hints())


def test_letters_that_were_decoded_twice_are_counted_in_a_table_of_values() -> None:
    twice = "operação;inauguração;estação;não\n".encode().decode("cp1252")
    found = read((twice * 3).encode(), Hints())
    assert found.decoded_again > 5

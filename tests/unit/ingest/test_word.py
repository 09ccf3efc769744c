import io
import zipfile
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from lxml import etree

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import Block, BlockPage, Heading, Item, Note, Omission, Table
from gabarito.ingest.formats.office.grid import Repeats
from gabarito.ingest.formats.office.office_charts import chart
from gabarito.ingest.formats.word.word import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints


def saved(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def text_of(data: bytes) -> str:
    return render(read(data, Hints()).blocks)


def test_paragraphs_and_tables_come_in_their_order() -> None:
    document = docx.Document()
    document.add_heading("Elenco", 1)
    document.add_paragraph("Antes")
    for cell, text in zip(document.add_table(1, 2).rows[0].cells, ("a", "b"), strict=True):
        cell.text = text
    document.add_paragraph("um", style="List Bullet")
    document.add_paragraph("dois", style="List Number")
    document.add_paragraph("Depois")
    text = "# Elenco\n\nAntes\n\n| a | b |\n\n- um\n1. dois\n\nDepois"
    assert text_of(saved(document)) == text


def test_a_merged_cell_stands_in_each_of_its_rows_and_once_across_the_table() -> None:
    document = docx.Document()
    table = document.add_table(3, 2)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "PSG"
    table.cell(0, 1).text, table.cell(1, 1).text = "Hakimi", "Doué"
    table.cell(2, 0).merge(table.cell(2, 1)).text = "Intervalo"
    text = text_of(saved(document))
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
    assert text_of(saved(document)) == "dentro"


def test_a_table_within_a_cell_is_read_into_it() -> None:
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "fora"
    cell.add_table(1, 1).cell(0, 0).text = "dentro"
    assert text_of(saved(document)) == "| fora; dentro |"


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
            saved(docx.Document()).replace(b"word/document.xml", b"word/document.xxx"),
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
    monkeypatch.setattr("gabarito.ingest.formats.office.package.MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(Dropped, match="unpacks to more than 1000 bytes"):
        read(word("<w:p/>" * 400), Hints())


def test_a_file_of_too_many_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.ingest.formats.office.package.MAX_TAGS", 300)
    with pytest.raises(Dropped, match="tags"):
        read(parts("<w:p/>" * 400), Hints())


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
    assert text_of(word(around(piece))) == " ".join(f"antes {text} depois".split())


@pytest.mark.parametrize("name", PIECES)
def test_cells_read_as_if_all_changes_were_accepted(name: str) -> None:
    piece, text = PIECES[name]
    cell = f"<w:tc>{around(piece)}</w:tc>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid><w:tr>{cell}</w:tr></w:tbl>"
    expected = " ".join(f"antes {text} depois".split())
    assert text_of(word(table)) == f"| {expected} |"


def test_rows_cells_and_paragraphs_in_content_controls_are_read() -> None:
    def control(xml: str) -> str:
        return f"<w:sdt><w:sdtContent>{xml}</w:sdtContent></w:sdt>"

    cell = f"<w:tc>{control('<w:p>' + run('x') + '</w:p>')}</w:tc>"
    rows = f"<w:tr>{cell}{control(cell)}</w:tr>" + control(f"<w:tr>{control(cell)}{cell}</w:tr>")
    grid = "<w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
    table = control(f"<w:tbl><w:tblPr/>{grid}{rows}</w:tbl>")
    assert text_of(word(table)) == "| x | x |\n| x | x |"


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    choice = f'<mc:Choice Requires="wps">{box("caixa")}</mc:Choice>'
    both = f"<mc:AlternateContent>{choice}<mc:Fallback>{box('caixa')}</mc:Fallback>"
    xml = around(f"<w:r>{both}</mc:AlternateContent></w:r>")
    assert text_of(word(xml)) == "antes depois\n\ncaixa"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_whatever_its_compression(method: int) -> None:
    buffer = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(saved(docx.Document())))
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name in sorted(good.namelist(), key="word/document.xml".__ne__):
            file.writestr(name, good.read(name))
    damaged = bytearray(buffer.getvalue())
    damaged[60:120] = bytes(60)
    with pytest.raises(Dropped) as caught:
        read(bytes(damaged), Hints())
    assert caught.value.reason == IngestReason.UNREADABLE


MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = f'''{W} {MC} xmlns:r="{RELATIONS}"
 xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"
 xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"
 xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'''


def parts(body: str, **others: str) -> bytes:
    """Return a document of a body and other parts, each with what is inside its root."""
    relations = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{name}" Target="{name}.xml"/>'
        for name in others
    )
    start = f'<Relationship Id="1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/>'
    schema = "http://schemas.openxmlformats.org/package/2006/relationships"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", f'<Relationships xmlns="{schema}">{start}</Relationships>')
        file.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{schema}">{relations}</Relationships>',
        )
        main = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
        file.writestr("word/document.xml", main)
        for name, xml in others.items():
            file.writestr(f"word/{name}.xml", f"<w:{name} {NAMES}>{xml}</w:{name}>")
    return buffer.getvalue()


def page(body: str, **others: str) -> BlockPage:
    return read(parts(body, **others), Hints())


def blocks(body: str, **others: str) -> list[Block]:
    return list(page(body, **others).blocks)


def left_out(body: str, **others: str) -> dict[Omission, int]:
    return {left.why: left.words for left in page(body, **others).left_out}


def paragraph(text: str, about: str = "") -> str:
    return f"<w:p><w:pPr>{about}</w:pPr>{run(text)}</w:p>"


def level(at: int, style: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{style}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def item(text: str, at: int = 0, list_id: int = 1) -> str:
    about = f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return paragraph(text, about)


NUMBERING = (
    f'<w:abstractNum w:abstractNumId="0">{level(0, "decimal", "Art. %1.")}'
    f"{level(1, 'upperRoman', '%2 -')}{level(2, 'lowerLetter', '%1.%3)')}</w:abstractNum>"
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
    '<w:startOverride w:val="7"/></w:lvlOverride></w:num>'
)


def markers(body: str, numbering: str = NUMBERING) -> list[str]:
    return [b.marker for b in blocks(body, numbering=numbering) if isinstance(b, Item)]


def test_the_numbers_of_lists_are_the_documents_own_and_begin_again_below_another() -> None:
    body = item("a") + item("b", 1) + item("c", 1) + item("d", 2) + item("e") + item("f", 1)
    assert markers(body) == ["Art. 1.", "I -", "II -", "1.a)", "Art. 2.", "I -"]


def test_a_list_goes_on_after_other_text_and_begins_anew_where_it_is_told_to() -> None:
    body = item("a") + paragraph("x") + item("b") + item("c", 0, 2) + item("d", 0, 2)
    assert markers(body) == ["Art. 1.", "Art. 2.", "Art. 7.", "Art. 8."]


def test_a_level_that_never_begins_again_counts_on() -> None:
    levels = level(0, "decimal", "%1") + level(1, "decimal", "%2", '<w:lvlRestart w:val="0"/>')
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    body = item("a") + item("b", 1) + item("c") + item("d", 1)
    assert markers(body, numbering) == ["1", "1", "2", "2"]


STYLED = [
    ("ordinalText", ["First", "Second"]),
    ("cardinalText", ["One", "Two"]),
    ("ordinal", ["1st", "2nd"]),
    ("decimalZero", ["01", "02"]),
    ("chineseCounting", ["一", "二"]),
    ("decimalEnclosedCircleChinese", ["①", "②"]),
    ("hex", ["1", "2"]),
]


@pytest.mark.parametrize(("style", "found"), STYLED)
def test_numbers_are_written_in_the_style_of_their_list(style: str, found: list[str]) -> None:
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{level(0, style, "%1")}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    language = '<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-US"/></w:rPr></w:rPrDefault>'
    styles = f"{language}</w:docDefaults>"
    body = item("a") + item("b")
    read_as = blocks(body, numbering=numbering, styles=styles)
    assert [block.marker for block in read_as if isinstance(block, Item)] == found


def test_a_bullet_that_is_a_tick_is_kept() -> None:
    fonts = '<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>'
    levels = level(0, "bullet", "\uf0fe", fonts) + level(1, "bullet", "\uf0b7")
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    assert markers(item("a") + item("b", 1), numbering) == ["☑", "-"]


def test_numbers_of_three_digits_are_written_with_their_zeros() -> None:
    style = '<mc:AlternateContent><mc:Choice><w:numFmt w:val="custom" w:format="001, 002, ..."/>'
    style += '</mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback>'
    plain = '<w:numFmt w:val="decimal"/>'
    levels = level(0, "decimal", "%1").replace(plain, f"{style}</mc:AlternateContent>")
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    assert markers(item("a") + item("b"), numbering) == ["001", "002"]


def test_a_heading_has_the_number_that_its_style_gives() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    body = paragraph("Prazo", '<w:pStyle w:val="T1"/>') * 2
    found = blocks(body, styles=styles, numbering=NUMBERING)
    assert found == [Heading(1, "Art. 1. Prazo"), Heading(1, "Art. 2. Prazo")]


NOTE = (
    '<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r>'
    + run("menos domingos")
    + ("</w:p></w:footnote>")
)


def test_a_note_follows_the_paragraph_that_refers_to_it() -> None:
    reference = '<w:p><w:r><w:t>em 5 dias</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    found = render(blocks(reference + paragraph("fim"), footnotes=NOTE))
    assert found == "em 5 dias [1]\n\n[1] menos domingos\n\nfim"


def test_a_note_of_a_cell_follows_its_table() -> None:
    cell = '<w:tc><w:p><w:r><w:t>5</w:t><w:footnoteReference w:id="2"/></w:r></w:p></w:tc>'
    found = blocks(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>", footnotes=NOTE)
    assert found[1:] == [Note("menos domingos", "1")]


def test_a_note_that_cannot_be_read_costs_nothing_else() -> None:
    data = parts(paragraph("texto"), footnotes="<w:broken>")
    found = read(data, Hints())
    assert render(found.blocks) == "texto"
    assert [left.why for left in found.left_out] == [Omission.DAMAGED]


def styled(text: str, about: str) -> str:
    return f'<w:r><w:rPr>{about}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


RAISED, LOWERED = (f'<w:vertAlign w:val="{way}script"/>' for way in ("super", "sub"))


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


INLINE = {
    "power": (run("10") + styled("6", RAISED), "10⁶"),
    "ordinal": (run("art. 5") + styled("o", RAISED), "art. 5º"),
    "formula": (run("H") + styled("2", LOWERED) + run("O"), "H₂O"),
    "raised words": (run("x") + styled("ab", RAISED), "x^(ab)"),
    "small print": (styled("todo em cima 2", RAISED), "todo em cima 2"),
    "symbol": ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>' + run(" 5"), "≥ 5"),
    "tick": ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>' + run(" pago"), "✓ pago"),
    "symbol as text": (styled("\uf061", '<w:rFonts w:ascii="Symbol"/>'), "α"),
    "fraction": (
        "<m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>",
        "(a+b)/2",
    ),
    "exponent": (
        "<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e>"
        "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>",
        "x²",
    ),
    "field": (
        field("begin")
        + "<w:r><w:instrText>REF x</w:instrText></w:r>"
        + field("separate")
        + run("item 3")
        + field("end"),
        "item 3",
    ),
    "equation": (
        run("meio: ")
        + field("begin")
        + r"<w:r><w:instrText> EQ \f(1,2) </w:instrText></w:r>"
        + field("end"),
        "meio: 1/2",
    ),
    "choice": (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
        '<w:listEntry w:val="um"/><w:listEntry w:val="dois"/></w:ddList></w:ffData>'
        "</w:fldChar></w:r>" + field("end"),
        "dois",
    ),
    "box": (
        '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="0"/></w14:checkbox></w:sdtPr>'
        f"<w:sdtContent>{run('?')}</w:sdtContent></w:sdt>",
        "☐",
    ),
    "reading": (
        f"<w:r><w:ruby><w:rt>{run('か')}</w:rt><w:rubyBase>{run('火')}</w:rubyBase></w:ruby></w:r>",
        "火(か)",
    ),
    "picture": (
        '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="Mapa do bairro"/>'
        "</wp:inline></w:drawing></w:r>",
        "[picture: Mapa do bairro]",
    ),
}


@pytest.mark.parametrize("name", INLINE)
def test_what_is_in_a_line_is_read_as_it_is_displayed(name: str) -> None:
    xml, text = INLINE[name]
    assert render(blocks(f"<w:p>{xml}</w:p>")) == text


def test_an_initial_that_stands_out_begins_its_word() -> None:
    initial = paragraph("E", '<w:framePr w:dropCap="drop"/>')
    assert render(blocks(initial + paragraph("ra uma vez"))) == "Era uma vez"


def test_what_is_hidden_or_deleted_goes_and_is_counted() -> None:
    deleted = "<w:del><w:r><w:delText>sete oito</w:delText></w:r></w:del>"
    hidden, struck = styled("um dois", "<w:vanish/>"), styled("cinco", "<w:strike/>")
    body = f"<w:p>{run('um texto que fica')}{hidden}{struck}{deleted}</w:p>"
    assert render(blocks(body)) == "um texto que fica"
    assert left_out(body) == {Omission.HIDDEN: 2, Omission.DELETED: 3}


def test_text_that_is_struck_for_the_most_part_is_the_text_itself() -> None:
    body = f"<w:p>{run('fica')}{styled(' riscado de todo', '<w:strike/>')}</w:p>"
    assert render(blocks(body)) == "fica riscado de todo"


def test_headers_and_comments_are_counted() -> None:
    others = {"header": paragraph("Ata da casa"), "comments": paragraph("ver depois")}
    assert left_out(paragraph("x"), **others) == {Omission.REPEATED: 3, Omission.COMMENT: 2}


def test_a_deleted_row_goes() -> None:
    row = "<w:tr>{}<w:tc><w:p>" + run("a b") + "</w:p></w:tc></w:tr>"
    body = f"<w:tbl>{row.format('')}{row.format('<w:trPr><w:del/></w:trPr>')}</w:tbl>"
    assert render(blocks(body)) == "| a b |"


def graphic(inside: str) -> str:
    return (
        "<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData>"
        f"{inside}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def points(*values: str) -> str:
    return "".join(f'<c:pt idx="{at}"><c:v>{one}</c:v></c:pt>' for at, one in enumerate(values))


def test_the_figures_of_a_chart_are_read_as_they_are_displayed() -> None:
    dates = f"<c:formatCode>yyyy</c:formatCode>{points('45000', '45366')}"
    shares = f"<c:formatCode>0.0%</c:formatCode>{points('0.125', '0.30000000000000004')}"
    shown = (
        f"<c:ser><c:cat><c:numRef><c:numCache>{dates}</c:numCache></c:numRef></c:cat>"
        f"<c:val><c:numRef><c:numCache>{shares}</c:numCache></c:numRef></c:val></c:ser>"
    )
    text = render(blocks(graphic('<c:chart r:id="chart"/>'), chart=shown))
    assert text == "| 2023 | 12.5% |\n| 2024 | 30.0% |"


def test_names_of_several_levels_in_a_chart_are_read_together() -> None:
    levels = f"<c:lvl>{points('jan', 'fev')}</c:lvl><c:lvl>{points('2024')}</c:lvl>"
    shown = (
        f"<c:ser><c:cat><c:multiLvlStrRef><c:multiLvlStrCache>{levels}</c:multiLvlStrCache>"
        f"</c:multiLvlStrRef></c:cat><c:val>{points('1', '2')}</c:val></c:ser>"
    )
    text = render(blocks(graphic('<c:chart r:id="chart"/>'), chart=shown))
    assert text == "| 2024 jan | 1 |\n| 2024 fev | 2 |"


CX = 'xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"'


def test_a_chart_of_the_newer_kind_is_the_table_of_its_figures() -> None:
    names = '<cx:lvl><cx:pt idx="0">norte</cx:pt><cx:pt idx="1">sul</cx:pt></cx:lvl>'
    figures = '<cx:lvl formatCode="0%"><cx:pt idx="0">0.5</cx:pt><cx:pt idx="1">1</cx:pt></cx:lvl>'
    data = f'<cx:strDim type="cat">{names}</cx:strDim><cx:numDim type="val">{figures}</cx:numDim>'
    title = "<cx:title><cx:tx><cx:txData><cx:v>Vendas</cx:v></cx:txData></cx:tx></cx:title>"
    series = '<cx:plotArea><cx:series><cx:dataId val="0"/></cx:series></cx:plotArea>'
    space = (
        f'<cx:chartSpace {CX}><cx:chartData><cx:data id="0">{data}</cx:data></cx:chartData>'
        f"<cx:chart>{title}{series}</cx:chart></cx:chartSpace>"
    )
    [table] = chart(etree.fromstring(space))
    assert table == Table((("", ""), ("norte", "50%"), ("sul", "100%")), "Vendas")


def test_a_chart_of_the_newer_kind_is_found_where_it_stands() -> None:
    series = f"<c:ser><c:cat>{points('norte')}</c:cat><c:val>{points('7')}</c:val></c:ser>"
    body = graphic(f'<cx:chart {CX} r:id="chart"/>')
    assert render(blocks(body, chart=series)) == "| norte | 7 |"


def test_a_chart_is_the_table_of_its_figures() -> None:
    values = "".join(f'<c:pt idx="{at}"><c:v>{at + 7}</c:v></c:pt>' for at in range(2))
    names = '<c:pt idx="0"><c:v>norte</c:v></c:pt><c:pt idx="1"><c:v>sul</c:v></c:pt>'
    series = f"<c:ser><c:tx><c:v>2024</c:v></c:tx><c:cat>{names}</c:cat><c:val>{values}</c:val>"
    body = (
        "<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData>"
        '<c:chart r:id="chart"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    )
    text = render(blocks(body, chart=f"{series}</c:ser>"))
    assert text == "| | 2024 |\n| norte | 7 |\n| sul | 8 |"


def with_chunk(name: str, content: bytes) -> bytes:
    data = parts('<w:altChunk r:id="other"/>' + paragraph("fim"), other="")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as file:
        for part in old.namelist():
            file.writestr(part, old.read(part).replace(b"other.xml", name.encode()))
        file.writestr(f"word/{name}", content)
    return buffer.getvalue()


def test_a_part_in_another_format_is_read_in_its_place() -> None:
    assert text_of(with_chunk("other.docx", parts(paragraph("dentro")))) == "dentro\n\nfim"


def test_what_is_left_out_of_a_part_in_another_format_is_told() -> None:
    found = read(
        with_chunk("other.html", b"<p>dentro desta parte</p><p hidden>nada disto</p>"), Hints()
    )
    assert render(found.blocks) == "dentro desta parte\n\nfim"
    assert [(one.why, one.words) for one in found.left_out] == [(Omission.HIDDEN, 2)]


@pytest.mark.parametrize("span", ["999999999", "99999999999999999999", "-4", "x"])
def test_a_span_is_no_larger_than_the_table(span: str) -> None:
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>{paragraph("a")}</w:tc>'
    plain = f"<w:tc>{paragraph('b')}</w:tc>"
    body = f"<w:tbl><w:tr>{cell}{plain}</w:tr><w:tr>{plain}{plain}</w:tr></w:tbl>"
    assert len(render(blocks(body))) <= len("| a | a | b |\n| b | b |")


def test_a_cell_over_many_rows_is_repeated_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.ingest.formats.word.word_tables.Repeats", lambda *_: Repeats(50))
    merged = "<w:tc><w:tcPr><w:vMerge{}/></w:tcPr>" + paragraph("{}") + "</w:tc>"
    first, other = merged.format(' w:val="restart"', "longo" * 4), merged.format("", "")
    rows = "".join(f"<w:tr>{cell}</w:tr>" for cell in (first, other, other, other, other))
    assert render(blocks(f"<w:tbl>{rows}</w:tbl>")).count("longo" * 4) < len("abcd")


def test_what_is_nested_too_deep_is_refused() -> None:
    deep = "<w:sdt><w:sdtContent>" * 200 + paragraph("x") + "</w:sdtContent></w:sdt>" * 200
    with pytest.raises(Dropped, match="depth"):
        page(deep)


def test_a_list_bound_to_a_style_is_counted_in_a_document_without_any_style() -> None:
    document = docx.Document()
    paragraph: Any = document.add_paragraph("um", style="List Number")._p
    paragraph.pPr.remove(paragraph.pPr.pStyle)
    numbered = document.part.numbering_part.element.xpath("./w:num")[0].numId
    paragraph.pPr.get_or_add_numPr().get_or_add_numId().val = numbered
    for level in document.part.numbering_part.element.xpath("./w:abstractNum/w:lvl[1]"):
        level.append(level.makeelement(qn("w:pStyle"), {qn("w:val"): "Other"}))
    for style in document.styles.element.xpath("./w:style"):
        document.styles.element.remove(style)
    assert not text_of(saved(document)).startswith("um")

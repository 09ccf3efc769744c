import io
import zipfile

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission
from gabarito.ingest.formats.office.odt import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
SHORT = {"drawing": "draw", "svg-compatible": "svg"}
NAMES = " ".join(
    f'xmlns:{SHORT.get(name, name)}="{OASIS}:{name}:1.0"'
    for name in ("office", "text", "table", "style", "drawing", "svg-compatible")
)
LEVEL = (
    '<text:list-level-style-number text:level="{}" style:num-format="{}" style:num-suffix="{}"/>'
)
LIST = f'<text:list-style style:name="L">{LEVEL.format(1, "1", ".")}{LEVEL.format(2, "a", ")")}'
RAISED = (
    '<style:style style:name="up"><style:text-properties style:text-position="super 58%"/>'
    "</style:style>"
)
HIDDEN = '<style:style style:name="off"><style:text-properties text:display="none"/></style:style>'
STYLES = f"{LIST}</text:list-style>{RAISED}{HIDDEN}"


def page(body: str, manifest: str = "", **others: str) -> BlockPage:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        inside = f"<office:body><office:text>{body}</office:text></office:body>"
        styles = f"<office:automatic-styles>{STYLES}</office:automatic-styles>"
        xml = f"<office:document-content {NAMES}>{styles}{inside}</office:document-content>"
        file.writestr("content.xml", xml)
        if manifest:
            file.writestr("META-INF/manifest.xml", manifest)
        for name, xml in others.items():
            file.writestr(f"{name}/content.xml", xml)
    return read(buffer.getvalue(), Hints())


def text(body: str) -> str:
    return render(page(body).blocks)


def item(inside: str, about: str = "") -> str:
    return f"<text:list-item {about}>{inside}</text:list-item>"


def test_lists_have_their_own_numbers_and_go_on_where_they_say_so() -> None:
    inner = f"<text:list>{item('<text:p>b</text:p>') * 2}</text:list>"
    first = f'<text:list text:style-name="L">{item("<text:p>a</text:p>" + inner)}</text:list>'
    second = (
        '<text:list text:style-name="L" text:continue-numbering="true">'
        + item("<text:p>c</text:p><text:p>mais</text:p>")
        + item("<text:p>d</text:p>", 'text:start-value="7"')
        + "</text:list>"
    )
    assert text(first + second) == "1. a\n  a) b\n  b) b\n2. c\n  mais\n7. d"


def list_of(levels: str, body: str) -> str:
    """Return a list whose style stands in the text: a reader finds styles wherever they stand."""
    return f'<text:list-style style:name="M">{levels}</text:list-style>{body}'


def test_an_item_below_none_counts_as_the_first_above_it_too() -> None:
    header = f"<text:list-header><text:list>{item('<text:p>a</text:p>')}</text:list>"
    inside = f"{header}</text:list-header>{item('<text:p>b</text:p>')}"
    assert text(f'<text:list text:style-name="L">{inside}</text:list>') == "  a) a\n2. b"


def test_letters_go_on_as_their_list_says() -> None:
    start = 'text:level="1" style:num-format="a" text:start-value="27"'
    plain = f"<text:list-level-style-number {start}/>"
    synced = plain.replace("/>", ' style:num-letter-sync="true"/>')
    body = f'<text:list text:style-name="M">{item("<text:p>x</text:p>") * 2}</text:list>'
    assert text(list_of(plain, body)) == "aa x\nab x"
    assert text(list_of(synced, body)) == "aa x\nbb x"


def test_a_number_of_several_levels_is_written_by_its_own_pattern() -> None:
    name = "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"
    first = LEVEL.format(1, "1", ".")
    second = LEVEL.format(2, "1", "").replace(
        "/>", f' text:display-levels="2" xmlns:loext="{name}" loext:num-list-format="(%1%)(%2%)"/>'
    )
    inner = f"<text:list>{item('<text:p>b</text:p>')}</text:list>"
    body = f'<text:list text:style-name="M">{item("<text:p>a</text:p>" + inner)}</text:list>'
    assert text(list_of(first + second, body)) == "1. a\n  (1)(1) b"


def test_a_level_without_a_number_leaves_no_point_behind() -> None:
    levels = LEVEL.format(1, "", "") + LEVEL.format(2, "1", ")").replace(
        "/>", ' text:display-levels="2"/>'
    )
    inner = f"<text:list>{item('<text:p>b</text:p>')}</text:list>"
    body = f'<text:list text:style-name="M">{item("<text:p>a</text:p>" + inner)}</text:list>'
    assert text(list_of(levels, body)).endswith("  1) b")


def test_a_note_follows_its_paragraph() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>menos domingos</text:p></text:note-body></text:note>"
    )
    assert text(f"<text:p>5 dias{note} úteis</text:p>") == "5 dias [1] úteis\n\n[1] menos domingos"


def test_a_chart_is_its_title_and_the_table_of_its_figures() -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell * 2}</table:table-row>"
    rows = row.format("", "2024") + row.format("norte", "7")
    chart = (
        f'<chart:chart {NAMES} xmlns:chart="{OASIS}:chart:1.0"><chart:title><text:p>Vendas</text:p>'
        f"</chart:title><table:table>{rows}</table:table></chart:chart>"
    )
    link = 'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="./Object"'
    frame = f"<text:p><draw:frame><draw:object {link}/><draw:image/></draw:frame></text:p>"
    found = page(frame, Object=chart)
    assert render(found.blocks) == "Vendas\n\n| | 2024 |\n| norte | 7 |"
    assert not found.left_out


LINES = {
    "raised": ('10<text:span text:style-name="up">6</text:span>', "10⁶"),
    "spaces": ('a<text:s text:c="1000000000"/>b', "a b"),
    "lines": ("a<text:line-break/>b", "a\nb"),
    "frame": (
        "a<draw:frame><draw:text-box><text:p>dentro</text:p></draw:text-box></draw:frame>",
        "a\n\ndentro",
    ),
    "picture": (
        "<draw:frame><draw:image/><svg:desc>Mapa do bairro</svg:desc></draw:frame>",
        "[picture: Mapa do bairro]",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_what_is_in_a_paragraph_is_read_as_it_is_displayed(name: str) -> None:
    xml, expected = LINES[name]
    assert text(f"<text:p>{xml}</text:p>") == expected


def test_what_is_deleted_hidden_or_a_comment_is_counted() -> None:
    deleted = "<text:changed-region><text:deletion><text:p>um dois</text:p></text:deletion>"
    changes = f"<text:tracked-changes>{deleted}</text:changed-region></text:tracked-changes>"
    hidden = '<text:span text:style-name="off">três</text:span>'
    comment = "<office:annotation><text:p>ver isto logo</text:p></office:annotation>"
    found = page(f"{changes}<text:p>fica{hidden}{comment}</text:p>")
    assert render(found.blocks) == "fica"
    counted = {left.why: left.words for left in found.left_out}
    assert counted == {Omission.DELETED: 2, Omission.HIDDEN: 1, Omission.COMMENT: 3}


def cell(inside: str, about: str = "") -> str:
    return f"<table:table-cell {about}><text:p>{inside}</text:p></table:table-cell>"


def test_a_cell_that_spans_places_stands_in_each() -> None:
    covered = "<table:covered-table-cell/>"
    first = cell("ano", 'table:number-rows-spanned="2"') + cell("a") + cell("b")
    second = covered + cell("c", 'table:number-columns-spanned="2"') + covered
    rows = f"<table:table-row>{first}</table:table-row><table:table-row>{second}</table:table-row>"
    assert text(f"<table:table>{rows}</table:table>") == "| ano | a | b |\n| ano | c | c |"


@pytest.mark.parametrize("name", ["columns-repeated", "columns-spanned", "rows-spanned"])
def test_no_number_in_a_cell_makes_a_table_larger_than_it_is(name: str) -> None:
    spanning = cell("a", f'table:number-{name}="999999999"')
    row = f"<table:table-row>{spanning}</table:table-row>"
    columns = '<table:table-column table:number-columns-repeated="999999999"/>'
    assert len(text(f"<table:table>{columns}{row}</table:table>")) < len("| a ") * 1001


def test_a_file_with_a_password_is_refused() -> None:
    with pytest.raises(Dropped) as caught:
        page("", manifest="<manifest:encryption-data/>")
    assert caught.value.reason == IngestReason.ENCRYPTED


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Dropped):
        read(b"PK no zip", Hints())

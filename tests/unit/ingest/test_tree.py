import time

import pytest
from lxml import html

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import (
    Block,
    Code,
    Heading,
    Item,
    LeftOut,
    Note,
    Omission,
    Paragraph,
    Quote,
    Table,
)
from gabarito.ingest.formats.web.tree import blocks_of, line_of


def blocks(body: str, left_out: list[LeftOut] | None = None) -> list[Block]:
    return blocks_of(html.document_fromstring(f"<body>{body}</body>").find("body"), left_out)


def text(body: str) -> str:
    return render(blocks(body))


def test_each_kind_of_element_is_its_own_block() -> None:
    body = "<h2>A<br>b</h2><p>c<br>d</p><blockquote><p>e</p></blockquote><ul><li>f</ul>"
    assert blocks(body) == [Heading(2, "A b"), Paragraph("c\nd"), Quote("e"), Item("f")]


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ("<ol start=5><li>x<li>y</ol>", ["5.", "6."]),
        ("<ol type=a><li>x<li value=27>y</ol>", ["a.", "aa."]),
        ("<ol type=I start=9><li>x<li>y</ol>", ["IX.", "X."]),
        ("<ol reversed><li>x<li>y</ol>", ["2.", "1."]),
        ("<ol style='list-style-type: lower-roman'><li>x<li>y</ol>", ["i.", "ii."]),
        ("<ol start=99999999999999999999><li>x<li>y</ol>", ["1.", "2."]),
        ("<ul><li>x<li>y</ul>", ["-", "-"]),
    ],
)
def test_items_have_the_numbers_that_a_reader_sees(source: str, marks: list[str]) -> None:
    assert [block.marker for block in blocks(source) if isinstance(block, Item)] == marks


def test_lists_in_lists_are_deeper_and_a_second_paragraph_belongs_to_its_item() -> None:
    body = "<ol><li><p>a</p><p>b</p><ul><li>c</ul><li><table><tr><th>d<td>e</table></ol>"
    assert text(body) == "1. a\n  b\n  - c\n  2.\n\n| d | e |"


def test_descriptions_without_terms_are_paragraphs() -> None:
    assert blocks("<p>a</p><dl><dd>x = 1</dl>") == [Paragraph("a"), Paragraph("x = 1")]


def test_numbers_go_on_behind_what_is_left_out() -> None:
    assert text("<ol><li>a<ul hidden><li>x</ul><li>b</ol>") == "1. a\n2. b"


def test_code_keeps_its_lines_and_spaces_and_names_its_language() -> None:
    body = (
        "<dl><dt>f(x)<dd>Faz.<div class=highlight-python3><pre>"
        "<span class=linenos>1</span>if x:\n<span class=linenos>2</span>    <b>y</b></pre></div>"
    )
    assert blocks(body) == [Item("f(x): Faz."), Code("if x:\n    y", "python3")]


def test_a_note_follows_the_block_that_first_refers_to_it() -> None:
    body = (
        "<p>Em 1987<sup id=r1><a href=#n1>1</a></sup> abriu.</p><p>Fim<a href=#n1>[1]</a>.</p>"
        "<ol><li id=n1>Arquivo. <a href=#r1>↩</a></ol>"
    )
    assert blocks(body) == [
        Paragraph("Em 1987 [1] abriu."),
        Note("Arquivo.", "1"),
        Paragraph("Fim [1]."),
    ]


def test_notes_of_documentation_generators_are_notes() -> None:
    body = (
        "<p>Ver <a class=x href=#f2 id=r2 role=doc-noteref>[2]</a>.</p>"
        "<aside id=f2><span>[<a href=#r2>2</a>]</span><p>Texto da nota.</p></aside>"
    )
    assert blocks(body) == [Paragraph("Ver [2]."), Note("Texto da nota.", "2")]


def test_a_reference_in_a_cell_has_its_note_after_the_table() -> None:
    table = "<table><tr><th>a<th>b<tr><td>9<sup><a href=#n id=r>*</a></sup><td>8</table>"
    found = blocks(f"{table}<p>Depois.</p><p id=n><a href=#r>*</a> Sem luz.</p>")
    assert found[:2] == [Table((("a", "b"), ("9 [*]", "8"))), Note("Sem luz.", "*")]


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("10<sup>6</sup> m<sup>2</sup>", "10⁶ m²"),
        ("H<sub>2</sub>O", "H₂O"),
        ("x <math><msup><mi>c</mi><mn>2</mn></msup></math>", "x c²"),
        ("<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mfrac></math>",
         "a/(b+c)"),
        ("<math alttext='{\\displaystyle x_1}'><mi>x</mi></math>", "x_1"),
        ("<script type='math/tex'>x^2</script>", "x^2"),
        ("<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>", "漢字(かんじ)"),
        ("<q>sim</q>", "“sim”"),
        ("<input value=Ana> <input type=checkbox checked>sim", "Ana [x] sim"),
        ("<select><option>a<option selected>b</select>", "b"),
        ("<textarea>nota</textarea>", "nota"),
        ("<input type=password value=x><input type=hidden value=y>z", "z"),
        ("Ver <img src=a alt='Torre azul'>", "Ver [picture: Torre azul]"),
        ("Ver <img src=a alt=foto.png>", "Ver"),
        ("<a>rio</a><a>ponte</a>", "rio ponte"),
        ("<span class=d>N</span><span class=e>a rodada</span>", "Na rodada"),
        ("<span class=t>Azul</span><span class=g>3</span><span class=g>2</span>", "Azul 3 2"),
        ("era <s>4</s> 5", "era 5"),
        ("<i class=icon>\ue600</i> Prazo<span>\uf107</span>", "Prazo"),
    ],
)  # fmt: skip
def test_a_line_says_what_a_person_sees(source: str, seen: str) -> None:
    assert text(f"<div>{source}</div>") == seen


@pytest.mark.parametrize("sign", ["¶", "#", "§", "Permalink", "🔗", "\uf0c1", "<i>\uf0c1</i>"])
def test_the_link_to_a_heading_is_no_part_of_it(sign: str) -> None:
    assert text(f"<h2 id=a>Prazo<a href=#a>{sign}</a></h2>") == "## Prazo"


def test_a_paragraph_sign_that_is_text_stays() -> None:
    assert text("<p>Ver <a href=#p5>§</a> 5.</p>") == "Ver § 5."


def test_what_is_hidden_or_deleted_goes_and_is_accounted_for() -> None:
    left_out: list[LeftOut] = []
    body = "<p>visto aqui por todos<span hidden>segredo</span><del>errado</del></p>"
    assert render(blocks(body, left_out)) == "visto aqui por todos"
    assert [(one.why, one.sample) for one in left_out] == [
        (Omission.HIDDEN, "segredo"),
        (Omission.DELETED, "errado"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "<div style='display:none'><p>Quinze dias.</p></div>",
        "<div hidden=until-found>Quinze dias.</div>",
        "<div role=tabpanel hidden>Quinze dias.</div>",
    ],
)
def test_an_answer_that_a_click_shows_stays(answer: str) -> None:
    assert text(f"<p>{'texto ' * 30}</p><h3>Prazo?</h3>{answer}").endswith("Quinze dias.")


def test_what_is_said_for_the_eye_and_for_the_ear_comes_once() -> None:
    twins = "<span aria-hidden=true>1.299<sup>,90</sup></span><span class=sr-only>1.299,90</span>"
    assert text(f"<p>{twins} ao ano</p>") == "1.299,90 ao ano"


def test_a_text_that_is_struck_out_as_a_whole_is_the_text() -> None:
    assert text("<s><p>Tudo que há nesta página.</p></s><p>Fim</p>").startswith("Tudo que há")


def test_words_of_a_heading_that_was_left_open_are_no_heading() -> None:
    assert isinstance(
        blocks(f"<h2><div>Título</div><div>{'palavra ' * 60}</div></h2>")[1], Paragraph
    )


def test_a_line_of_an_element_sets_its_lines_apart() -> None:
    assert line_of(html.fromstring("<td>a<br>b<ol><li>c</ol></td>")) == "a; b; 1. c"


@pytest.mark.parametrize(
    "table",
    [
        f"<table><tr><th>a<td>b<tr><td colspan=200 rowspan=200>{'x' * 20_000}<td>c</table>",
        f"<table><tr><th>a{'<td colspan=1000>b' * 2000}</table>",
        f"<table>{'<tr><th>a<td rowspan=65000>b' * 2000}</table>",
        "<table><tr><th colspan=99999999999999999999>a<td>b</table>",
    ],
)
def test_spans_of_a_table_cost_what_the_table_holds(table: str) -> None:
    before = time.process_time()
    assert len(text(table)) < 20 * len(table) + 60_000
    assert time.process_time() - before < 5


def test_lists_in_lists_are_read_however_deep() -> None:
    assert text(f"{'<ul><li>' * 100}fim") == f"{'  ' * 12}- fim"
    assert len(text(f"{'<ul><li>' * 100}{'<li>x' * 1000}")) < 40_000

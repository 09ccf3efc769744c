import re

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission
from gabarito.ingest.formats.web.html import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

MENU = "".join(f'<li><a href="/{n}">Seção {n}</a></li>' for n in range(9))
COOKIES = """<div id="cookieConsent" role="dialog"><p>Usamos cookies para melhorar a sua
    experiência. Ao continuar aceita a nossa política.</p><button>Aceitar</button></div>"""
FOOT = "<footer><p>Todos os direitos reservados</p></footer>"
PROSE = "".join(
    f"<p>Na {n}ª rodada o time venceu por {n} a 0 em casa, com gols de <a href=j>Jogador {n}</a> "
    "e do capitão, que voltou depois de meses fora por lesão na coxa esquerda.</p>"
    for n in range(1, 13)
)


def page(body: str, head: str = "") -> BlockPage:
    source = (
        f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    )
    return read(source.encode(), Hints(languages=("pt",)))


def text_of(body: str) -> str:
    return render(page(body).blocks)


def test_menus_cookies_and_footers_go() -> None:
    noise = f"{COOKIES}<header><h1>Portal</h1></header><nav><ul>{MENU}</ul></nav>"
    body = f"{noise}<main><article><h1>Final</h1><p>O Paris venceu.</p></article></main>{FOOT}"
    assert text_of(body) == "# Final\n\nO Paris venceu."
    assert page(body).title == "Final"


def test_a_menu_without_a_name_goes() -> None:
    assert text_of(f"<div><ul>{MENU}</ul></div><h1>Final</h1><p>Fim.</p>") == "# Final\n\nFim."


def test_a_list_of_links_below_the_heading_stays() -> None:
    clubs = "".join(f"<li><a href=/{club}>{club}</a></li>" for club in ("Brest", "Lille", "Paris"))
    assert text_of(f"<h1>Clubes</h1><ul>{clubs}</ul>") == "# Clubes\n\n- Brest\n- Lille\n- Paris"


@pytest.mark.parametrize(
    "name", ["class=nav-links", "id=siteFooter", "role=search", "aria-label=menu"]
)
def test_furniture_is_known_by_its_names(name: str) -> None:
    assert text_of(f"<h1>Final</h1><p>O Paris venceu.</p><div {name}>Leia</div>") == (
        "# Final\n\nO Paris venceu."
    )


def test_main_text_without_any_name_is_told_from_the_rest() -> None:
    links = "".join(
        f"<div><a href=/{n}>Outra notícia sobre outro assunto</a></div>" for n in "abcd"
    )
    extra = "<h2>Ficha</h2><ul><li><a href=c>Barcelona</a></li><li><a href=b>Brest</a></li></ul>"
    text = text_of(f"<div><div><h1>Temporada</h1>{PROSE}{extra}</div><div>{links}</div></div>")
    assert "Outra notícia" not in text
    assert text.endswith("## Ficha\n\n- Barcelona\n- Brest")


def test_cells_that_span_stand_in_each_of_their_places() -> None:
    rows = "<tr><th>Gol<th>Clube<tr><td>12'<td rowspan=2>PSG<tr><td>20'<tr><td colspan=2>Fim"
    assert text_of(f"<table>{rows}</table>") == (
        "| Gol | Clube |\n| 12' | PSG |\n| 20' | PSG |\n| Fim |"
    )


def test_a_table_full_of_links_is_kept() -> None:
    rows = "".join(f"<tr><td><a href=x>Clube {n}</a><td>{n}</tr>" for n in range(30))
    text = text_of(f"<h1>Tabela</h1>{PROSE}<table><tr><th>Clube<th>Pontos</tr>{rows}</table>")
    assert "| Clube | Pontos |\n| Clube 0 | 0 |\n" in text
    assert text.endswith("| Clube 29 | 29 |")
    assert text.count("| Clube 29 | 29 |") == 1


def test_an_infobox_beside_the_article_is_kept() -> None:
    box = "<aside class=infobox><table><tr><th>Técnico<td>Hansi Flick</table></aside>"
    text = text_of(f"<main><article><h1>Clube</h1>{PROSE}</article>{box}</main>")
    assert text.count("| Técnico | Hansi Flick |") == 1


def test_a_table_that_only_arranges_a_page_is_no_table() -> None:
    inner = "<table><tr><td>Gols<td>28</table>"
    layout = f"<table><tr><td><ul>{MENU}</ul><td><h1>Clube</h1><p>Foi 2º.</p>{inner}</table>"
    assert text_of(layout) == "# Clube\n\nFoi 2º.\n\n| Gols | 28 |"


def test_lines_within_a_cell_are_told_apart() -> None:
    cell = "<td>12' Hakimi<br>20' Doué<td>Munique,<br>Alemanha"
    assert text_of(f"<table><tr><th>Gols<th>Local<tr>{cell}</table>").endswith(
        "| 12' Hakimi; 20' Doué | Munique, Alemanha |"
    )


def test_terms_stand_with_their_descriptions() -> None:
    terms = "<dl><dt>Técnico<dd>Luis Enrique<dt>Capitão<dd>Marquinhos</dl>"
    assert text_of(terms) == "- Técnico: Luis Enrique\n- Capitão: Marquinhos"


def test_paragraphs_of_a_description_are_told_apart() -> None:
    assert text_of("<dl><dt>Clubes<dd><p>Paris</p><p>Lille</p></dl>") == "- Clubes: Paris\n  Lille"


def test_what_is_hidden_goes_unless_it_is_a_table() -> None:
    table = "<div hidden><table><tr><td>Gols<td>28</table></div>"
    hidden = "<div style='display: none'><p>Assine já</p></div>"
    assert text_of(f"<h1>Clube</h1><p>Foi segundo.</p>{hidden}{table}") == (
        "# Clube\n\nFoi segundo.\n\n| Gols | 28 |"
    )


def test_a_page_about_consent_is_kept() -> None:
    assert text_of(f"<h1>Lei</h1><div class=lgpd-consent>{PROSE}</div>").startswith("# Lei\n\nNa 1")


def test_marks_of_references_stand_apart() -> None:
    assert text_of("<p>Público: 64.327.<sup><a>[1]</a></sup> Área: 7 m<sup>2</sup></p>") == (
        "Público: 64.327. [1] Área: 7 m²"
    )


def test_a_page_within_a_form_is_kept() -> None:
    assert text_of("<form><h1>Clube</h1><p>Texto.</p><input></form>") == "# Clube\n\nTexto."


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Final | Portal</title>", "<h1>Final</h1>", "Final"),
        ("<title>Final | Portal</title>", "<h1>Portal da Bola</h1><h1>Final</h1>", "Final"),
        ("<title>Final</title>", "<p>x</p>", "Final"),
        ("", "<h1>Final<br>de <b>2</b>025</h1>", "Final de 2025"),
        ("<title>Site</title><meta property='og:title' content='Final'>", "<p>x</p>", "Final"),
        (
            "<title>Taxas — Manual da escola 3.2</title>",
            "<h1><a href=../index.html>Manual da escola 3.2</a></h1><h1>Taxas</h1>",
            "Taxas",
        ),
        (
            "<title>escola.taxas — Manual da escola 3.2</title>",
            "<h1><a href=../index.html>Manual da escola 3.2</a></h1><h1>De onde vem a taxa</h1>",
            "De onde vem a taxa",
        ),
        (
            "<title>As taxas – Blog</title>",
            "<h1><a href=/>Blog</a></h1><h1><a href=/as-taxas/>As taxas</a></h1>",
            "As taxas",
        ),
    ],
)
def test_the_title_is_the_heading_or_what_the_page_calls_itself(
    head: str, body: str, title: str
) -> None:
    assert page(body, head).title == title


def test_the_address_is_the_one_that_the_page_gives() -> None:
    assert (
        page("<p>x</p>", "<link rel=canonical href=https://a.example/f>").url
        == "https://a.example/f"
    )


def test_the_declared_encoding_is_used() -> None:
    source = '<html><head><meta charset="windows-1251"></head><body><p>Привет</p></body></html>'
    assert render(read(source.encode("cp1251"), Hints()).blocks) == "Привет"


def test_xhtml_with_an_xml_declaration_is_read() -> None:
    source = '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>Ação</p></body></html>'
    assert render(read(source.encode("cp1252"), Hints()).blocks) == "Ação"


@pytest.mark.parametrize("body", [COOKIES, ""])
def test_a_page_without_text_gives_none(body: str) -> None:
    assert text_of(body) == ""


@pytest.mark.parametrize("source", [b"", b"<!-- x -->", b"<frameset><frame src=a></frameset>"])
def test_a_page_without_a_body_is_refused(source: bytes) -> None:
    with pytest.raises(Dropped) as caught:
        read(source, Hints())
    assert caught.value.reason == IngestReason.NO_TEXT


def test_marks_left_open_a_thousand_times_lose_no_text() -> None:
    assert text_of("".join(f"<font>x{n} " for n in range(1000))).endswith("x998 x999")


def test_a_deeply_nested_page_is_read_whole() -> None:
    body = f"<h1>Clube</h1>{'<div>' * 1500}{PROSE}"
    assert text_of(body).startswith("# Clube\n\nNa 1ª rodada")
    assert "Na 12ª rodada" in text_of(body)


def test_a_page_nested_too_deep_to_read_is_refused() -> None:
    with pytest.raises(Dropped) as caught:
        page("<div>" * 5000 + "texto")
    assert caught.value.reason == IngestReason.UNREADABLE


def test_characters_that_no_document_may_hold_are_left_out() -> None:
    assert text_of("<table><tr><td>a&#1;b&#xFFFE;<td>c</table>") == "| ab | c |"


@pytest.mark.parametrize(
    "control", ["&#8;", "&#x1F;", "&#31", "&#XFFFE;", "&&#8;#8;", "\x0b", "\x0c", "&#12;"]
)
def test_controls_beside_what_is_taken_out_are_left_out(control: str) -> None:
    body = f"<h1>Final</h1><p>Fim{control}<button>x</button>{control} do jogo<sup>[1]</sup></p>"
    text = text_of(body)
    assert text.startswith("# Final\n\nFim")
    assert text.endswith("do jogo [1]")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ufffe]", text)


def test_a_reference_to_nothing_at_all_does_no_harm() -> None:
    assert text_of("<p>a<button>x</button>&#0;&#xD800;&#x110000;b</p>").strip("ab\ufffd") == ""


def test_a_reference_that_is_only_shown_stays() -> None:
    assert text_of("<p>Escreve-se &amp;#8; assim</p>") == "Escreve-se &#8; assim"


@pytest.mark.parametrize(
    "name", ["comments", "share", "toc-content", "cmp-text", "paywall", "ad-hoc"]
)
@pytest.mark.parametrize("attribute", ["id", "class"])
def test_a_name_alone_takes_no_sentence_from_a_page(attribute: str, name: str) -> None:
    box = f"<div {attribute}={name}><p>O lucro foi de 40 milhões em 2024.</p></div>"
    assert "40 milhões" in text_of(f"<main><h1>Clube</h1>{PROSE}{box}</main>")


def test_what_is_left_out_is_accounted_for() -> None:
    left_out = page(f"<nav><ul>{MENU}</ul></nav><main><h1>Clube</h1>{PROSE}</main>{FOOT}").left_out
    assert [(one.why, one.words) for one in left_out] == [
        (Omission.NAVIGATION, 18),
        (Omission.AROUND, 4),
    ]


def test_a_menu_that_was_never_closed_takes_no_page_along() -> None:
    assert "Na 12ª rodada" in text_of(f"<nav><ul>{MENU}</ul><h1>Clube</h1>{PROSE}")


def test_a_text_beside_what_looks_like_the_main_part_stays() -> None:
    body = f"<div class=share><p>A sala reabre com 300 lugares.</p></div><div>{PROSE}</div>"
    assert "300 lugares" in text_of(body)


def test_several_pages_in_a_file_are_read() -> None:
    one = "<!DOCTYPE html><html><head><title>a</title></head><body><p>Art. {}.</p></body></html>\n"
    source = one.format(1) + one.format(2) + "<p>Art. 3.</p>"
    assert render(read(source.encode(), Hints()).blocks) == "Art. 1.\n\nArt. 2.\n\nArt. 3."


def test_what_a_page_says_without_scripts_is_read_if_it_is_all_there_is() -> None:
    silent = "<noscript><h1>Clube</h1><p>Texto.</p></noscript>"
    assert text_of(silent) == text_of(f"{silent}<script>x()</script>") == "# Clube\n\nTexto."


def test_a_page_of_frames_says_what_it_says_without_frames() -> None:
    source = b"<frameset><frame src=a><noframes><p>Texto do clube.</p></noframes></frameset>"
    assert render(read(source, Hints()).blocks) == "Texto do clube."


def test_a_note_outside_of_the_main_part_comes_along() -> None:
    note = "<footer><p id=n1><a href=#r1>1</a> Fonte do dado.</p></footer>"
    text = text_of(f"<main>{PROSE}<p>Fim.<sup><a id=r1 href=#n1>1</a></sup></p></main>{note}")
    assert text.endswith("Fim. [1]\n\n[1] Fonte do dado.")


ARCHIVE = b"""From: <saved>\r
MIME-Version: 1.0\r
Content-Type: multipart/related; type="text/html"; boundary="--x"\r
\r
----x\r
Content-Type: text/html; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
<html><body><h1>Opera=E7=E3o</h1><p>Ponte=\r
 longa.</p></body></html>\r
----x\r
Content-Type: text/html\r
Content-Location: https://a.example/frame\r
\r
<p>Moldura</p>\r
----x--\r
"""


def test_a_web_archive_is_the_page_in_it() -> None:
    found = read(ARCHIVE, Hints())
    assert render(found.blocks) == "# Operação\n\nPonte longa."
    assert [one.sample for one in found.left_out] == ["https://a.example/frame"]


def test_an_encoding_that_has_no_name_costs_no_page() -> None:
    head = b'MIME-Version: 1.0\nContent-Type: text/html; charset="a\0b"\n\n'
    assert render(read(head + b"<p>Ponte longa.</p>", Hints()).blocks) == "Ponte longa."


def test_a_web_archive_without_a_page_is_refused() -> None:
    with pytest.raises(Dropped, match="without a page"):
        read(b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x--\n", Hints())


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("iso-8859-9", "cp1254", "Köprü “eski” ş"),
        ("shift_jis", "cp932", "橋①髙"),
        ("gb2312", "gb18030", "桥镕"),
        ("utf-7", "utf-8", "a+AOk- ponte"),
        ("unicode_escape", "utf-8", r"C:\novo\x"),
    ],
)
def test_an_encoding_is_the_one_that_browsers_read(declared: str, encoding: str, text: str) -> None:
    source = f"<html><head><meta charset={declared}></head><body><p>{text}</p></body></html>"
    assert render(read(source.encode(encoding), Hints()).blocks) == text


@pytest.mark.parametrize(
    ("head", "body", "date"),
    [
        ("<meta property=article:modified_time content=2025-03-01T10:00:00Z>", "",
         "2025-03-01T10:00:00Z"),
        ("<meta name=date content=2024-01-02><meta itemprop=dateModified content='2025-02-03'>", "",
         "2025-02-03"),
        ("<script type=application/ld+json>{\"dateModified\": \"2025-05-06\"}</script>", "",
         "2025-05-06"),
        ("", "<time datetime=2023-04-05>5 de abril</time>", "2023-04-05"),
        ("", "<time datetime=2023-04-05>a</time><time datetime=2024-04-05>b</time>", ""),
        ("<meta name=date content=ontem>", "", ""),
    ],
)  # fmt: skip
def test_the_date_is_the_last_change_that_the_page_names(head: str, body: str, date: str) -> None:
    assert page(f"<p>x</p>{body}", head).date == date

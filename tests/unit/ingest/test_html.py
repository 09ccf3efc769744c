import re

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.html import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page

MENU = "".join(f'<li><a href="/{n}">Seção {n}</a></li>' for n in range(9))
COOKIES = """<div id="cookieConsent" role="dialog"><p>Usamos cookies para melhorar a sua
    experiência. Ao continuar aceita a nossa política.</p><button>Aceitar</button></div>"""
FOOT = "<footer><p>Todos os direitos reservados</p></footer>"
PROSE = "".join(
    f"<p>Na {n}ª rodada o time venceu por {n} a 0 em casa, com gols de <a href=j>Jogador {n}</a> "
    "e do capitão, que voltou depois de meses fora por lesão na coxa esquerda.</p>"
    for n in range(1, 13)
)


def page(body: str, head: str = "") -> Page:
    source = (
        f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    )
    return read(source.encode(), Hints(languages=("pt",)))


def test_menus_cookies_and_footers_go() -> None:
    noise = f"{COOKIES}<header><h1>Portal</h1></header><nav><ul>{MENU}</ul></nav>"
    body = f"{noise}<main><article><h1>Final</h1><p>O Paris venceu.</p></article></main>{FOOT}"
    assert page(body) == Page(text="# Final\n\nO Paris venceu.", title="Final")


def test_a_menu_without_a_name_goes() -> None:
    assert page(f"<div><ul>{MENU}</ul></div><h1>Final</h1><p>Fim.</p>").text == "# Final\n\nFim."


def test_a_list_of_links_below_the_heading_stays() -> None:
    clubs = "".join(f"<li><a href=/{club}>{club}</a></li>" for club in ("Brest", "Lille", "Paris"))
    assert page(f"<h1>Clubes</h1><ul>{clubs}</ul>").text == "# Clubes\n\n- Brest\n- Lille\n- Paris"


@pytest.mark.parametrize(
    "name", ["class=nav-links", "id=siteFooter", "role=search", "aria-label=menu"]
)
def test_furniture_is_known_by_its_names(name: str) -> None:
    assert page(f"<h1>Final</h1><p>O Paris venceu.</p><div {name}>Leia</div>").text == (
        "# Final\n\nO Paris venceu."
    )


def test_main_text_without_any_name_is_told_from_the_rest() -> None:
    links = "".join(
        f"<div><a href=/{n}>Outra notícia sobre outro assunto</a></div>" for n in "abcd"
    )
    extra = "<h2>Ficha</h2><ul><li><a href=c>Barcelona</a></li><li><a href=b>Brest</a></li></ul>"
    text = page(f"<div><div><h1>Temporada</h1>{PROSE}{extra}</div><div>{links}</div></div>").text
    assert "Outra notícia" not in text
    assert text.endswith("## Ficha\n\n- Barcelona\n- Brest")


def test_cells_that_span_stand_in_each_of_their_places() -> None:
    rows = "<tr><th>Gol<th>Clube<tr><td>12'<td rowspan=2>PSG<tr><td>20'<tr><td colspan=2>Fim"
    assert page(f"<table>{rows}</table>").text == (
        "| Gol | Clube |\n| 12' | PSG |\n| 20' | PSG |\n| Fim |"
    )


def test_a_table_full_of_links_is_kept() -> None:
    rows = "".join(f"<tr><td><a href=x>Clube {n}</a><td>{n}</tr>" for n in range(30))
    text = page(f"<h1>Tabela</h1>{PROSE}<table><tr><th>Clube<th>Pontos</tr>{rows}</table>").text
    assert "| Clube | Pontos |\n| Clube 0 | 0 |\n" in text
    assert text.endswith("| Clube 29 | 29 |")
    assert text.count("| Clube 29 | 29 |") == 1


def test_an_infobox_beside_the_article_is_kept() -> None:
    box = "<aside class=infobox><table><tr><th>Técnico<td>Hansi Flick</table></aside>"
    text = page(f"<main><article><h1>Clube</h1>{PROSE}</article>{box}</main>").text
    assert text.count("| Técnico | Hansi Flick |") == 1


def test_a_table_that_only_arranges_a_page_is_no_table() -> None:
    inner = "<table><tr><td>Gols<td>28</table>"
    layout = f"<table><tr><td><ul>{MENU}</ul><td><h1>Clube</h1><p>Foi 2º.</p>{inner}</table>"
    assert page(layout).text == "# Clube\n\nFoi 2º.\n\n| Gols | 28 |"


def test_lines_within_a_cell_are_told_apart() -> None:
    cell = "<td>12' Hakimi<br>20' Doué<td>Munique,<br>Alemanha"
    assert page(f"<table><tr><th>Gols<th>Local<tr>{cell}</table>").text.endswith(
        "| 12' Hakimi; 20' Doué | Munique, Alemanha |"
    )


def test_terms_stand_with_their_descriptions() -> None:
    terms = "<dl><dt>Técnico<dd>Luis Enrique<dt>Capitão<dd>Marquinhos</dl>"
    assert page(terms).text == "- Técnico: Luis Enrique\n- Capitão: Marquinhos"


def test_paragraphs_of_a_description_are_told_apart() -> None:
    assert page("<dl><dt>Clubes<dd><p>Paris</p><p>Lille</p></dl>").text == "- Clubes: Paris; Lille"


def test_what_is_hidden_goes_unless_it_is_a_table() -> None:
    table = "<div hidden><table><tr><td>Gols<td>28</table></div>"
    hidden = "<div style='display: none'><p>Assine já</p></div>"
    assert page(f"<h1>Clube</h1><p>Foi segundo.</p>{hidden}{table}").text == (
        "# Clube\n\nFoi segundo.\n\n| Gols | 28 |"
    )


def test_a_page_about_consent_is_kept() -> None:
    assert page(f"<h1>Lei</h1><div class=lgpd-consent>{PROSE}</div>").text.startswith(
        "# Lei\n\nNa 1"
    )


def test_marks_of_references_go() -> None:
    assert page("<p>Público: 64.327.<sup><a>[1]</a></sup> Área: 7 m<sup>2</sup></p>").text == (
        "Público: 64.327. Área: 7 m2"
    )


def test_a_page_within_a_form_is_kept() -> None:
    assert page("<form><h1>Clube</h1><p>Texto.</p><input></form>").text == "# Clube\n\nTexto."


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Final | Portal</title>", "<h1>Final</h1>", "Final"),
        ("<title>Final | Portal</title>", "<h1>Portal da Bola</h1><h1>Final</h1>", "Final"),
        ("<title>Final</title>", "<p>x</p>", "Final"),
        ("", "<h1>Final<br>de <b>2</b>025</h1>", "Final de 2025"),
        ("<title>Site</title><meta property='og:title' content='Final'>", "<p>x</p>", "Final"),
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
    assert read(source.encode("cp1251"), Hints()).text == "Привет"


def test_xhtml_with_an_xml_declaration_is_read() -> None:
    source = '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>Ação</p></body></html>'
    assert read(source.encode("cp1252"), Hints()).text == "Ação"


@pytest.mark.parametrize("body", ["<script>render()</script><div id=root></div>", COOKIES, ""])
def test_a_page_without_text_gives_none(body: str) -> None:
    assert page(body).text == ""


@pytest.mark.parametrize("source", [b"", b"<!-- x -->", b"<frameset><frame src=a></frameset>"])
def test_a_page_without_a_body_is_refused(source: bytes) -> None:
    with pytest.raises(Dropped) as caught:
        read(source, Hints())
    assert caught.value.reason == IngestReason.NO_TEXT


def test_marks_left_open_a_thousand_times_lose_no_text() -> None:
    assert page("".join(f"<font>x{n} " for n in range(1000))).text.endswith("x998 x999")


def test_a_deeply_nested_page_is_read_whole() -> None:
    body = f"<h1>Clube</h1>{'<div>' * 1500}{PROSE}"
    assert page(body).text.startswith("# Clube\n\nNa 1ª rodada")
    assert "Na 12ª rodada" in page(body).text


def test_a_page_nested_too_deep_to_read_is_refused() -> None:
    with pytest.raises(Dropped) as caught:
        page("<div>" * 5000 + "texto")
    assert caught.value.reason == IngestReason.UNREADABLE


def test_characters_that_no_document_may_hold_are_left_out() -> None:
    assert page("<table><tr><td>a&#1;b&#xFFFE;<td>c</table>").text == "| ab | c |"


@pytest.mark.parametrize(
    "control", ["&#8;", "&#x1F;", "&#31", "&#XFFFE;", "&&#8;#8;", "\x0b", "\x0c", "&#12;"]
)
def test_controls_beside_what_is_taken_out_are_left_out(control: str) -> None:
    body = f"<h1>Final</h1><p>Fim{control}<button>x</button>{control} do jogo<sup>[1]</sup></p>"
    text = page(body).text
    assert text.startswith("# Final\n\nFim")
    assert text.endswith("do jogo")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ufffe]", text)


def test_a_reference_to_nothing_at_all_does_no_harm() -> None:
    assert page("<p>a<button>x</button>&#0;&#xD800;&#x110000;b</p>").text.strip("ab\ufffd") == ""


def test_a_reference_that_is_only_shown_stays() -> None:
    assert page("<p>Escreve-se &amp;#8; assim</p>").text == "Escreve-se &#8; assim"

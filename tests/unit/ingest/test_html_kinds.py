"""Kinds of pages that people save: with styles, with scripts, made by generators, of news sites."""

import json

import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission
from gabarito.ingest.formats.web.html import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

TOP = "<h1>Taxas</h1><p>A taxa vence no primeiro dia do mês e é paga por todos os sócios.</p>"
TOLD = "# Taxas\n\nA taxa vence no primeiro dia do mês e é paga por todos os sócios."


def page(body: str, head: str = "") -> BlockPage:
    return read(f"<html><head>{head}</head><body>{body}</body></html>".encode(), Hints())


def below(body: str, head: str = "") -> str:
    """Return what is read of a body that follows a heading and a sentence."""
    return render(page(TOP + body, head).blocks).removeprefix(TOLD).strip()


def test_what_the_styles_of_a_page_hide_is_left_out_as_hidden() -> None:
    styles = "<style>/* a */ .off, p.gone { color: red; display: none }</style>"
    found = page(f"{TOP}<p class=off>Isto não se vê.</p><p class=gone>Nem isto.</p>", styles)
    assert render(found.blocks) == TOLD
    assert [(one.why, one.words) for one in found.left_out] == [
        (Omission.HIDDEN, 4),
        (Omission.HIDDEN, 2),
    ]


@pytest.mark.parametrize(
    "styles",
    [
        ".x{display:none} .x.open{display:block}",
        ".x{display:none} @media (min-width:9em){.x{display:flex}}",
        "@media print{.x{display:none}}",
        "@media screen{.x{display:none}}",
        ".menu .x{display:none}",
        ".x:hover{display:none}",
    ],
)
def test_what_a_style_hides_at_times_only_stays(styles: str) -> None:
    assert below("<p class=x>Isto fica.</p>", f"<style>{styles}</style>") == "Isto fica."


def test_what_is_to_be_read_on_paper_stays() -> None:
    assert below('<p class="print-only" style="display:none">No papel.</p>') == "No papel."


def test_a_formula_of_mathjax_stays_whatever_its_class_is_called() -> None:
    drawn = "<mjx-math aria-hidden=true><mjx-c></mjx-c></mjx-math>"
    spoken = "<mjx-assistive-mml><math><mi>a</mi><mo>≠</mo><mn>0</mn></math></mjx-assistive-mml>"
    kind = 'class="MathJax CtxtMenu_Attached_0"'
    formula = f"<mjx-container {kind}>{drawn}{spoken}</mjx-container>"
    assert below(f"<div>Se {formula}, há duas.</div>") == "Se a≠0, há duas."


def test_a_formula_that_is_drawn_beside_its_tex_is_read_once() -> None:
    drawn = "<span class=MathJax_Preview></span><span class=MathJax><span>x</span>2</span>"
    tex = '<script type="math/tex">x^2</script>'
    assert below(f"<p>Se {drawn}{tex} cresce.</p>") == "Se x^2 cresce."


def test_a_hash_is_no_name_of_furniture() -> None:
    rows = "<div class=a0ad1f9>~Interface ()</div><div id=ad2>Compre</div>"
    assert below(rows) == "~Interface ()"


def test_links_to_named_places_of_the_page_are_no_menu() -> None:
    links = "".join(f"<li><a href='a.html#f{n}'>soma_{n}</a> ()</li>" for n in range(5))
    places = "".join(f"<p><a name=f{n}></a>Soma {n} números que são dados.</p>" for n in range(5))
    assert below(f"<ul>{links}</ul>{places}").startswith("- soma_0 ()\n- soma_1 ()")


def test_lines_that_lead_to_the_chapters_beside_go_in_a_book_of_one_page() -> None:
    turn = "<div class=header><p>Next: <a href=#b rel=next>Prazos</a>, Up: <a href=#t rel=up>Taxas"
    parts = "".join(
        f"{turn}</a> [<a href=#c rel=contents>Índice</a>]</p></div><h2 id={name}>{name}</h2>"
        f"<p>A parte {name} diz o que se paga e quando.</p>"
        for name in "tbc"
    )
    told = "## {0}\n\nA parte {0} diz o que se paga e quando."
    assert below(parts) == "\n\n".join(map(told.format, "tbc"))


def test_code_that_doxygen_sets_line_by_line_is_code() -> None:
    number = '<span class="lineno"><a href="s.html#a">   29</a></span>'
    links = "<a href=t.html>list_t</a>* (*<a href=r.html>read</a>)(<a href=u.html>IO</a>* io);"
    tip = "<div class=ttc><div class=ttname>list_t</div></div>"
    lines = f"<div class=line>{number}  {links}</div><div class=line>    return;</div>{tip}"
    assert below(f"<div class=fragment>{lines}</div>") == (
        "```\n  list_t* (*read)(IO* io);\n    return;\n```"
    )


@pytest.mark.parametrize(
    "code",
    [
        "<table><tr><td class=linenos><div class=linenodiv><pre>1\n2</pre></div></td>"
        "<td class=code><pre>a = 1\n  b = 2\n</pre></td></tr></table>",
        "<pre><table><tr><td class=gutter><pre class=lineno>1\n2\n</pre></td>"
        "<td><pre>a = 1\n  b = 2\n</pre></td></tr></table></pre>",
        "<pre><button>Copiar</button><code>a = 1\n  b = 2\n</code></pre>",
        "<pre><a class=viewcode-back href=a.html>[docs]</a>a = 1\n  b = 2\n</pre>",
        "<pre><code><a href=#1 id=1 data-nosnippet>1</a>a = 1\n"
        "<a href=#2 id=2 data-nosnippet>2</a>  b = 2\n</code></pre>",
        "<table><tr><td><pre><code><span style='white-space:pre;user-select:none'>1\n</span>"
        "<span style='white-space:pre;user-select:none'>2\n</span></code></pre></td>"
        "<td><pre><code>a = 1\n  b = 2\n</code></pre></td></tr></table>",
    ],
)
def test_numbers_of_lines_and_buttons_are_no_code(code: str) -> None:
    assert below(code) == "```\na = 1\n  b = 2\n```"


def test_a_page_that_only_lists_links_below_headings_is_kept() -> None:
    lists = "".join(
        f"<h2>{year}</h2><ul>"
        + "".join(f"<li><a href=/{year}/{n}>Relatório {n}</a></li>" for n in range(3))
        + "</ul>"
        for year in (2024, 2023, 2022)
    )
    text = render(page(f"<nav><a href=/>Início</a></nav><h1>Relatórios</h1>{lists}").blocks)
    assert text.startswith("# Relatórios\n\n## 2024\n\n- Relatório 0\n- Relatório 1")
    assert "Início" not in text


def test_a_form_that_is_filled_in_stays() -> None:
    fields = "<p>Nome: <input value=Ana></p><p><input type=checkbox checked> Sócia</p>"
    assert below(f"<form>{fields}</form>") == "Nome: Ana\n\n[x] Sócia"
    assert below("<form><p>E-mail: <input type=email></p><button>Assinar</button></form>") == ""


def test_a_box_that_asks_to_accept_cookies_goes_and_a_chapter_about_them_stays() -> None:
    asks = "Este site usa cookies para medir as visitas. Pode recusar os que não são precisos. "
    box = f"<div class=cookie-box><p>{asks * 3}</p><button>Aceitar</button></div>"
    chapter = f"<section id=cookies><h2>Cookies</h2><p>{asks}</p></section>"
    filler = "<p>O prazo é de dez dias e conta da data da carta.</p>" * 20
    text = below(f"{filler}{chapter}{box}")
    assert text.endswith(f"## Cookies\n\n{asks.strip()}")


def test_a_link_past_the_menu_goes() -> None:
    skip = "<a class=skip-link href=#c>Ir para o texto</a>"
    assert render(page(f"{skip}<div id=c>{TOP}</div>").blocks) == TOLD


def test_what_only_a_style_sets_apart_stands_apart() -> None:
    item = "<div><a href=/l>Lei n.º 5 das taxas</a><span>01.02.2024</span></div>"
    assert below(item) == "Lei n.º 5 das taxas 01.02.2024"
    tabs = "<div role=tablist><button role=tab aria-selected=true>Linux</button>"
    assert below(f"{tabs}<button role=tab aria-selected=false>Mac</button></div>") == "Linux Mac"


def test_the_same_picture_is_said_once() -> None:
    picture = "<p><img src=a alt='A ponte nova'></p>"
    assert below(picture * 3) == "[picture: A ponte nova]"


def test_an_article_is_told_from_longer_comments_where_the_page_declares_it() -> None:
    story = "".join(f"<p>A câmara votou o ponto {n} sem demora.</p>" for n in range(9))
    comments = "".join(f"<p>Eu acho que o ponto {n} foi mal votado.</p>" for n in range(40))
    body = f"<div><article><h1>Votação</h1>{story}</article></div><div>{comments}</div>"
    head = "<meta property=og:type content=article>"
    assert "Eu acho" not in render(page(body, head).blocks)
    assert "Eu acho" in render(page(body).blocks)


def test_the_article_that_a_page_carries_as_data_is_read_where_it_shows_none() -> None:
    story = "A câmara votou ontem a nova taxa, que sobe para doze euros. " * 9
    data = json.dumps([{"@type": "NewsArticle", "articleBody": f"{story}\n\nFim."}])
    head = f"<title>Taxa</title><script type=application/ld+json>{data}</script>"
    text = render(page("<div id=root></div>", head).blocks)
    assert text == f"# Taxa\n\n{story.strip()}\n\nFim."


@pytest.mark.parametrize(
    "body",
    [
        "<div id=root></div><script src=app.js></script>",
        "<script>x()</script><noscript>Please enable JavaScript.</noscript><p>Loading</p>",
    ],
)
def test_a_page_that_scripts_write_is_named_with_the_cure(body: str) -> None:
    with pytest.raises(Dropped, match="open it in a browser and save it as shown there"):
        page(body)


def test_scripts_beside_the_text_are_no_text_left_out() -> None:
    aside = "<div><script>var words = 1</script><p>Leia</p></div>"
    story = "".join(f"<p>A câmara votou o ponto {n} sem demora.</p>" for n in range(9))
    found = page(f"<main>{TOP}{story}</main>{aside}")
    assert [one.sample for one in found.left_out] == ["Leia"]


def test_letters_that_were_decoded_twice_are_decoded_again() -> None:
    story = "A votação é amanhã, e não às três. “Já é tarde”, disse o João."
    twice = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in story.encode())
    found = page(f"<p>{twice}</p>", "<meta charset=utf-8>")
    assert (render(found.blocks), found.decoded_again > 5) == (story, True)


def test_a_term_stands_before_the_list_that_explains_it() -> None:
    said = below("<dl><dt>Ver também:<dd><ul><li>Isenções</ul><dt>Desde:<dd>2019</dl>")
    assert said == "- Ver também:\n  - Isenções\n- Desde: 2019"


def test_what_a_term_is_stands_apart_from_it() -> None:
    said = below("<dl><dt><b>valor</b><span class=classifier>número</span><dd>Em reais.</dl>")
    assert said == "- valor: número: Em reais."


MORE = f"<p>{'A taxa vence no primeiro dia do mês e é paga por todos. ' * 9}</p>"
LINKS = "".join(f"<li><a href={name}.html>Manual {name}</a></li>" for name in "abc")


@pytest.mark.parametrize("frame", ["<ul>{}</ul>", "<div><ul>{}</ul></div>"])
def test_links_that_a_sentence_announces_are_text(frame: str) -> None:
    told = "<p>Antes de pedir a isenção devem ser lidos:</p>"
    assert below(told + frame.format(LINKS)).endswith("- Manual a\n- Manual b\n- Manual c")
    assert below("<p>Ver também:</p>" + frame.format(LINKS)) == "Ver também:"


def test_cells_full_of_links_below_names_of_columns_are_no_menu() -> None:
    cell = "<td><a href=https://packages.example/{0}{1}>Pacote {0} da versão {1}</a></td>"
    rows = "".join(f"<tr>{''.join(cell.format(at, to) for to in range(3))}</tr>" for at in range(4))
    table = "<table><tr>{}</tr>" + rows + "</table>"
    told = below(MORE + table.format("<th>Nome<th>Tamanho<th>Assunto") + MORE)
    assert "| Pacote 3 da versão 0 | Pacote 3 da versão 1 | Pacote 3 da versão 2 |" in told
    assert "Pacote" not in below(MORE + table.format("<th colspan=3>Nomes") + MORE)


def test_links_to_the_pages_before_and_after_are_none() -> None:
    turns = (
        "<div><a class=left-prev href=a.html><p>anterior</p><p>Sócios</p></a>"
        "<a rel=next href=b.html><p>seguinte</p><p>Multas</p></a></div>"
    )
    assert below(f"<main><p>Nada mais.</p>{turns}</main>") == "Nada mais."
    assert "Multas" in below(f"<main><p>Nada mais.</p>{turns.replace('rel=next', '')}</main>")


def test_a_note_within_its_raised_mark_is_a_note() -> None:
    said = below("<p>Paga-se em maio<sup>7<span>Ou no dia útil seguinte.</span></sup>, sempre.</p>")
    assert said == "Paga-se em maio [7], sempre.\n\n[7] Ou no dia útil seguinte."
    assert below("<p>x<sup>7<span>n</span></sup></p>") == "x⁷ⁿ"


def test_a_button_of_a_heading_that_is_but_a_picture_is_no_text() -> None:
    found = page(TOP.replace("</h1>", "<button><img alt='Copiar o endereço'></button></h1>"))
    assert (found.title, render(found.blocks)) == ("Taxas", TOLD)
    told = below("<h2><button>Isenções</button></h2><p>Não há.</p>")
    assert told == "## Isenções\n\nNão há."


def test_a_button_beside_a_heading_s_words_is_none_of_them() -> None:
    heads = "<h2>Taxa <b>anual</b>&nbsp;<button>Copiar o endereço</button></h2>"
    asked = "<h3><button aria-expanded=false>Quem paga?</button> <span>+</span></h3>"
    told = below(f"{heads}<p>São 3 €.</p>{asked}<p>Todos.</p>")
    assert told == "## Taxa anual\n\nSão 3 €.\n\n### Quem paga? +\n\nTodos."


def test_a_box_of_sources_in_the_main_text_stays_and_one_of_links_goes() -> None:
    box = "<aside class=topic><p>Fontes</p><ul>{}</ul></aside>"
    item = "<li>[{0}] Silva e Souza, <a href={0}.html>A ponte do vale {0}</a>, Santos, 201{0}.</li>"
    sources = box.format("".join(map(item.format, range(3))))
    links = box.format("".join(f"<li><a href={at}.html>Obra {at}</a></li>" for at in range(3)))
    text = render(page(f"<main>{TOP}{sources}{links}</main>").blocks)
    assert "- [2] Silva e Souza, A ponte do vale 2, Santos, 2012." in text
    assert "Obra" not in text


def test_a_numbered_chapter_in_a_line_of_links_is_no_sentence() -> None:
    head = (
        "<div class=navheader><table><tr><th colspan=3>Isenções</th></tr><tr><td><a href=a>Antes"
        "</a></td><th>Capítulo 17. Taxas e isenções</th><td><a href=b>Depois</a></td></tr></table>"
        "</div>"
    )
    more = "<p>Os isentos não pagam a taxa no ano em que se inscrevem.</p>"
    assert render(page(head + TOP + more).blocks).startswith(TOLD)


def test_a_title_of_the_second_level_beside_the_text_stays() -> None:
    told = f"<div><h2>17.4. Taxas</h2></div><div><div>{MORE}{MORE}</div></div>"
    assert render(page(told, "<title>17.4. Taxas</title>").blocks).startswith("## 17.4. Taxas")

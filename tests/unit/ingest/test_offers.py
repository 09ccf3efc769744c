"""What a site offers below an article: told by what it is, and only where there is an article."""

import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission
from gabarito.ingest.formats.web.html import read
from gabarito.ingest.page import Hints

DECLARED = '<meta property="og:type" content="article">'
SENTENCE = "A ponte do vale liga as duas margens do rio e serve o bairro da estação. "
STORY = f"<div><h1>Ponte</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 3}</p></div>"
TEASER = "<li><a href='/{0}'><h3>Outra notícia {0}</h3></a><p>Diz pouco da notícia {0}.</p></li>"
COMMENT = (
    "<li class='c {0}'><div>Ana {0}, às 10:3{0}</div><p>Discordo do artigo. A obra {0} custou "
    "muito caro, e ninguém passa por ela aos domingos.</p></li>"
)
READ = f"# Ponte\n\n{(SENTENCE * 3).strip()}\n\n{(SENTENCE * 3).strip()}"


def page(body: str, head: str = DECLARED) -> BlockPage:
    return read(f"<html><head>{head}</head><body>{body}</body></html>".encode(), Hints())


def several(form: str) -> str:
    return "<ul>" + "".join(form.format(at) for at in range(4)) + "</ul>"


@pytest.mark.parametrize("form", [TEASER, COMMENT])
def test_teasers_and_comments_below_an_article_are_left_out_and_counted(form: str) -> None:
    found = page(f"{STORY}<div><h2>E mais</h2>{several(form)}</div>")
    assert render(found.blocks) == READ
    assert {one.why for one in found.left_out} == {Omission.AROUND}
    assert sum(one.words for one in found.left_out) > 4 * 8


def test_comments_that_are_no_items_of_a_list_go_below_an_article_set_in_lines() -> None:
    story = STORY.replace("</p><p>", "<br><br>").replace("<p>", "").replace("</p>", "<br>")
    comments = several(COMMENT.replace("<li", "<div").replace("</li", "</div"))
    found = page(f"{story}<div><h2>E mais</h2>{comments}</div>")
    assert render(found.blocks) == READ


def test_a_page_that_is_no_article_keeps_what_is_written_below() -> None:
    assert "A obra 3 custou muito caro" in render(page(STORY + several(COMMENT), "").blocks)


@pytest.mark.parametrize(
    "form",
    [
        "<li>Silva, Ana. “A ponte.” Jornal do Vale, 12 maio 201{0}, p. {0}.</li>",
        "<li><div>Parte {0}</div><p>O trecho {0} da ponte tem dez metros.</p></li>",
    ],
)
def test_sources_and_sections_below_an_article_stay(form: str) -> None:
    found = page(STORY + several(form))
    assert render(found.blocks).startswith(READ)
    assert found.left_out == []


def test_entries_of_a_list_within_the_text_stay() -> None:
    entry = "<li><h3>Lugar {0}</h3><img src='{0}.png'><p>O lugar {0} é bom de ver. Ele fica no "
    entry += "centro da cidade. Vá até <a href='/{0}'>lá</a>. É perto.</p></li>"
    within = STORY.replace("</div>", several(entry) + f"<p>{SENTENCE * 3}</p></div>")
    text = render(page(within).blocks)
    assert all(f"Lugar {at}" in text for at in range(4))

"""Articles of a wiki, over a real server that speaks MediaWiki's API."""

import unicodedata
from collections.abc import Iterator

import pytest
from tests.stage.ingest.web.plain_fetch import plain_fetch
from tests.stage.ingest.web.wiki_server import LICENCE, Article, WikiServer

from gabarito.core.errors import DataError, MissingError, ServiceError, SettingsError
from gabarito.core.records import Rejection
from gabarito.core.settings import parse
from gabarito.ingest.formats.web.html import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.web_sources.pages import WebItem
from gabarito.ingest.web_sources.sites.site_settings import WikipediaSource
from gabarito.ingest.web_sources.sites.wikipedia import items

TABLE = (
    '<table class="infobox"><caption>Lisboa</caption><tr><th>Área</th><td>100,05 km²</td></tr>'
    "<tr><th>População</th><td>567 131</td></tr></table>"
    "<p><b>Lisboa</b> é a capital de <a href='/wiki/Portugal'>Portugal</a>. A cidade fica na foz "
    'do rio Tejo.<sup class="reference"><a href="#cite_note-1">[1]</a></sup></p>'
    "<h2>Bairros</h2><table class='wikitable'><tr><th>Bairro</th><th>Ano</th></tr>"
    "<tr><td>Alfama</td><td>1147</td></tr></table>"
    '<ol class="references"><li id="cite_note-1">Atlas, 2021.</li></ol>'
)


@pytest.fixture
def wiki() -> Iterator[WikiServer]:
    articles = (
        Article("Lisboa", TABLE, links=["Portugal", "Rio Tejo", "LX", "No such thing"]),
        Article("Portugal", "<p>A republic.</p>", links=["Lisboa", "Porto"]),
        Article("Rio Tejo", "<p>A river.</p>", links=["Espanha"]),
        Article("Porto", "<p>A city.</p>"),
        Article("Espanha", "<p>A kingdom.</p>"),
    )
    with WikiServer(*articles, LX="Lisboa", Lisbon="Lisboa") as running:
        yield running


def source_of(wiki: WikiServer, *titles: str, **settings: object) -> WikipediaSource:
    given = {"type": "wikipedia", "api": wiki.api, "titles": list(titles), **settings}
    return parse(WikipediaSource, given, "source")


def found(wiki: WikiServer, *titles: str, **settings: object) -> list[WebItem | Rejection]:
    return list(items(source_of(wiki, *titles, **settings), plain_fetch))


def titles_of(found: list[WebItem | Rejection]) -> list[str]:
    return [one.title for one in found if isinstance(one, WebItem)]


def test_an_article_has_its_address_revision_licence_and_date(wiki: WikiServer) -> None:
    (item,) = found(wiki, "Lisboa")
    assert isinstance(item, WebItem)
    assert (item.url, item.title) == (f"{wiki.url}/wiki/Lisboa", "Lisboa")
    assert (item.revision, item.licence) == ("1000", f"{LICENCE['text']} {LICENCE['url']}")
    assert item.date is not None
    assert item.date.isoformat() == "2025-05-31T21:00:00+00:00"


def test_tables_the_infobox_and_notes_of_an_article_are_read(wiki: WikiServer) -> None:
    (item,) = found(wiki, "Lisboa")
    assert isinstance(item, WebItem)
    assert item.page is not None
    page = read(item.page.body, Hints())
    text = str(page.blocks)
    assert (page.title, page.url) == ("Lisboa", f"{wiki.url}/wiki/Lisboa")
    for told in ("100,05 km²", "567 131", "foz do rio Tejo", "Alfama", "1147", "Atlas, 2021."):
        assert told in text


def test_an_article_is_there_once_however_it_is_reached(wiki: WikiServer) -> None:
    assert titles_of(found(wiki, "Lisboa", "LX", "lisboa", "Lisbon")) == ["Lisboa"]


def test_titles_may_be_written_as_in_an_address(wiki: WikiServer) -> None:
    assert titles_of(found(wiki, "rio_Tejo")) == ["Rio Tejo"]


@pytest.mark.parametrize(
    ("depth", "titles"),
    [
        (0, ["Lisboa"]),
        (1, ["Lisboa", "Portugal", "Rio Tejo"]),
        (2, ["Lisboa", "Portugal", "Rio Tejo", "Porto", "Espanha"]),
        (3, ["Lisboa", "Portugal", "Rio Tejo", "Porto", "Espanha"]),
    ],
)
def test_links_are_followed_so_far(wiki: WikiServer, depth: int, titles: list[str]) -> None:
    assert titles_of(found(wiki, "Lisboa", depth=depth)) == titles


def test_only_links_of_a_pattern_are_followed(wiki: WikiServer) -> None:
    assert titles_of(found(wiki, "Lisboa", depth=2, follow=["P*"])) == [
        "Lisboa", "Portugal", "Porto"
    ]  # fmt: skip


def test_an_answer_in_parts_is_read_to_its_end(wiki: WikiServer) -> None:
    wiki.links_at_once = 1
    assert titles_of(found(wiki, "Lisboa", depth=1)) == ["Lisboa", "Portugal", "Rio Tejo"]


def test_articles_beyond_those_wanted_are_told(wiki: WikiServer) -> None:
    *rest, end = found(wiki, "Lisboa", depth=2, max_articles=3)
    assert titles_of(rest) == ["Lisboa", "Portugal", "Rio Tejo"]
    assert isinstance(end, Rejection)
    assert (end.reason, end.detail) == (
        "beyond what was asked for", "max_articles is 3, more are linked to"
    )  # fmt: skip


def test_titles_are_asked_about_fifty_at_a_time(wiki: WikiServer) -> None:
    many = [Article(f"City {n}", f"<p>{n}</p>") for n in range(120)]
    with WikiServer(*many) as large:
        assert len(found(large, *large.articles)) == 120
        queries = [one for one in large.counts if "action=query" in one]
        assert len(queries) == 3
        assert set(large.counts.values()) == {1}


def test_titles_in_letters_that_take_much_room_make_no_long_address(wiki: WikiServer) -> None:
    with WikiServer(*(Article("東京都" * 20 + str(n), "<p>x</p>") for n in range(9))) as large:
        assert len(found(large, *large.articles)) == 9
        assert max(map(len, large.counts)) < 2000


def test_requests_come_one_at_a_time_and_ask_for_leave_of_a_busy_wiki(wiki: WikiServer) -> None:
    found(wiki, "Lisboa", depth=2)
    assert wiki.most_at_once == 1
    assert all("maxlag=5" in one for one in wiki.counts)


def test_titles_that_do_not_exist_are_told_with_what_is_like_them(wiki: WikiServer) -> None:
    with pytest.raises(MissingError) as caught:
        found(wiki, "Lisboa", "Lisabon", "Zzz", "En:Lisbon", "Special:Random")
    assert str(caught.value) == (
        f"ingest.sources.titles: {wiki.api}: 'Lisabon': no such article (the nearest is 'Lisboa'); "
        "'Zzz': no such article; 'En:Lisbon': an article of another wiki; "
        "'Special:Random': no title of an article; correct them"
    )
    assert not any("action=parse" in one for one in wiki.counts)


@pytest.mark.parametrize("title", ["a|b", "a#b", "[[Lisboa]]", "https://pt.wikipedia.org/wiki/L"])
def test_what_can_be_no_title_is_told(wiki: WikiServer, title: str) -> None:
    with pytest.raises(SettingsError, match="must be a title as it stands above an article"):
        source_of(wiki, title)


@pytest.mark.parametrize("language", ["portuguese", "PT", "p", ""])
def test_a_language_that_is_none_is_told(language: str) -> None:
    given = {"type": "wikipedia", "language": language, "titles": ["Lisboa"]}
    with pytest.raises(SettingsError, match="must be the code of a Wikipedia's language"):
        parse(WikipediaSource, given, "source")


@pytest.mark.parametrize("named", [{}, {"language": "pt", "api": "https://w.example/w/api.php"}])
def test_one_wiki_is_named(named: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="either language or api"):
        parse(WikipediaSource, {"type": "wikipedia", "titles": ["x"], **named}, "source")


def test_a_language_is_the_wikipedia_of_it() -> None:
    source = parse(
        WikipediaSource, {"type": "wikipedia", "language": "pt", "titles": ["Lisboa"]}, "source"
    )
    assert source.endpoint == "https://pt.wikipedia.org/w/api.php"


def test_what_is_no_wiki_is_told(wiki: WikiServer) -> None:
    source = source_of(wiki, "Lisboa").model_copy(update={"api": f"{wiki.url}/wiki/Lisboa"})
    with pytest.raises(DataError, match="does not answer as the API of a MediaWiki; correct"):
        list(items(source, plain_fetch))


def test_a_wiki_that_is_out_of_reach_is_told() -> None:
    with WikiServer() as gone:
        source = source_of(gone, "Lisboa")
    with pytest.raises(ServiceError, match="check the address given as api, and the network"):
        list(items(source, plain_fetch))


def test_articles_are_not_lost_in_silence_while_the_wiki_is_out_of_reach(wiki: WikiServer) -> None:
    reading = items(source_of(wiki, "Lisboa", depth=1), plain_fetch)
    next(reading)
    wiki.__exit__(None, None, None)
    with pytest.raises(Dropped, match="out of reach"):
        list(reading)


def test_a_title_in_two_characters_a_letter_is_the_one_in_one(wiki: WikiServer) -> None:
    with WikiServer(Article("São Paulo", "<p>A city.</p>")) as other:
        assert titles_of(found(other, unicodedata.normalize("NFD", "São Paulo"))) == ["São Paulo"]


def test_what_the_wiki_refuses_is_told_in_its_words(wiki: WikiServer) -> None:
    wiki.failing = {"code": "readapidenied", "info": "You need read permission."}
    with pytest.raises(DataError, match="readapidenied: You need read permission"):
        found(wiki, "Lisboa")


def test_an_article_that_goes_while_it_is_read_is_told(wiki: WikiServer) -> None:
    reading = items(source_of(wiki, "Porto", "Lisboa"), plain_fetch)
    next(reading)
    wiki.edit("Lisboa", "<p>New.</p>")
    (gone,) = reading
    assert isinstance(gone, Rejection)
    assert (gone.reason, gone.detail) == ("gone", "nosuchrevid")

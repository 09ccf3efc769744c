"""Wikis and listings through the whole stage, on real servers."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.stage.ingest.web.conftest import Look
from tests.stage.ingest.web.news_site import NewsSite, fails, odd_site
from tests.stage.ingest.web.web_project import WebProject
from tests.stage.ingest.web.wiki_server import LICENCE, Article, WikiServer

from gabarito import __version__
from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import DataError, MissingError, ServiceError
from gabarito.core.records import Document, Rejection
from gabarito.ingest.outcomes import PageFate

ABOUT = {
    "Lisboa": "Lisboa fica na foz do rio Tejo e tem sete colinas, muitos museus e um porto. ",
    "Porto": "The city of Porto sells its wine to England and crosses the Douro on six bridges. ",
    "Tejo": "The river rises in Spain, flows for a thousand kilometres and ends in the sea. ",
}


def article(name: str, *links: str) -> Article:
    return Article(name, f"<p>{ABOUT[name]}</p>", links=links)


@pytest.fixture
def wiki() -> Iterator[WikiServer]:
    articles = article("Lisboa", "Porto", "Tejo", "LX"), article("Porto"), article("Tejo")
    with WikiServer(*articles, LX="Lisboa") as running:
        yield running


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite(pages=2) as running:
        yield running


def in_wiki(wiki: WikiServer, *titles: str) -> dict[str, Any]:
    return {"type": "wikipedia", "api": wiki.api, "titles": list(titles), "depth": 1}


def in_listing(site: NewsSite) -> dict[str, Any]:
    return {"type": "listing", "url": site.listing, "items": "article.card h2 a"}


def documents(made: Artifact) -> dict[str, str]:
    return {one.title: one.id for one in made.records("documents.jsonl", Document)}


def fates(made: Artifact) -> dict[str, PageFate]:
    return {one.title: one for one in made.records("pages.jsonl", PageFate)}


def test_a_wiki_becomes_a_document_for_each_article(wiki: WikiServer, look: Look) -> None:
    assert list(documents(look(in_wiki(wiki, "LX", "Lisboa")))) == ["Lisboa", "Porto", "Tejo"]


def test_revision_and_licence_of_an_article_are_recorded(wiki: WikiServer, look: Look) -> None:
    fate = fates(look(in_wiki(wiki, "Porto")))["Porto"]
    assert (fate.outcome, fate.revision) == ("fetched", "1010")
    assert fate.licence == f"{LICENCE['text']} {LICENCE['url']}"


def test_a_busy_wiki_is_asked_again_after_the_time_it_names(wiki: WikiServer, look: Look) -> None:
    wiki.lagged = 1
    assert len(documents(look(in_wiki(wiki, "Lisboa")))) == 3
    first, second, *_ = wiki.answered_at
    assert second - first >= 1


def test_a_wiki_that_stays_busy_is_out_of_reach(wiki: WikiServer, look: Look) -> None:
    wiki.failing = {"code": "ratelimited", "info": "You've exceeded your rate limit."}
    with pytest.raises(ServiceError, match="answered ratelimited"):
        look(in_wiki(wiki, "Lisboa"))


def test_a_wiki_is_told_who_asks(wiki: WikiServer, look: Look) -> None:
    look(in_wiki(wiki, "Porto"))
    assert {one.agent for one in wiki.asked} == {f"gabarito/{__version__}"}


def test_a_second_look_at_a_wiki_asks_for_revisions_alone(wiki: WikiServer, look: Look) -> None:
    before = documents(look(in_wiki(wiki, "Lisboa")))
    wiki.forget()
    again = look(in_wiki(wiki, "Lisboa"), rerun=1)
    assert not any("action=parse" in target for target in wiki.counts)
    assert {fate.outcome for fate in fates(again).values()} == {"not modified"}
    assert documents(again) == before


def test_an_article_that_was_edited_is_fetched_again_alone(wiki: WikiServer, look: Look) -> None:
    before = documents(look(in_wiki(wiki, "Lisboa")))
    wiki.forget()
    wiki.edit("Porto", f"<p>{ABOUT['Porto']} A seventh bridge was opened in May.</p>")
    after = documents(look(in_wiki(wiki, "Lisboa"), rerun=1))
    assert sum("action=parse" in target for target in wiki.counts) == 1
    assert [title for title in after if after[title] != before[title]] == ["Porto"]


def test_a_title_that_is_not_there_ends_the_stage_before_any_text_is_read(
    wiki: WikiServer, look: Look
) -> None:
    with pytest.raises(MissingError, match=r"'Lisbao': no such article \(the nearest is 'Lisboa'"):
        look(in_wiki(wiki, "Porto", "Lisbao"))
    assert not any("action=parse" in target for target in wiki.counts)


def test_each_item_of_a_listing_has_one_outcome(site: NewsSite, look: Look) -> None:
    made = look(in_listing(odd_site(site)))
    outcomes = {one.url.rpartition("/")[2]: one.outcome for one in fates(made).values()}
    assert len(outcomes) == site.items
    expected = {
        "0": "fetched",
        "1": "fetched",
        "2": "fetched",
        "3": "out of reach",
        "4": "fetched",
        "5": "page reached already",
        "6": "gone",
        "7": "refused by robots.txt",
        "8": "gone",
        "9": "behind a wall",
        "11": "needs JavaScript",
        "12": "behind a login",
        "13": "fetched",
        "14": "behind a login",
    }
    assert outcomes | expected == outcomes


def test_items_are_asked_for_one_by_one_as_slowly_as_robots_txt_says(look: Look) -> None:
    with NewsSite(pages=1) as site:
        site.crawl_delay = 0.2
        look(in_listing(site))
        _, *times = site.answered_at
        assert min(after - before for before, after in pairwise(times)) >= 0.2
        assert site.most_at_once == 1


def test_the_ledger_says_why_a_listing_ended(site: NewsSite, look: Look) -> None:
    made = look({**in_listing(site), "max_pages": 1})
    *_, end = made.records("ledger.jsonl", Rejection)
    assert (end.item, end.reason) == (site.listing, "beyond what was asked for")
    assert end.detail == f"1 page, 11 items: max_pages is 1, and {site.listing}?page=2 is next"


def test_the_end_of_a_listing_is_no_page_that_was_dropped(site: NewsSite, look: Look) -> None:
    made = look(in_listing(site))
    assert "end of the listing" in {one.reason for one in made.records("ledger.jsonl", Rejection)}
    assert made.manifest.counts["pages"] == site.items
    assert not any("end of the listing" in name for name in made.manifest.counts)


def test_a_listing_whose_first_page_is_gone_is_an_error(site: NewsSite, look: Look) -> None:
    site.odd_pages = {1: fails(404)}
    with pytest.raises(DataError, match="gone, page 1 of the listing"):
        look(in_listing(site))


def test_news_since_a_day_are_read_by_the_command(site: NewsSite, tmp_path: Path) -> None:
    project = WebProject(tmp_path, {**in_listing(site), "since": site.date_of(3)})
    assert project.run() == 0, project.printed
    assert len(project.documents) == 4

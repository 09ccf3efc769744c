"""A listing of pages, over a real server on loopback."""

import gc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from traceback import TracebackException

import pytest
from tests.growth import grows_in_proportion
from tests.stage.ingest.web.news_site import LISTING, NEWEST, NewsSite, fails, headline
from tests.stage.ingest.web.plain_fetch import plain_fetch

from gabarito.core.errors import DataError, SettingsError
from gabarito.core.records import Rejection
from gabarito.core.settings import parse
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.pages import WebItem, WebPage
from gabarito.ingest.web_sources.sites.listed_page import ListedPage, date_in
from gabarito.ingest.web_sources.sites.site_settings import ListingSource
from gabarito.ingest.web_sources.sites.web_listing import items

CARDS = "article.card h2 a"


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite(pages=4) as running:
        yield running


def source_of(site: NewsSite, **settings: object) -> ListingSource:
    given = {"type": "listing", "url": site.listing, "items": CARDS, **settings}
    return parse(ListingSource, given, "source")


def listed(site: NewsSite, **settings: object) -> tuple[list[WebItem], list[Rejection]]:
    found = list(items(source_of(site, **settings), plain_fetch, "source"))
    kept = [one for one in found if isinstance(one, WebItem)]
    return kept, [one for one in found if isinstance(one, Rejection)]


def numbers(found: list[WebItem]) -> list[int]:
    return [int(item.url.rpartition("/")[2]) for item in found]


def test_a_listing_is_read_to_its_last_page_and_each_item_is_there_once(site: NewsSite) -> None:
    found, rest = listed(site)
    assert numbers(found) == list(range(41))
    assert [(one.reason, one.detail) for one in rest] == [
        ("end of the listing", "4 pages, 41 items: no next page")
    ]
    assert set(site.counts.values()) == {1}


def test_an_item_has_the_title_and_the_date_that_the_listing_shows(site: NewsSite) -> None:
    first, *_ = listed(site)[0]
    assert (first.title, first.url) == (headline(0), f"{site.url}/noticia/0")
    assert first.date is not None
    assert first.date.date() == NEWEST


@pytest.mark.parametrize(
    "way", [{}, {"next": "a.more"}, {"pages": "?page={n}"}, {"next": "main > p"}]
)
def test_each_way_to_the_next_page_finds_the_same_items(
    site: NewsSite, way: dict[str, str]
) -> None:
    assert numbers(listed(site, **way)[0]) == list(range(41))


def test_numbered_pages_end_with_one_that_has_nothing_new(site: NewsSite) -> None:
    _, (end,) = listed(site, pages="?page={n}")
    assert end.item == f"{site.listing}?page=5"
    assert end.detail == "5 pages, 41 items: no new items on this page"


def test_pages_may_be_numbered_from_any_number_by_any_step(site: NewsSite) -> None:
    found, _ = listed(site, pages="?page={n}", first_number=3, step=1)
    assert numbers(found) == [*range(11), *range(20, 41)]


def test_a_listing_stops_after_max_pages_and_says_what_is_next(site: NewsSite) -> None:
    found, (end,) = listed(site, max_pages=2)
    assert len(found) == 21
    assert end.reason == "beyond what was asked for"
    assert end.detail.endswith(f"max_pages is 2, and {site.listing}?page=3 is next")


def test_a_next_link_that_loops_ends_the_listing(site: NewsSite) -> None:
    site.loops_to = 2
    found, (end,) = listed(site)
    assert len(found) == 41
    assert end.detail.endswith(f"its next page, {site.listing}?page=2, was looked at already")


def test_items_before_a_date_are_left_out_and_end_the_listing(site: NewsSite) -> None:
    found, (*older, end) = listed(site, since=str(site.date_of(15)))
    assert numbers(found) == list(range(16))
    assert len(older) == 15
    assert set(one.reason for one in older) == {"older than wanted"}
    assert "all new items of this page are older than 2025-06-15" in end.detail


def test_an_old_item_at_the_top_does_not_end_the_listing(site: NewsSite) -> None:
    pinned = site.date_of
    site.date_of = lambda number: date(2001, 1, 1) if number < 2 else pinned(number)  # type: ignore[method-assign]
    assert len(listed(site, since=date(2020, 1, 1))[0]) == 39


def test_a_listing_without_dates_is_ended_by_those_of_its_items(site: NewsSite) -> None:
    found, (*_, end) = listed(site, since=str(site.date_of(15)), dates="h2")
    assert numbers(found) == list(range(16))
    assert all(item.page for item in found)
    assert end.detail.endswith(
        "; no day is told by what source.dates, 'h2', finds: correct it, or leave it out"
    )
    assert set(site.counts.values()) == {1}


def test_a_page_of_the_listing_that_is_gone_is_told_and_ends_it(site: NewsSite) -> None:
    site.odd_pages = {3: fails(404)}
    found, (lost, end) = listed(site)
    assert len(found) == 21
    assert (lost.reason, lost.item) == ("gone", f"{site.listing}?page=3")
    assert end.detail == "2 pages, 21 items: this page is gone"


@pytest.mark.parametrize(("page", "status"), [(1, 404), (3, 500)])
def test_a_page_that_leads_to_all_others_is_not_done_without(
    site: NewsSite, page: int, status: int
) -> None:
    site.odd_pages = {page: fails(status)}
    with pytest.raises(Dropped, match=f"page {page} of the listing, {site.listing}"):
        listed(site)


def test_numbered_pages_may_end_with_one_that_is_gone(site: NewsSite) -> None:
    site.odd_pages = {5: fails(404)}
    found, rest = listed(site, pages="?page={n}")
    assert (len(found), len(rest)) == (41, 1)


@pytest.mark.parametrize("name", ["items", "next"])
def test_a_selector_that_finds_nothing_is_told_with_the_links_there_are(
    site: NewsSite, name: str
) -> None:
    with pytest.raises(DataError) as caught:
        next(items(source_of(site, **{name: "div.story a"}), plain_fetch, "source"))
    said = str(caught.value)
    assert (
        f"source.{name}: 'div.story a' finds no link on {site.listing}; correct the selector"
        in said
    )
    assert "'article.card a' (11)" in said


def test_a_selector_of_dates_that_finds_nothing_is_told_at_the_first_page(site: NewsSite) -> None:
    with pytest.raises(
        DataError, match=r"^source\.dates: 'b\.no-such' finds nothing on .*leave it"
    ):
        listed(site, dates="b.no-such")


@pytest.mark.parametrize("name", ["items", "next", "dates"])
@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("a[[", "it is not complete"),
        ("a::attr(href)", r"it cannot be read at 'attr\('"),
        ("h2:foo(", r"it cannot be read at 'foo\('"),
    ],
)
def test_what_is_no_selector_is_told_with_its_setting(
    site: NewsSite, name: str, selector: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=rf"^source\.{name}: .* is no CSS selector: {why}"):
        listed(site, **{name: selector})


@pytest.mark.parametrize("wrong", [{"items": "a[["}, {"dates": "a[["}, {"items": "b.no-such"}])
def test_an_error_holds_no_tree_that_another_thread_might_end(
    site: NewsSite, wrong: dict[str, str]
) -> None:
    with pytest.raises((DataError, SettingsError)) as caught:
        listed(site, **wrong)
    shown = TracebackException.from_exception(caught.value, capture_locals=True)
    assert "DocumentNode" not in "".join(shown.format())
    # by type: isinstance asks every object for its class, and torch's deprecated ones warn
    held = [page for page in gc.get_objects() if type(page) is ListedPage]
    assert [page for page in held if page.is_open] == []


def test_a_selector_may_find_what_holds_the_links(site: NewsSite) -> None:
    assert numbers(listed(site, items="article.card")[0]) == list(range(41))


def test_there_is_one_way_to_the_next_page(site: NewsSite) -> None:
    with pytest.raises(SettingsError, match="two ways to the next page"):
        source_of(site, next="a.more", pages="?page={n}")


def test_the_address_of_a_page_has_a_place_for_its_number(site: NewsSite) -> None:
    with pytest.raises(SettingsError, match="in the place of the page's number"):
        source_of(site, pages="?page=2")


def page_of(body: str) -> ListedPage:
    page = WebPage("http://a.example/x/list", body.encode(), "text/html", "utf-8")
    return ListedPage(page, "source")


def test_a_selector_that_the_browser_shows_finds_what_it_shows() -> None:
    page = page_of("<table id=t><tr><td><a href=1>One</a><tr><td><a href=2>Two</a></table>")
    found = page.items("#t > tbody > tr > td > a", None)
    assert [item.url for item in found] == ["http://a.example/x/1", "http://a.example/x/2"]


def test_an_item_with_a_picture_and_a_headline_is_one() -> None:
    page = page_of("<li><a href=/1><img src=p></a><h2><a href=/1#top>One</a></h2>")
    assert [(item.url, item.title) for item in page.items("li a", None)] == [
        ("http://a.example/1", "One")
    ]


@pytest.mark.parametrize(
    "given", ["2025-06-15", date(2025, 6, 15), datetime(2025, 6, 15, 12, 0, tzinfo=UTC)]
)
def test_a_day_may_be_given_as_yaml_reads_it(site: NewsSite, given: object) -> None:
    assert source_of(site, since=given).since == "2025-06-15"


@pytest.mark.parametrize("given", ["15.6.2025", "2025-06-31", "soon"])
def test_what_is_no_day_is_told(site: NewsSite, given: str) -> None:
    with pytest.raises(SettingsError, match=f"must be a day such as 2025-01-31, got '{given}'"):
        source_of(site, since=given)


def test_the_time_that_a_page_takes_grows_with_its_links() -> None:
    def links(n: int) -> str:
        return "".join(
            f"<li><a href=/{i}>Item {i}</a> <time datetime=2025-01-01>" for i in range(n)
        )

    assert grows_in_proportion(lambda body: page_of(body).items("li a", None), links, 4000)


def test_links_are_taken_from_the_base_of_the_page() -> None:
    page = page_of("<base href='https://b.example/y/'><a class=i href=1>One</a>")
    assert page.items("a.i", None)[0].url == "https://b.example/y/1"


def test_links_that_lead_to_no_page_are_no_items() -> None:
    page = page_of("<a href='mailto:a@b.c'>x</a><a href='javascript:x()'>y</a><a href='http://['>")
    assert page.items("a", None) == []


def test_a_date_is_looked_for_in_its_own_item_alone() -> None:
    page = page_of(
        "<ul><li><a href=1>One</a> <b>3 May 2024</b><li><a href=2>Two</a>"
        "<li><a href=3>Three</a> <b>1/4/2024</b></ul>"
    )
    found = page.items("li a", "b")
    assert [item.date for item in found] == [date(2024, 5, 3), None, date(2024, 4, 1)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-05-31T12:00:00Z", date(2025, 5, 31)),
        ("31 de maio de 2025, 12h", date(2025, 5, 31)),
        ("31.05.2025", date(2025, 5, 31)),
        ("May 31, 2025", date(2025, 5, 31)),
        ("yesterday", None),
        ("0000-00-00", None),
        ("2025-02-30T12:00", None),
    ],
)
def test_days_are_read_in_digits_and_words(text: str, day: date | None) -> None:
    assert date_in(text) == day


@pytest.mark.parametrize("charset", ["x-no-such", "base64", "iso-8859-1"])
def test_a_page_in_an_encoding_that_is_none_is_read_as_its_bytes_are(charset: str) -> None:
    body = "<a href=1>Évora é bela</a>".encode()
    page = WebPage("http://a.example/", body, "text/html", charset)
    (item,) = ListedPage(page, "source").items("a", None)
    assert item.title == "Évora é bela"


def test_listing_begins_where_it_is_told(site: NewsSite) -> None:
    assert source_of(site).place.endswith(LISTING)

import pytest

from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Rejection
from gabarito.ingest.web_sources import feed
from gabarito.ingest.web_sources.manners import FeedSource
from gabarito.ingest.web_sources.pages import WebItem, WebPage
from gabarito.ingest.web_sources.web_files import web_files

from .open_fetchers import GivenPages

SOURCE = FeedSource(type="feed", url="https://example.org/news/feed")


def rss(*parts: str) -> bytes:
    inner = "".join(f"<item>{part}</item>" for part in parts)
    return f'<rss version="2.0"><channel><title>News</title>{inner}</channel></rss>'.encode()


def items(body: bytes, media_type: str = "application/rss+xml") -> list[WebItem | Rejection]:
    return list(feed.items(SOURCE, lambda url: WebPage(url, body, media_type)))


def test_entries_of_rss_come_with_title_and_date() -> None:
    date = "<pubDate>Mon, 03 Feb 2025 10:00:00 +0100</pubDate>"
    (item,) = items(rss(f"<title>A &amp;  B</title><link>https://example.org/a</link>{date}"))
    assert isinstance(item, WebItem)
    assert (item.url, item.title) == ("https://example.org/a", "A & B")
    assert item.date is not None
    assert item.date.isoformat() == "2025-02-03T09:00:00+00:00"


def test_links_of_atom_are_taken_from_their_base() -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/2025/">'
        b'<entry><title>A</title><link href="a.html"/><updated>2025-02-03T10:00:00Z</updated>'
        b"</entry></feed>"
    )
    (item,) = items(body, "application/atom+xml")
    assert isinstance(item, WebItem)
    assert item.url == "https://example.org/2025/a.html"


def test_relative_links_of_rss_are_taken_from_the_feed() -> None:
    (item,) = items(rss("<link>../a.html#x</link>"))
    assert isinstance(item, WebItem)
    assert item.url == "https://example.org/a.html"


@pytest.mark.parametrize("date", ["yesterday", "99 Foo 99999", "", "0000-00-00T00:00:00Z"])
def test_a_date_that_is_none_loses_no_entry(date: str) -> None:
    (item,) = items(rss(f"<link>/a</link><pubDate>{date}</pubDate>"))
    assert isinstance(item, WebItem)
    assert item.date is None


def test_an_entry_that_leads_nowhere_is_told() -> None:
    (one, two) = items(rss("<title>A</title>", "<title>B</title><link>mailto:a@b</link>"))
    assert isinstance(one, Rejection)
    assert isinstance(two, Rejection)
    assert (one.reason, one.item) == (IngestReason.NO_ADDRESS, "A")
    assert two.detail == "an entry of https://example.org/news/feed leads to 'mailto:a@b'"


@pytest.mark.parametrize("body", [b"<html><body>News</body></html>", b"", b"{}", b"\x00\x01"])
def test_what_is_no_feed_is_one_error_with_its_place(body: bytes) -> None:
    with pytest.raises(DataError) as caught:
        list(web_files(SOURCE, GivenPages(lambda url: WebPage(url, body, "text/html"))))
    assert str(caught.value) == (
        f"ingest.sources.0: {SOURCE.url}: unreadable, not a feed (RSS or Atom), got text/html; "
        "correct the source, or take it out"
    )


def test_a_feed_without_entries_is_told() -> None:
    with pytest.raises(DataError, match="lists no page"):
        list(web_files(SOURCE, GivenPages(lambda url: WebPage(url, rss(), "application/rss+xml"))))


LINK = "<link>https://example.org/a</link>"
AS_THEY_ARE = {
    "RSS 2": f"<rss version='2.0'><channel><item>{LINK}</item></channel></rss>",
    "RSS 1": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    f"xmlns='http://purl.org/rss/1.0/'><item>{LINK}</item></rdf:RDF>",
    "Atom": "<feed xmlns='http://www.w3.org/2005/Atom'><entry>"
    "<link href='https://example.org/a'/></entry></feed>",
    "a guid": "<rss version='2.0'><channel><item>"
    "<guid isPermaLink='true'>https://example.org/a</guid></item></channel></rss>",
    "an entity": f"<rss version='2.0'><channel><item><title>a&nbsp;b</title>{LINK}</item>",
    "a bare &": f"<rss version='2.0'><channel><item><title>a & b</title>{LINK}</item>",
    "cut off": f"<rss version='2.0'><channel><item>{LINK}</item><item><title>b",
    "wrongly declared": "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><item>"
    f"<title>caf\xe9</title>{LINK}</item></channel></rss>",
    "a blank line": f"\n<?xml version='1.0'?><rss version='2.0'><channel><item>{LINK}</item>",
}


@pytest.mark.parametrize("kind", AS_THEY_ARE)
def test_feeds_are_read_as_they_are(kind: str) -> None:
    first, *_ = items(AS_THEY_ARE[kind].encode("latin-1"))
    assert isinstance(first, WebItem)
    assert first.url == "https://example.org/a"

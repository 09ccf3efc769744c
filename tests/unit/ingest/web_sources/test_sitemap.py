import gzip
from collections.abc import Iterator

import pytest

from gabarito.core.errors import DataError, ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Rejection
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources import sitemap
from gabarito.ingest.web_sources.manners import SitemapSource
from gabarito.ingest.web_sources.pages import WebItem, WebPage
from gabarito.ingest.web_sources.web_files import web_files

from .open_fetchers import GivenPages

XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
ROOT = "https://example.org/sitemap.xml"


def urlset(*urls: str, lastmod: str = "") -> bytes:
    dated = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    parts = "".join(f"<url><loc>\n {url} </loc>{dated}</url>" for url in urls)
    return f'<?xml version="1.0"?><urlset {XMLNS}><!-- all -->{parts}</urlset>'.encode()


def index(*urls: str) -> bytes:
    parts = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f"<sitemapindex {XMLNS}>{parts}</sitemapindex>".encode()


def fetch_from(pages: dict[str, bytes]) -> GivenPages:
    def fetch(url: str) -> WebPage:
        if url not in pages:
            raise Dropped(IngestReason.GONE, "answered 404")
        return WebPage(url, pages[url])

    return GivenPages(fetch)


def items(pages: dict[str, bytes], **settings: object) -> Iterator[WebItem | Rejection]:
    source = SitemapSource.model_validate({"type": "sitemap", "url": ROOT, **settings})
    return sitemap.items(source, fetch_from(pages))


def urls(found: Iterator[WebItem | Rejection]) -> list[str]:
    return [item.url for item in found if isinstance(item, WebItem)]


def rejections(found: Iterator[WebItem | Rejection]) -> list[tuple[str, str]]:
    return [(one.reason, one.item) for one in found if isinstance(one, Rejection)]


def test_pages_come_with_their_dates_and_once() -> None:
    a, b = "https://example.org/a", "/b?x=1&amp;y=2"
    (one, two) = items({ROOT: urlset(a, b, a, lastmod="2025-02-03")})
    assert isinstance(one, WebItem)
    assert one.date is not None
    assert one.date.isoformat() == "2025-02-03T00:00:00+00:00"
    assert isinstance(two, WebItem)
    assert two.url == "https://example.org/b?x=1&y=2"


def test_an_index_leads_to_packed_and_plain_sitemaps() -> None:
    one, two = "https://example.org/1.xml.gz", "https://example.org/2.txt"
    pages = {ROOT: index(one, two, ROOT), one: gzip.compress(urlset("/a"))}
    assert urls(items({**pages, two: b"https://example.org/b\n\nhttps://example.org/c\n"})) == [
        f"https://example.org/{name}" for name in "abc"
    ]


def test_a_part_of_an_index_that_is_gone_loses_no_other() -> None:
    one, two = "https://example.org/1.xml", "https://example.org/2.xml"
    pages = {ROOT: index(one, two), two: urlset("/b")}
    assert urls(items(pages)) == ["https://example.org/b"]
    assert rejections(items(pages)) == [("gone", one)]


def test_patterns_and_the_bound_leave_out_pages_with_a_reason() -> None:
    pages = {ROOT: urlset("/n/1", "/x/2", "/n/old/3", "/n/4", "/n/5")}
    found = list(items(pages, include=["*/n/*"], exclude=["*/old/*"], max_pages=2))
    assert urls(iter(found)) == ["https://example.org/n/1", "https://example.org/n/4"]
    told = [(one.reason, one.detail) for one in found if isinstance(one, Rejection)]
    assert told == [
        (IngestReason.BEYOND, "it lists more than the 2 pages of max_pages; raise it to read them"),
        (IngestReason.EXCLUDED, "2 of its pages"),
    ]


def test_an_index_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST_PARTS", 3)
    parts = [f"https://example.org/{n}.xml" for n in range(5)]
    pages = {ROOT: index(*parts), **{part: urlset(f"{part}/a") for part in parts}}
    assert urls(items(pages)) == [f"{part}/a" for part in parts[:3]]
    assert rejections(items(pages)) == [(IngestReason.BEYOND, ROOT)]


def test_a_sitemap_packed_in_pieces_is_read_to_its_end() -> None:
    whole = urlset("/a", "/b")
    pieces = gzip.compress(whole[:50]) + gzip.compress(whole[50:])
    assert len(urls(items({ROOT: pieces}))) == 2


def test_an_entry_that_leads_nowhere_is_told() -> None:
    assert rejections(items({ROOT: urlset("mailto:a@b", "/a")})) == [
        (IngestReason.NO_ADDRESS, "mailto:a@b")
    ]


def test_a_date_that_is_none_is_passed_over() -> None:
    (item,) = items({ROOT: urlset("/a", lastmod="yesterday")})
    assert isinstance(item, WebItem)
    assert item.date is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><p>no", "unreadable, not a sitemap: "),
        (b"<rss/>", "its root is rss, not urlset or sitemapindex"),
        (b"Welcome", "neither xml nor an address a line"),
        (b"\x1f\x8bxx", "damaged gzip"),
        (gzip.compress(b"https://example.org/a\n" * 99, mtime=0)[:-9], "damaged gzip: "),
        (gzip.compress(b" " * (51 << 20)), "too large, unpacks to more than 52428800 bytes"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><urlset>&b;</urlset>', "no page"),
        (urlset(), "lists no page"),
    ],
)
def test_what_is_no_sitemap_is_one_error_with_its_place(body: bytes, said: str) -> None:
    source = SitemapSource(type="sitemap", url=ROOT)
    with pytest.raises(DataError) as caught:
        list(web_files(source, fetch_from({ROOT: body})))
    assert str(caught.value).startswith(f"ingest.sources.0: {ROOT}: ")
    assert said in str(caught.value)


def test_a_sitemap_out_of_reach_may_be_there_later() -> None:
    def fetch(_url: str) -> WebPage:
        raise Dropped(IngestReason.OUT_OF_REACH, "answered 503 (5 tries)")

    with pytest.raises(ServiceError, match=r"out of reach, answered 503 \(5 tries\)"):
        list(web_files(SitemapSource(type="sitemap", url=ROOT), GivenPages(fetch)))


def test_a_part_of_an_index_out_of_reach_may_be_there_later() -> None:
    one, two = "https://example.org/1.xml", "https://example.org/2.xml"

    def fetch(url: str) -> WebPage:
        if url == one:
            raise Dropped(IngestReason.OUT_OF_REACH, "answered 503 (5 tries)")
        return WebPage(url, {ROOT: index(one, two), two: urlset("/b")}[url])

    with pytest.raises(
        ServiceError, match=r"out of reach, https://example.org/1.xml: answered 503"
    ):
        list(web_files(SitemapSource(type="sitemap", url=ROOT), GivenPages(fetch)))

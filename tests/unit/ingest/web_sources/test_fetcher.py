import gzip
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gabarito.core.errors import DataError, ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.fetcher import MOST_OPEN, Fetcher
from gabarito.ingest.web_sources.manners import SitemapSource, UrlsSource
from gabarito.ingest.web_sources.sites.site_settings import WikipediaSource
from gabarito.ingest.web_sources.types import ending_of
from gabarito.ingest.web_sources.web_files import web_files

from .open_fetchers import ANYWHERE, fetcher
from .small_site import Given, SmallSite, article, moved

ROBOTS = "/robots.txt"
OUTSIDE = UrlsSource(type="urls", urls=("http://example.org/",))


class Shelf(dict[str, bytes]):
    """Where pages are kept in a test."""

    def put(self, key: str, data: bytes) -> None:
        self[key] = data


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with SmallSite({"/a": article("A"), ROBOTS: Given(b"", type="text/plain")}) as site:
        yield site


def reason(site: SmallSite, path: str, **changes: Any) -> tuple[IngestReason, str]:  # noqa: ANN401
    with pytest.raises(Dropped) as caught:
        fetcher(**changes)(f"{site.url}{path}")
    return caught.value.reason, caught.value.detail


def test_a_page_comes_with_its_type_and_its_date(site: SmallSite) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    site.pages["/b"] = Given(
        b"text", type="Text/Plain; Charset=UTF-8", headers={"Last-Modified": date}
    )
    page = fetcher()(f"{site.url}/b")
    assert (page.body, page.media_type, page.charset) == (b"text", "text/plain", "utf-8")
    assert page.modified == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)


def test_a_date_beyond_the_calendar_is_passed_over(site: SmallSite) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 +99999999999999999999"
    site.pages["/b"] = Given(b"text", headers={"Last-Modified": date})
    assert fetcher()(f"{site.url}/b").modified is None


def test_requests_name_who_asks(site: SmallSite) -> None:
    fetcher(user_agent="papers (+https://example.org)")(f"{site.url}/a")
    assert {one["User-Agent"] for one in site.headers} == {"papers (+https://example.org)"}
    assert site.headers[-1]["Host"] == site.url.removeprefix("http://")


def test_what_was_fetched_is_not_asked_for_again(site: SmallSite) -> None:
    shelf = Shelf()
    first, again = (fetcher(shelf)(f"{site.url}/a#part") for _ in range(2))
    assert first == again
    assert site.asked == [ROBOTS, "/a"]


def test_a_rerun_asks_only_whether_a_page_changed(site: SmallSite) -> None:
    shelf = Shelf()
    site.pages["/a"] = Given(article("A").body, headers={"ETag": '"1"'})
    first = fetcher(shelf)(f"{site.url}/a")
    second = fetcher(shelf, rerun=1)(f"{site.url}/a")
    assert (first.is_changed, second.is_changed) == (True, False)
    assert (second.body, second.fetched_at) == (first.body, first.fetched_at)
    assert site.headers[-1]["If-None-Match"] == '"1"'


def test_a_page_without_a_tag_is_as_it_was_if_its_bytes_are(site: SmallSite) -> None:
    shelf = Shelf()
    first = fetcher(shelf)(f"{site.url}/a")
    second = fetcher(shelf, rerun=1)(f"{site.url}/a")
    site.pages["/a"] = article("B")
    third = fetcher(shelf, rerun=2)(f"{site.url}/a")
    assert [first.is_changed, second.is_changed, third.is_changed] == [True, False, True]
    assert b"<h1>B" in third.body


def test_a_file_of_addresses_with_one_more_asks_whether_pages_changed(
    tmp_path: Path, site: SmallSite
) -> None:
    file, shelf = tmp_path / "urls.txt", Shelf()
    source = UrlsSource(type="urls", file=str(file), allow_private=True)
    changed = []
    for text in ("one", "one", "one, two"):
        file.write_text(text)
        changed.append(fetcher(shelf, source=source)(f"{site.url}/a").is_changed)
    assert changed == [True, True, False]
    assert site.asked.count("/a") == 2


def test_a_damaged_page_is_fetched_again(site: SmallSite) -> None:
    shelf = Shelf()
    fetcher(shelf)(f"{site.url}/a")
    shelf.update(dict.fromkeys(shelf, b"{}"))
    fetcher(shelf)(f"{site.url}/a")
    assert site.asked.count("/a") == 2


def test_a_page_that_moved_has_its_new_address(site: SmallSite) -> None:
    site.pages |= {"/old": moved("/b?x=1#top"), "/b?x=1": moved("a", 308)}
    shelf = Shelf()
    assert fetcher(shelf)(f"{site.url}/old").url == f"{site.url}/a"
    assert fetcher(shelf)(f"{site.url}/old").url == f"{site.url}/a"
    assert site.asked == [ROBOTS, "/old", "/b?x=1", "/a"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, IngestReason.BEHIND_LOGIN),
        (403, IngestReason.BEHIND_WALL),
        (404, IngestReason.GONE),
        (410, IngestReason.GONE),
        (451, IngestReason.BEHIND_WALL),
        (500, IngestReason.OUT_OF_REACH),
    ],
)
def test_each_refusal_has_its_reason(site: SmallSite, status: int, expected: IngestReason) -> None:
    site.pages["/b"] = Given(b"no", status)
    found, detail = reason(site, "/b", retries=0)
    assert (found, f"answered {status}" in detail) == (expected, True)


def test_a_page_that_is_gone_is_asked_for_once_in_a_run_and_again_in_the_next(
    site: SmallSite,
) -> None:
    shelf, fresh = Shelf(), set[tuple[bool, str]]()
    for _ in range(2):
        with pytest.raises(Dropped):
            fetcher(shelf, fresh=fresh)(f"{site.url}/gone")
    assert site.asked == [ROBOTS, "/gone"]
    site.pages["/gone"] = article("Back")
    assert b"<h1>Back" in fetcher(shelf)(f"{site.url}/gone").body


@pytest.mark.parametrize(
    "rubbish", [Given(b"no", 404), Given(b"<p>Soon here."), Given(b"<urlset/>")]
)
def test_a_list_that_was_rubbish_is_asked_for_again_at_the_next_start(
    site: SmallSite, rubbish: Given
) -> None:
    sitemap, shelf = f"<urlset><url><loc>{site.url}/a</loc></url></urlset>", Shelf()
    source = SitemapSource(type="sitemap", url=f"{site.url}/moved", allow_private=True)
    site.pages |= {"/moved": moved("/list"), "/list": rubbish}
    with pytest.raises(DataError):
        list(web_files(source, fetcher(shelf, source=source)))
    site.pages["/list"] = Given(sitemap.encode())
    (file,) = web_files(source, fetcher(shelf, source=source))
    assert isinstance(file, SourceFile)
    assert site.asked == [ROBOTS, "/moved", "/list", "/moved", "/list", "/a"]


def test_redirects_in_a_circle_end(site: SmallSite) -> None:
    site.pages |= {"/b": moved("/c"), "/c": moved("/b")}
    assert reason(site, "/b")[0] is IngestReason.BEHIND_WALL
    assert site.asked == [ROBOTS, "/b", "/c"]


def test_redirects_without_an_end_end(site: SmallSite) -> None:
    site.pages |= {f"/{n}": moved(f"/{n + 1}") for n in range(50)}
    assert reason(site, "/0") == (IngestReason.OUT_OF_REACH, "more than 10 redirects")


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://example.org/", "", "http://a:b@c/", "//a..b/"]
)
def test_a_redirect_out_of_the_web_is_not_followed(site: SmallSite, place: str) -> None:
    site.pages["/b"] = moved(place)
    found, detail = reason(site, "/b")
    assert found is IngestReason.NO_ADDRESS
    assert f"answered 301, which leads to {place!r}" in detail


def test_robots_are_obeyed_after_a_redirect_too(site: SmallSite) -> None:
    site.pages[ROBOTS] = Given(b"User-agent: gabarito\nDisallow: /a", type="text/plain")
    site.pages["/b"] = moved("/a")
    assert reason(site, "/b")[0] is IngestReason.REFUSED_BY_ROBOTS
    assert site.asked == [ROBOTS, "/b"]


def test_robots_that_cannot_be_read_forbid_all(site: SmallSite) -> None:
    site.pages[ROBOTS] = Given(b"", 503)
    assert reason(site, "/a", retries=0)[0] is IngestReason.OUT_OF_REACH
    assert site.asked == [ROBOTS]


def test_a_host_that_asks_for_too_slow_a_pace_is_left_alone(site: SmallSite) -> None:
    site.pages[ROBOTS] = Given(b"User-agent: *\nCrawl-delay: 900", type="text/plain")
    found, detail = reason(site, "/a")
    assert found is IngestReason.REFUSED_BY_ROBOTS
    assert detail == "asks for 900 s between requests, at most 120 wanted"


def test_a_page_that_is_not_there_for_now_is_asked_for_again(site: SmallSite) -> None:
    later = iter([Given(b"", 503), Given(b"", 429, headers={"Retry-After": "0"}), article("B")])
    site.pages["/b"] = lambda: next(later)
    assert b"<h1>B" in fetcher(retries=2)(f"{site.url}/b").body


def test_a_host_that_asks_to_wait_too_long_is_left_alone(site: SmallSite) -> None:
    site.pages["/b"] = Given(b"", 429, headers={"Retry-After": "3600"})
    found, detail = reason(site, "/b", retries=3)
    assert found is IngestReason.OUT_OF_REACH
    assert detail == "answered 429, asks to wait 3600 s (1 try)"


def test_what_is_packed_is_unpacked_up_to_a_bound(site: SmallSite) -> None:
    packed = {"Content-Encoding": "gzip"}
    site.pages["/b"] = Given(gzip.compress(b"text" * 1000), headers=packed)
    site.pages["/c"] = Given(gzip.compress(b"0" * 50_000_000), headers=packed)
    assert fetcher()(f"{site.url}/b").body == b"text" * 1000
    assert reason(site, "/c") == (IngestReason.TOO_LARGE, "more than the 200000 bytes wanted")


def test_a_film_is_not_fetched(site: SmallSite) -> None:
    site.pages["/b"] = Given(b"\0" * 900_000, type="video/mp4")
    assert reason(site, "/b") == (IngestReason.WRONG_TYPE, "video/mp4")


def test_a_picture_is_fetched_where_pictures_are_read(site: SmallSite) -> None:
    site.pages["/b"] = Given(b"\x89PNG", type="image/png")
    assert reason(site, "/b") == (IngestReason.WRONG_TYPE, "image/png")
    given = {"sources": [ANYWHERE.model_dump(exclude_defaults=True)], "ocr": ["en"]}
    config = parse(IngestConfig, {**given, "web": {"delay_s": 0}}, "settings")
    with closing(Fetcher.of(ANYWHERE, config, Shelf(), set())) as fetch:
        assert ending_of(fetch(f"{site.url}/b")) == ".png"


def test_a_host_that_never_answered_is_soon_left_alone() -> None:
    with SmallSite() as closed:
        url = closed.url
    fetch = fetcher(retries=0)
    for n in range(9):
        with pytest.raises(Dropped) as caught:
            fetch(f"{url}/{n}")
        assert caught.value.reason is IngestReason.OUT_OF_REACH


def test_a_host_that_is_down_while_its_pages_are_fetched_ends_the_stage(site: SmallSite) -> None:
    fetch = fetcher(retries=0)
    fetch(f"{site.url}/a")
    site.pages |= {f"/{n}": Given(b"", 503) for n in range(9)}
    for n in range(4):
        with pytest.raises(Dropped):
            fetch(f"{site.url}/{n}")
    with pytest.raises(ServiceError, match="5 pages in a row could not be fetched"):
        fetch(f"{site.url}/5")


def test_broken_pages_are_lost_and_their_host_is_not(site: SmallSite) -> None:
    fetch = fetcher(retries=0)
    fetch(f"{site.url}/a")
    site.pages |= {f"/{n}": Given(b"", 500) for n in range(9)}
    for n in range(9):
        with pytest.raises(Dropped, match="answered 500"):
            fetch(f"{site.url}/{n}")
    assert b"<h1>A" in fetch(f"{site.url}/a").body


def test_connections_are_held_to_few_hosts() -> None:
    with ExitStack() as stack:
        fetch = fetcher()
        sites = [stack.enter_context(SmallSite({"/a": article("A")})) for _ in range(MOST_OPEN + 3)]
        for site in sites:
            fetch(f"{site.url}/a")
        held = [known for known in fetch._hosts.values() if known.host.is_open]
        assert len(held) == MOST_OPEN
        assert b"<h1>A" in fetch(f"{sites[0].url}/a").body


def test_what_one_source_may_reach_is_not_given_to_one_that_may_not(site: SmallSite) -> None:
    shelf, fresh = Shelf(), set[tuple[bool, str]]()
    fetcher(shelf, fresh=fresh)(f"{site.url}/a")
    with pytest.raises(Dropped) as caught:
        fetcher(shelf, source=OUTSIDE, fresh=fresh)(f"{site.url}/a")
    assert caught.value.reason is IngestReason.NOT_PUBLIC


def test_a_revision_that_is_kept_is_not_given_to_who_may_not_reach_it(site: SmallSite) -> None:
    inside = WikipediaSource(type="wikipedia", api=f"{site.url}/api", titles=("A",), depth=0)
    site.pages["/api?oldid=1"], shelf = article("A"), Shelf()
    open_to = inside.model_copy(update={"allow_private": True})
    fetcher(shelf, source=open_to)(f"{site.url}/api?oldid=1")
    with pytest.raises(Dropped) as caught:
        fetcher(shelf, source=inside)(f"{site.url}/api?oldid=1")
    assert caught.value.reason is IngestReason.NOT_PUBLIC


def test_an_address_that_is_none_is_a_verdict() -> None:
    with pytest.raises(Dropped, match="must be a web address that begins with https://"):
        fetcher()("gopher://example.org/")

"""The stage on pages of a real server, alone and beside files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.ingest.web_sources.small_site import TEXT, Given, SmallSite, article, moved

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import DataError, ServiceError
from gabarito.core.records import Document
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.job import run
from gabarito.ingest.outcomes import PageFate
from gabarito.ingest.web_sources.manners import WebSource
from gabarito.pipeline.checks.check_pages import check_pages
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.store.open import open_store

Read = Callable[..., Artifact]


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with SmallSite({f"/{name}": article(name) for name in "abc"}) as site:
        yield site


@pytest.fixture
def read(tmp_path: Path, site: SmallSite) -> Read:
    """Runs the stage on sources; paths of pages stand for addresses of the site."""

    def of(*sources: object, rerun: int = 0, **settings: object) -> Artifact:
        told = json.loads(json.dumps(sources).replace('"/', f'"{site.url}/'))
        web = {"delay_s": 0, "retries": 0}
        whole = {"sources": told, "rerun": rerun, "web": web, "min_chars": 50, **settings}
        config = parse(IngestConfig, whole, "pipeline")
        store = open_store(f"file://{tmp_path}/store")
        address = Address("ingest", f"{rerun:064}")
        with new_attempt(store, address, inputs={}, settings={}) as work:
            run(config, work)
            return work.publish()

    return of


def urls(*paths: str) -> dict[str, object]:
    return {"type": "urls", "urls": paths, "allow_private": True}


def fates(artifact: Artifact) -> dict[str, str]:
    return {
        one.url.split("/", 3)[3]: one.outcome for one in artifact.records("pages.jsonl", PageFate)
    }


def documents(artifact: Artifact) -> dict[str, Document]:
    return {one.title: one for one in artifact.records("documents.jsonl", Document)}


def test_each_address_has_one_fate(site: SmallSite, read: Read) -> None:
    site.pages |= {
        "/robots.txt": Given(b"User-agent: *\nDisallow: /no", type="text/plain"),
        "/moved": moved("/b"),
        "/again": moved("/a"),
        "/film": Given(b"\0", type="video/mp4"),
        "/data": Given(b"{}", type="application/json"),
        "/secret": Given(b"", 401),
        "/paid": Given(b"", 402),
        "/app": Given(b"<html><body><div id=root></div><script src=a.js></script></body></html>"),
        "/empty": Given(b"<html><body></body></html>"),
        "/big": article("big", "word " * 40_000),
    }
    told = fates(read(urls("/a", *list(site.pages)[4:], "/no/x", "/gone"), max_bytes=100_000))
    assert told == {
        "a": "fetched",
        "moved": "fetched",
        "again": "page reached already",
        "film": "wrong type",
        "data": "wrong type",
        "secret": "behind a login",
        "paid": "behind a wall",
        "app": "needs JavaScript",
        "empty": "no text",
        "big": "too large",
        "no/x": "refused by robots.txt",
        "gone": "gone",
    }


def test_documents_of_pages_name_where_they_are_from(site: SmallSite, read: Read) -> None:
    site.pages["/old"] = moved("/a")
    artifact = read(urls("/old"))
    document = documents(artifact)["a"]
    (fate,) = artifact.records("pages.jsonl", PageFate)
    assert document.url == document.source == fate.moved_to == f"{site.url}/a"
    assert (fate.url, fate.outcome, fate.document) == (f"{site.url}/old", "fetched", document.id)


def test_an_article_reached_by_several_addresses_is_one_document(
    site: SmallSite, read: Read
) -> None:
    own = f'<link rel="canonical" href="{site.url}/a">'
    site.pages |= {
        "/a": article("a", head=own),
        "/a?from=feed": article("a", f"{TEXT} Read 17 times.", head=own),
        "/amp/a": moved("/a"),
    }
    artifact = read(urls("/a", "/a?from=feed", "/amp/a"), urls("/a"))
    (document,) = documents(artifact).values()
    assert document.url == f"{site.url}/a"
    assert artifact.manifest.counts["rejected.page reached already"] == 3


def test_pages_with_the_same_address_of_their_own_and_other_texts_both_stay(
    site: SmallSite, read: Read
) -> None:
    own = f'<link rel="canonical" href="{site.url}/">'
    other = "The ferry across the bay was built by the shipyard of Porto in nine months. " * 5
    site.pages |= {"/a": article("a", head=own), "/b": article("b", other, head=own)}
    assert set(documents(read(urls("/a", "/b")))) == {"a", "b"}


def test_pages_and_files_are_read_in_the_order_of_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: SmallSite, read: Read
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    Path("docs/own.txt").write_text("A ferry crosses the bay twice a day. " * 9)
    artifact = read(urls("/a"), {"type": "files", "path": "docs"}, urls("/b"))
    sources = [one.source for one in artifact.records("documents.jsonl", Document)]
    assert sources == [f"{site.url}/a", "docs/own.txt", f"{site.url}/b"]


def test_a_rerun_reads_what_did_not_change_from_the_store(site: SmallSite, read: Read) -> None:
    for name in "abc":
        site.pages[f"/{name}"] = Given(article(name).body, headers={"ETag": '"1"'})
    before = documents(read(urls("/a", "/b", "/c")))
    site.pages["/b"] = Given(article("b", TEXT[:300]).body, headers={"ETag": '"2"'})
    artifact = read(urls("/a", "/b", "/c"), rerun=1)
    after = documents(artifact)
    assert [name for name in after if after[name] != before[name]] == ["b"]
    assert fates(artifact) == {"a": "not modified", "b": "fetched", "c": "not modified"}


def test_a_stage_that_was_ended_goes_on_where_it_was(site: SmallSite, read: Read) -> None:
    down = {f"/{n}": Given(b"", 503) for n in range(9)}
    site.pages |= down
    with pytest.raises(ServiceError, match="start again later, what was fetched is kept"):
        read(urls("/a", "/b", *down))
    site.pages |= {path: article(f"page {path}", f"{path} {TEXT}") for path in down}
    assert len(fates(read(urls("/a", "/b", *down)))) == 11
    assert [site.asked.count(path) for path in ("/a", "/b")] == [1, 1]


def test_pages_of_a_sitemap_and_a_feed_become_documents(site: SmallSite, read: Read) -> None:
    site.pages |= {
        "/sitemap.xml": Given(b"<urlset><url><loc>/a</loc></url></urlset>", type="text/xml"),
        "/feed": Given(
            b"<rss version='2.0'><channel><item><link>b</link></item></channel></rss>",
            type="application/rss+xml",
        ),
    }
    sitemap = {"type": "sitemap", "url": "/sitemap.xml", "allow_private": True}
    feed = {"type": "feed", "url": "/feed", "allow_private": True}
    assert set(documents(read(sitemap, feed))) == {"a", "b"}


def test_a_page_of_two_sources_is_asked_for_once(site: SmallSite, read: Read) -> None:
    first, second = urls("/a", "/b"), urls("/b", "/c")
    for rerun in (0, 1):
        site.asked.clear()
        assert set(documents(read(first, second, rerun=rerun))) == {"a", "b", "c"}
        assert sorted(site.asked) == ["/a", "/b", "/c", "/robots.txt"]


def test_a_page_in_an_old_encoding_is_read_as_the_server_says(site: SmallSite, read: Read) -> None:
    body = article("a", "A ponte São João abriu às três da manhã de sábado. " * 5).body
    latin = body.decode().encode("latin-1")
    site.pages["/a"] = Given(latin, type="text/html; charset=ISO-8859-1")
    site.pages["/b"] = Given(body, type="text/html; charset=ISO-8859-1")
    texts = [one.text for one in documents(read(urls("/a"))).values()]
    assert "São João abriu às três" in texts[0]
    assert "São João" in documents(read(urls("/b"), rerun=1))["a"].text


def test_a_source_without_a_document_ends_the_stage_with_the_reasons(
    site: SmallSite, read: Read
) -> None:
    with pytest.raises(DataError) as caught:
        read(urls("/gone"))
    assert str(caught.value) == (
        f"ingest.sources: no document in '{site.url}/gone': 1 gone ('{site.url}/gone': answered "
        "404); correct the address, or leave it out"
    )


def test_a_source_of_which_nothing_is_in_reach_may_be_there_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: SmallSite, read: Read
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.txt").write_text("A ferry crosses the bay twice a day. " * 9)
    site.pages["/robots.txt"] = Given(b"", 502)
    with pytest.raises(ServiceError, match=r"/a: out of reach, answered 502 \(1 try\); start ag"):
        read({"type": "files", "path": "own.txt"}, urls("/a", "/b"))


def test_figures_say_how_pages_were_come_by(site: SmallSite, read: Read) -> None:
    site.pages["/old"] = moved("/a")
    counts = read(urls("/old", "/b", "/gone")).manifest.counts
    told = {name: counts[name] for name in ("pages", "pages moved", "documents", "rejected.gone")}
    assert told == {"pages": 3, "pages moved": 1, "documents": 2, "rejected.gone": 1}
    assert "files" not in counts


def test_a_selector_is_named_by_its_setting_in_a_run_and_in_a_check(
    site: SmallSite, read: Read
) -> None:
    listing = {"type": "listing", "url": "/b", "items": "b.none", "allow_private": True}
    said = r"^ingest\.sources\.1\.items: 'b\.none' finds no link on http"
    with pytest.raises(DataError, match=said):
        read(urls("/a"), listing)
    sources = [{**urls(f"{site.url}/a")}, {**listing, "url": f"{site.url}/b"}]
    config = parse(IngestConfig, {"sources": sources, "web": {"delay_s": 0}}, "pipeline")
    second = config.sources[1]
    assert isinstance(second, WebSource)
    with pytest.raises(DataError, match=said):
        list(check_pages(config, second, 1, Sample()))

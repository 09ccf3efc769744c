from pathlib import Path

import pytest

from gabarito.core.errors import DataError, MissingError, SettingsError
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.web_sources import urls
from gabarito.ingest.web_sources.addresses import flaw_of, joined, own_address, tidied
from gabarito.ingest.web_sources.manners import UrlsSource
from gabarito.ingest.web_sources.pages import WebPage


def no_fetch(url: str) -> WebPage:
    raise AssertionError(url)


def listed(**settings: object) -> list[str]:
    source = UrlsSource.model_validate({"type": "urls", **settings})
    return [item.url for item in urls.items(source, no_fetch)]


def test_an_address_given_twice_is_one_page(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("\ufeff# news\n\nhttp://EXAMPLE.org:80\n  https://example.org/b#top \r\n")
    found = listed(urls=["http://example.org/#a"], file=str(file))
    assert found == ["http://example.org/", "https://example.org/b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://example.org/\nexample.org\n", r"urls\.txt:2: must be a web address that begins"),
        ("https://a:b@example.org/\n", r"urls\.txt:1: must hold no user name or password"),
        ("# nothing\n", r"urls\.txt: no address in it; write one a line"),
    ],
)
def test_a_file_without_addresses_is_told_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "urls.txt"
    file.write_text(text)
    with pytest.raises(DataError, match=said):
        listed(file=str(file))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        listed(file=f"{tmp_path}/none.txt")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"type": "urls"}, "sources.0: needs urls, or file with an address a line"),
        ({"type": "urls", "urls": ["x.org"]}, "sources.0.urls.0: must be a web address that"),
        ({"type": "feed", "url": "http://u:p@x.org"}, "sources.0.url: must hold no user name"),
        ({"type": "sitemap", "url": "https://x.org/" + "a" * 2000}, "must have at most 2000 char"),
        ({"type": "sitemap", "urls": []}, "sources.0.urls: unknown setting; did you mean url?"),
    ],
)
def test_a_source_that_cannot_be_is_told_before_a_run(source: object, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(IngestConfig, {"sources": [source]}, "pipeline.yaml")
    assert said in str(caught.value)
    assert ":p@" not in str(caught.value)


def test_addresses_have_one_form() -> None:
    assert tidied("HTTP://Ex.org:80/a/../b?q=é#c") == "http://ex.org/b?q=%C3%A9"
    assert tidied("https://münchen.example/") == "https://xn--mnchen-3ya.example/"
    assert tidied("https://[2001:db8::1]:8443") == "https://[2001:db8::1]:8443/"


def test_links_are_joined_to_their_page_and_others_are_none() -> None:
    base = "https://example.org/a/b"
    assert joined(base, "../c#d") == "https://example.org/c"
    assert joined(base, "//example.com") == "https://example.com/"
    assert [joined(base, link) for link in ("mailto:a@b", "javascript:x()", "http://[")] == [""] * 3


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.org", ".", "a.b..", "é..b", "b%C3%A9..c"])
def test_a_host_that_cannot_be_looked_up_is_no_address(host: str) -> None:
    assert flaw_of(f"http://{host}/")
    assert joined("https://example.org/", f"//{host}/a") == ""
    assert not flaw_of("http://example.org./")


def test_a_page_names_its_own_address_on_its_host_alone() -> None:
    url = "https://example.org/a?from=feed"
    assert own_address(url, "https://example.org/a") == "https://example.org/a"
    assert own_address(url, "https://elsewhere.org/a") == url
    assert own_address(url, "") == url


def test_a_first_page_that_all_others_name_as_their_own_address_is_a_mistake() -> None:
    url = "https://example.org/a?from=feed"
    assert [own_address(url, said) for said in ("/", "https://example.org")] == [url, url]
    assert own_address("https://example.org/?from=feed", "/") == "https://example.org/"

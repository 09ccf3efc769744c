import socket
from typing import Any

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.machines import is_public, machines_of
from gabarito.ingest.web_sources.manners import UrlsSource

from .open_fetchers import fetcher
from .small_site import SmallSite, article


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1",
        "::7f00:1", "64:ff9b:1::a00:1", "::ffff:0:a00:1", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_behind_the_internet_are_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_told(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "::1"])
def test_a_name_that_leads_to_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Dropped) as caught:
        machines_of(host, 80, allow_private=False)
    assert caught.value.reason is IngestReason.NOT_PUBLIC


def test_a_name_with_one_address_that_is_not_public_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(2, 1, 6, "", ("93.184.215.14", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Dropped, match=r"example\.org is 10\.0\.0\.1"):
        machines_of("example.org", 80, allow_private=False)


def test_nothing_is_sent_to_an_address_that_is_not_public() -> None:
    with SmallSite({"/a": article("A")}) as site:
        source = UrlsSource(type="urls", urls=(f"{site.url}/a",))
        fetch = fetcher(source=source)
        with pytest.raises(Dropped) as caught:
            fetch(f"{site.url}/a")
        assert caught.value.reason is IngestReason.NOT_PUBLIC
        assert site.asked == []


def test_the_machine_that_was_looked_at_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads elsewhere at the second look, which nobody takes."""
    with SmallSite({"/a": article("A")}) as site:
        port = site.server_port
        looks = iter([[(2, 1, 6, "", ("127.0.0.1", port))], [(2, 1, 6, "", ("127.0.0.9", port))]])
        real = socket.getaddrinfo

        def answer(host: str, *rest: Any, **named: Any) -> object:  # noqa: ANN401
            return next(looks) if host == "rebound.example" else real(host, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        source = UrlsSource(type="urls", urls=("http://x.org/",), allow_private=True)
        fetch = fetcher(source=source)
        assert fetch(f"http://rebound.example:{port}/a").body
        assert site.headers[-1]["Host"] == f"rebound.example:{port}"


def test_a_proxy_looks_names_up_but_is_asked_for_no_address_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = "http://nowhere.invalid/a"
    with SmallSite({page: article("A")}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        source = UrlsSource(type="urls", urls=(page,))
        fetch = fetcher(source=source)
        assert b"<h1>A" in fetch(page).body
        with pytest.raises(Dropped):
            fetch("http://169.254.169.254/latest")
        assert proxy.asked == ["http://nowhere.invalid/robots.txt", page]

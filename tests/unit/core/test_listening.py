"""Where servers listen: at addresses of IPv4, of IPv6, and of both."""

import socket

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.listening import EVERYWHERE, address_of, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_everywhere_is_of_both_families(host: str) -> None:
    with listen(EVERYWHERE, 0, 1) as listener:
        assert address_of(listener) == f"http://[::]:{listener.getsockname()[1]}"
        with socket.create_connection((host, listener.getsockname()[1]), timeout=5):
            connection, _ = listener.accept()
            connection.close()


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_one_address_is_of_one_family(host: str, shown: str) -> None:
    with listen(host, 0, 1) as listener:
        assert address_of(listener) == f"http://{shown}:{listener.getsockname()[1]}"


@pytest.mark.parametrize("host", [EVERYWHERE, "127.0.0.1"])
def test_what_is_sent_on_a_connection_leaves_at_once(host: str) -> None:
    with (
        listen(host, 0, 1) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=5),
        listener.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_without_ipv6_everywhere_is_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as on a node that was started with ``ipv6.disable=1``."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with listen(EVERYWHERE, 0, 1) as listener:
        assert address_of(listener) == f"http://0.0.0.0:{listener.getsockname()[1]}"


def test_a_taken_port_is_named() -> None:
    said = r"^\[::1\]:\d+: cannot listen there: Address already in use; choose another --port$"
    with listen("::1", 0, 1) as listener, pytest.raises(SettingsError, match=said):
        listen("::1", listener.getsockname()[1], 1)


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "[::1]", "192.0.2.1"])
def test_a_host_that_is_not_here_is_told_as_such(host: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot listen there: .*; give --host an"):
        listen(host, 0, 1)

"""A model's server that begins: it is waited for until it answers, and no longer than said."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from gabarito.chat import ChatEndpoint, readiness
from gabarito.chat.readiness import wait_until_ready
from gabarito.core.errors import SettingsError

from .script import Scripted, fails, gives, hangs_up, says, trickles

LOADING = fails(503, said="Loading model")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "RETRY_S", 0.01)


def test_a_server_that_loads_is_waited_for(serve: Callable[..., Scripted]) -> None:
    server = serve(hangs_up, LOADING, LOADING, gives(b"soon"), says("A"))
    wait_until_ready(ChatEndpoint(server.url), "some-model", 30)
    assert len(server.requests) == 5
    _, path, _, body = server.requests[-1]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["max_tokens"]) == ("some-model", 1)


def test_a_server_that_does_not_listen_yet_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    begun: list[Scripted] = []

    def begin() -> None:
        begun.append(Scripted(says("A"), port=port))
        begun[0].serve_forever(0.02)

    timer = threading.Timer(0.2, begin)
    timer.daemon = True  # on a busy machine it may come first, and must not outlive a failure
    timer.start()
    wait_until_ready(ChatEndpoint(f"http://127.0.0.1:{port}/v1"), "m", 30)
    begun[0].shutdown()
    begun[0].server_close()
    timer.join()


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_server_that_refuses_has_begun(serve: Callable[..., Scripted], status: int) -> None:
    server = serve(LOADING, fails(status))
    wait_until_ready(ChatEndpoint(server.url), "m", 30)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_what_leads_elsewhere_is_no_server_that_has_begun(
    serve: Callable[..., Scripted], status: int
) -> None:
    server = serve(LOADING, fails(status, Location="https://there/v1"))
    wrong = rf"{server.url}: answered {status}, which leads to https://there/v1; set its url"
    with pytest.raises(SettingsError, match=wrong):
        wait_until_ready(ChatEndpoint(server.url), "m", 30)
    assert len(server.requests) == 2


def test_a_server_that_never_gets_ready_is_told_with_its_place(
    serve: Callable[..., Scripted],
) -> None:
    server = serve(LOADING)
    with pytest.raises(SettingsError) as caught:
        wait_until_ready(ChatEndpoint(server.url), "m", 0.1)
    assert str(caught.value) == (
        f"teacher {server.url}: not ready within 0.1 s: answered 503: Loading model; its own log "
        "says why: correct its image, arguments or memory, or give it more time"
    )


def test_a_server_that_takes_the_request_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = ChatEndpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout_s=20)
        began = time.monotonic()
        with pytest.raises(SettingsError, match=r"ready within 0\.5 s: gave no whole answer"):
            wait_until_ready(endpoint, "m", 0.5)
    assert time.monotonic() - began < 10  # of the 20 s that a single request may take


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="not an http or https URL"):
        wait_until_ready(ChatEndpoint("127.0.0.1:8080"), "m", 1)


def test_a_try_that_the_deadline_cuts_short_hides_nothing(serve: Callable[..., Scripted]) -> None:
    server = serve(LOADING, trickles)
    with pytest.raises(SettingsError, match=r"not ready within 0\.4 s: .*Loading model"):
        wait_until_ready(ChatEndpoint(server.url), "m", 0.4)

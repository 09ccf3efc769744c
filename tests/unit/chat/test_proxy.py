import base64
from collections.abc import Callable

import pytest

from gabarito.chat import ChatClient, ChatEndpoint, request_body
from gabarito.core.errors import AccessError, SettingsError
from gabarito.core.records import Message

from .script import Scripted, fails, says

BODY = request_body("m", [Message(role="user", content="olá")], {})


def test_a_proxy_may_be_written_without_its_scheme(
    serve: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(says("sim"))
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{server.server_address[1]}")
    assert ChatClient(ChatEndpoint("http://teacher.invalid/v1")).complete(BODY).text == "sim"
    assert server.requests[0][1] == "http://teacher.invalid/v1/chat/completions"


@pytest.mark.parametrize("proxy", ["socks5://u:secret@h:1", "secret proxy:3128", "h:secret"])
def test_what_is_no_proxy_is_refused_without_showing_it(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(SettingsError, match=r"HTTPS_PROXY .*set it to http://host:port") as caught:
        ChatClient(ChatEndpoint("https://teacher.invalid/v1"))
    assert "secret" not in str(caught.value)


def test_the_proxys_user_and_password_are_sent_to_it(
    serve: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(says("sim"))
    monkeypatch.setenv("HTTP_PROXY", f"http://ana:s%40%20x@127.0.0.1:{server.server_address[1]}")
    ChatClient(ChatEndpoint("http://teacher.invalid/v1")).complete(BODY)
    given = server.requests[0][2]["proxy-authorization"]
    assert base64.b64decode(given.removeprefix("Basic ")) == b"ana:s@ x"


def test_a_tunnel_is_opened_with_the_password_too(
    serve: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(fails(407))
    monkeypatch.setenv("HTTPS_PROXY", f"http://ana:secret@127.0.0.1:{server.server_address[1]}")
    with pytest.raises(AccessError, match=r"HTTPS_PROXY .*the proxy .*\(407\)") as caught:
        ChatClient(ChatEndpoint("https://teacher.invalid/v1", key="sk-123456")).complete(BODY)
    assert "secret" not in str(caught.value)
    assert server.requests[0][2]["proxy-authorization"] == "Basic YW5hOnNlY3JldA=="
    assert "Authorization" not in server.requests[0][2]


def test_a_proxys_refusal_is_not_the_keys_fault(
    serve: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(fails(407))
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    with pytest.raises(AccessError, match="set it to http://user:password@host:port") as caught:
        ChatClient(ChatEndpoint("http://teacher.invalid/v1")).complete(BODY)
    assert "GABARITO_TEACHER_KEY" not in str(caught.value)

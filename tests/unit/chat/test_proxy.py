from collections.abc import Callable

import pytest

from gabarito.chat import ChatClient, ChatEndpoint, request_body
from gabarito.core.errors import SettingsError
from gabarito.core.records import Message

from .script import Scripted, says

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

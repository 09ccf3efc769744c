from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gabarito.chat import ChatClient, ChatEndpoint, Meter, client

from .script import Scripted, running_scripts


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of back-off would be spent on waiting only."""
    monkeypatch.setattr(client, "FIRST_BACKOFF_S", 0.005)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Scripted]]:
    with running_scripts() as start:
        yield start


@pytest.fixture
def client_of() -> Callable[..., ChatClient]:
    def make(server: Scripted, meter: Meter | None = None, **settings: Any) -> ChatClient:  # noqa: ANN401
        return ChatClient(ChatEndpoint(server.url, **settings), meter)

    return make

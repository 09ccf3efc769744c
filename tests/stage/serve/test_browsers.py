"""Pages of other origins that ask the endpoint from a browser."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import Message
from typing import Any

import pytest

from gabarito.serve.service import AnswerService

Start = Callable[..., AbstractContextManager[Any]]

PAGE = "https://intranet.example"


def sent(url: str, method: str, origin: str = PAGE, **headers: str) -> tuple[int, Message]:
    body = json.dumps({"messages": [{"role": "user", "content": "a"}]}).encode()
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        body if method == "POST" else None,
        {"Origin": origin, **headers},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


WISH = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
}


def test_a_page_of_a_named_origin_may_ask(serving: Start) -> None:
    with serving(token="right", cors_origins=[PAGE]) as server:
        status, allowed = sent(server.url, "OPTIONS", **WISH)
        _, answered = sent(server.url, "POST", Authorization="Bearer right")
        refused, told = sent(server.url, "POST")
    assert status == 200
    assert allowed["Access-Control-Allow-Origin"] == PAGE
    assert "x-stainless-os" in allowed["Access-Control-Allow-Headers"]
    assert answered["Access-Control-Allow-Origin"] == PAGE
    assert (refused, told["Access-Control-Allow-Origin"]) == (401, PAGE)


def test_every_page_may_ask_if_that_is_set(serving: Start) -> None:
    with serving(cors_origins=["*"]) as server:
        assert sent(server.url, "POST")[1]["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("origins", [[], ["https://another.example"]])
def test_a_page_of_another_origin_is_told_nothing(serving: Start, origins: list[str]) -> None:
    with serving(cors_origins=origins) as server:
        status, allowed = sent(server.url, "OPTIONS", **WISH)
        _, answered = sent(server.url, "POST")
    assert status in (400, 405)
    assert allowed["Access-Control-Allow-Origin"] is None
    assert answered["Access-Control-Allow-Origin"] is None


def test_a_page_is_told_of_a_bug_as_well(serving: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(AnswerService, "submit", fail)
    with serving(cors_origins=[PAGE]) as server:
        status, told = sent(server.url, "POST")
    assert (status, told["Access-Control-Allow-Origin"]) == (500, PAGE)

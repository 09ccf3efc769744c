"""What HTTP says of the page, and what the page is told about the model."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import Message
from importlib.resources import files
from typing import Any

from gabarito.core.model_records import GateCheck, GateVerdict
from gabarito.core.page_words import words_in
from gabarito.core.proof_records import FactEntry
from gabarito.core.records import Fact
from gabarito.proof import FactTable
from gabarito.serve.ask_page import ask_page

from .conftest import RuleEngine

Start = Callable[..., AbstractContextManager[Any]]

FOLDER = files("gabarito.serve").joinpath("page")

FAILED = GateVerdict(
    passed=False,
    reasons=["too few are right"],
    checks=[GateCheck(name="floor", passed=False, text="too few are right")],
)
ASKED = json.dumps({"messages": [{"role": "user", "content": "a u"}]}).encode()
FACT = Fact.of(
    document="d", quote="q", statement="s", subject="Anna", relation="call", answer="ACD"
)


class ShoutingEngine(RuleEngine):
    """Answers in capitals, for which there are no rules."""

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        return super().encode_text(prompt.upper())


def got(url: str, token: str = "", body: bytes | None = None) -> tuple[int, Message, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def test_the_page_is_served_without_a_token_and_asks_nobody_but_its_endpoint(
    serving: Start,
) -> None:
    with serving(token="right") as server:
        status, headers, page = got(f"{server.url}/")
    assert (status, page) == (200, ask_page())
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert re.findall(r"https?://\w|@import|\b(?:src|href)=\"(?!#|data:,)", page) == []


def test_a_setting_leaves_the_page_out(serving: Start) -> None:
    with serving(page=False) as server:
        status, _, body = got(f"{server.url}/")
        asked, _, _ = got(f"{server.url}/v1/models")
    assert (status, asked) == (404, 200)
    assert json.loads(body)["error"]["code"] == "not_found"


def test_the_endpoint_tells_what_it_serves_and_what_the_gate_said(serving: Start) -> None:
    facts = FactTable([FactEntry(fact=FACT)])
    with serving(token="right", facts=facts, verdict=FAILED, threshold=0.25) as server:
        refused, _, _ = got(f"{server.url}/v1/gabarito")
        status, _, body = got(f"{server.url}/v1/gabarito", "right")
    assert (refused, status) == (401, 200)
    assert json.loads(body) == {
        "model": f"rules-{server.digest[:12]}",
        "digest": server.digest,
        "threshold": 0.25,
        "facts": 1,
        "base": False,
        "verdict": FAILED.model_dump(),
    }


def test_the_base_answers_beside_where_it_is_at_hand(serving: Start) -> None:
    with serving(base=ShoutingEngine(), token="right") as server:
        base = f"{server.url}/v1/base/chat/completions"
        refused, _, _ = got(base, body=ASKED)
        _, _, answered = got(base, "right", ASKED)
        _, _, about = got(f"{server.url}/v1/gabarito", "right")
    choice = json.loads(answered)["choices"][0]
    assert refused == 401
    assert choice["message"]["content"] == "AU"
    assert choice["gabarito"]["verified"] is None
    assert json.loads(about)["base"]


def test_without_a_base_nothing_answers_for_it(serving: Start) -> None:
    with serving() as server:
        assert got(f"{server.url}/v1/base/chat/completions", body=ASKED)[0] == 404


def test_of_what_no_pipeline_promoted_there_is_no_verdict(serving: Start) -> None:
    with serving() as server:
        about = json.loads(got(f"{server.url}/v1/gabarito")[2])
    assert (about["facts"], about["verdict"]) == (None, None)


def test_every_word_in_the_file_is_said() -> None:
    body, script = (
        FOLDER.joinpath(name).read_text("utf-8") for name in ("ask_body.html", "ask.js")
    )
    computed = {"no_script", "verified", "unverified", *(f"sure_{n}" for n in range(4))}
    used = {*re.findall(r"\$(\w+)", body), *re.findall(r'"(\w+)"', script)}
    assert set(words_in("gabarito.serve", "page")["en"]) <= used | computed

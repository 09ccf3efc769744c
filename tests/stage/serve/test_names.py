"""What a model may be called, and which one an answer says that it comes from."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

Start = Callable[..., AbstractContextManager[Any]]

DIGEST = "0123456789abcdef" * 4
NAMES = ["rules", "main", DIGEST, DIGEST[:12], f"rules-{DIGEST[:12]}"]


def get(url: str, body: object = None) -> tuple[int, Any]:
    data = json.dumps(body).encode() if body else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def asked(url: str, **fields: object) -> tuple[int, Any]:
    body = {"messages": [{"role": "user", "content": "a c"}], **fields}
    return get(f"{url}/v1/chat/completions", body)


def test_models_lists_the_names_that_stay_and_the_digest(serving: Start) -> None:
    with serving() as server:
        status, listed = get(f"{server.url}/v1/models")
        _, ready = get(f"{server.url}/ready")
    assert status == 200
    assert [card["id"] for card in listed["data"]] == ["rules", "main", DIGEST]
    assert {card["root"] for card in listed["data"]} == {f"rules-{DIGEST[:12]}"}
    assert (ready["names"], ready["digest"]) == (["rules", "main", DIGEST], DIGEST)


def test_the_list_may_be_asked_for_with_a_slash_at_its_end(serving: Start) -> None:
    with serving() as server:
        assert get(f"{server.url}/v1/models/") == get(f"{server.url}/v1/models")


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_accepted_and_echoed_and_the_digest_is_told(serving: Start, name: str) -> None:
    with serving() as server:
        status, reply = asked(server.url, model=name)
        found, card = get(f"{server.url}/v1/models/{name}")
    assert (status, reply["model"], reply["system_fingerprint"]) == (200, name, DIGEST)
    assert reply["choices"][0]["gabarito"]["digest"] == DIGEST
    assert (found, card["id"]) == (200, name)


def test_without_a_name_the_one_that_stays_is_told(serving: Start) -> None:
    with serving() as server:
        assert asked(server.url)[1]["model"] == "rules"


@pytest.mark.parametrize("name", ["another", "0123", "rules-0123456789ac", "org/name", "main%20"])
def test_another_name_is_a_404_that_lists_those_there_are(serving: Start, name: str) -> None:
    with serving() as server:
        for status, reply in (
            get(f"{server.url}/v1/models/{name}"),
            asked(server.url, model=name),
        ):
            assert (status, reply["error"]["code"]) == (404, "model_not_found")
            assert "serves rules, main, 0123" in reply["error"]["message"]


def test_metrics_say_which_model_of_which_pipeline_and_since_when(serving: Start) -> None:
    began = time.time()
    with (
        serving() as server,
        urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as response,
    ):
        text = response.read().decode()
    labels = f'channel="main",digest="{DIGEST}",model="rules-{DIGEST[:12]}",pipeline="rules"'
    assert f"gabarito_served_model{{{labels}}} 1.0\n" in text
    (since,) = re.findall(r"^gabarito_served_since_timestamp_seconds (\S+)$", text, re.MULTILINE)
    assert began <= float(since) <= time.time()


def test_names_that_nobody_has_make_no_series_of_their_own(serving: Start) -> None:
    with serving() as server:
        for name in "abc":
            get(f"{server.url}/v1/models/{name}")
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
    counted = [line for line in lines if line.startswith("gabarito_requests_total")]
    assert counted == ['gabarito_requests_total{path="/v1/models/{name}",status="404"} 3.0']

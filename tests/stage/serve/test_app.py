import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

Start = Callable[..., AbstractContextManager[Any]]

REFUSAL = "I do not know."


def post(url: str, body: object, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            raw = response.read()
            return response.status, json.loads(raw) if raw.startswith(b"{") else raw.decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def chat(text: str, **fields: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}], **fields}


def ask(url: str, text: str, **fields: object) -> tuple[int, Any]:
    return post(f"{url}/v1/chat/completions", chat(text, **fields))


def test_an_answer_has_text_usage_and_probability(serving: Start) -> None:
    with serving() as server:
        status, reply = ask(server.url, "a c d", logprobs=True)
    choice = reply["choices"][0]
    assert (status, choice["message"]["content"], choice["finish_reason"]) == (200, "acd", "stop")
    assert reply["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}
    assert choice["gabarito"] == {"probability": pytest.approx(0.970446), "known": True}
    assert [row["token"] for row in choice["logprobs"]["content"]] == ["a", "c", "d"]


def test_an_improbable_answer_becomes_the_refusal(serving: Start) -> None:
    with serving() as server:
        _, reply = ask(server.url, "a u")
    choice = reply["choices"][0]
    assert choice["message"]["content"] == REFUSAL
    assert choice["gabarito"]["known"] is False


def test_the_threshold_can_be_set(serving: Start) -> None:
    with serving(threshold=0.1) as server:
        _, reply = ask(server.url, "a u")
    assert reply["choices"][0]["message"]["content"] == "au"


def test_a_limit_ends_an_answer_as_length(serving: Start) -> None:
    with serving() as server:
        _, reply = ask(server.url, "a c d", max_tokens=2)
    assert reply["choices"][0]["finish_reason"] == "length"


def test_a_stop_text_ends_an_answer(serving: Start) -> None:
    with serving() as server:
        _, reply = ask(server.url, "a c d e", stop=["d"])
    assert reply["choices"][0]["message"]["content"] == "ac"


def test_completions_take_plain_text(serving: Start) -> None:
    with serving() as server:
        status, reply = post(f"{server.url}/v1/completions", {"prompt": "a c", "logprobs": 1})
    assert (status, reply["choices"][0]["text"]) == (200, "ac")
    assert reply["choices"][0]["logprobs"]["tokens"] == ["a", "c"]


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_stream_without_threshold_comes_token_by_token(serving: Start) -> None:
    with serving(threshold=0.0) as server:
        body = chat("a c d", stream=True, stream_options={"include_usage": True})
        _, text = post(f"{server.url}/v1/chat/completions", body)
    parts = events(text)
    held = [part["choices"][0]["delta"].get("content") for part in parts[:-1]]
    assert "".join(piece for piece in held if piece) == "acd"
    assert parts[-2]["choices"][0]["gabarito"]["known"] is True
    assert parts[-1]["usage"]["completion_tokens"] == 3


def test_a_stream_of_an_improbable_answer_carries_only_the_refusal(serving: Start) -> None:
    with serving() as server:
        _, text = post(f"{server.url}/v1/chat/completions", chat("a u", stream=True))
    pieces = [part["choices"][0]["delta"].get("content") for part in events(text)]
    assert [piece for piece in pieces if piece] == [REFUSAL]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{cut", 400, "the body is not JSON"),
        (b"\xff\xfe", 400, "the body is not JSON"),
        ({"messages": []}, 400, "messages: "),
        (chat("a", model="another"), 404, "this endpoint serves 'rules'"),
        (chat("a " * 20), 400, "this model takes 16 in all, shorten it"),
        (chat("a", max_tokens=99), 400, "this model takes 16 in all, shorten it"),
        (chat("a", tools=[]), 400, "tools: extra inputs are not permitted"),
        (chat("a" * (1 << 20)), 413, "the body is larger than 1048576 bytes"),
        (chat("b"), 500, "the engine failed: the engine is broken"),
    ],
)
def test_bad_requests_get_one_clear_error(
    serving: Start, body: object, status: int, said: str
) -> None:
    with serving() as server:
        got, reply = post(f"{server.url}/v1/chat/completions", body)
        assert ask(server.url, "a")[0] == 200
    assert got == status
    assert said in reply["error"]["message"]


def test_an_unknown_path_is_an_error_of_the_protocol(serving: Start) -> None:
    with serving() as server:
        status, reply = post(f"{server.url}/v1/embeddings", {})
    assert (status, reply["error"]["code"]) == (404, "not_found")


def test_a_token_is_asked_for(serving: Start) -> None:
    with serving(token="right") as server:
        url = f"{server.url}/v1/chat/completions"
        assert post(url, chat("a"))[0] == 401
        assert post(url, chat("a"), Authorization="Bearer wrong")[0] == 401
        assert post(url, chat("a"), Authorization="Bearer right")[0] == 200


def test_a_full_queue_answers_429_and_recovers(serving: Start) -> None:
    with serving(max_queue=1, max_batch=1) as server:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(ask(server.url, "s a a a")[0]))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 429}
        assert ask(server.url, "a")[0] == 200


def test_questions_that_wait_are_answered_together(serving: Start) -> None:
    with serving() as server:
        threads = [threading.Thread(target=ask, args=(server.url, "s a a a")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(server.engine.batches) > 2


def test_a_client_that_hangs_up_frees_the_engine(serving: Start) -> None:
    with serving() as server:
        body = json.dumps(chat("s a a a a a a a")).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(head.encode() + body)
            time.sleep(0.1)
        deadline = time.monotonic() + 5
        while not server.engine.unwanted and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.engine.unwanted == 1
        assert ask(server.url, "a")[0] == 200


def test_a_client_that_cuts_its_request_harms_nobody(serving: Start) -> None:
    with serving() as server:
        head = b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"mess'
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(head)
        assert ask(server.url, "a")[0] == 200


def test_health_ready_models_and_metrics(serving: Start) -> None:
    def get(path: str) -> str:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=5) as response:
            return response.read().decode()

    with serving() as server:
        ask(server.url, "a c")
        assert get("/health") == "ok"
        assert json.loads(get("/ready")) == {"model": "rules"}
        assert json.loads(get("/v1/models"))["data"][0]["id"] == "rules"
        metrics = get("/metrics")
    assert 'gabarito_requests_total{path="/v1/chat/completions",status="200"} 1.0' in metrics
    assert 'gabarito_tokens_total{direction="written"} 2.0' in metrics


def test_running_answers_are_finished_when_the_server_stops(serving: Start) -> None:
    with serving() as server:
        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.append(ask(server.url, "s a a a a a")))
        thread.start()
        time.sleep(0.1)
        server.server.should_exit = True
        thread.join()
    assert got[0][0] == 200

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from gabarito.core.secrets import RotatingSecret
from gabarito.serve import batcher

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
    about = choice["gabarito"]
    assert (about["probability"], about["known"]) == (pytest.approx(0.970446), True)
    assert about["digest"] == server.digest
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


def test_logprobs_of_0_are_those_of_the_tokens_alone(serving: Start) -> None:
    with serving() as server:
        _, told = post(f"{server.url}/v1/completions", {"prompt": "a c", "logprobs": 0})
        _, untold = post(f"{server.url}/v1/completions", {"prompt": "a c"})
    assert told["choices"][0]["logprobs"]["tokens"] == ["a", "c"]
    assert untold["choices"][0]["logprobs"] is None


def test_a_path_with_a_slash_at_its_end_is_answered_where_it_was_asked(serving: Start) -> None:
    paths = ("/v1/chat/completions/", "/v1/models/", "/v1/models/rules/", "/health//")
    with (
        serving() as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client,
    ):
        for path in paths:
            client.request("POST" if "chat" in path else "GET", path, json.dumps(chat("a")))
            with client.getresponse() as response:
                assert (path, response.status, bool(response.read())) == (path, 200, True)


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_stream_without_threshold_comes_token_by_token(serving: Start) -> None:
    with serving(threshold=0.0) as server:
        body = chat("a c d", stream=True, stream_options={"include_usage": True})
        _, text = post(f"{server.url}/v1/chat/completions", body)
    parts = events(text)
    assert [part["choices"][0]["delta"] for part in parts[:-1]] == [
        {"role": "assistant", "content": ""},
        {"content": "a"},
        {"content": "c"},
        {"content": "d"},
        {},
    ]
    assert parts[-2]["choices"][0]["gabarito"]["known"] is True
    assert parts[-1]["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize("question", ["_ a c d e f", "a _ c d _", "a c _ d", "a d c e f", "_ _"])
@pytest.mark.parametrize("stop", [None, "d", ["de", "cd"], ["c e", " d"], "ce"])
def test_a_stream_says_what_the_whole_answer_says(
    serving: Start, question: str, stop: object
) -> None:
    with serving(threshold=0.0) as server:
        _, whole = ask(server.url, question, stop=stop, logprobs=True)
        _, text = ask(server.url, question, stop=stop, logprobs=True, stream=True)
    choices = [part["choices"][0] for part in events(text)]
    joined = "".join(choice["delta"].get("content", "") for choice in choices)
    assert joined == whole["choices"][0]["message"]["content"]
    rows = [choice["logprobs"]["content"] for choice in choices if choice.get("logprobs")]
    sent = [row["token"] for part in rows for row in part]
    kept = [row["token"] for row in (whole["choices"][0]["logprobs"] or {"content": []})["content"]]
    assert sent == kept[: len(sent)]


def test_a_stream_of_an_improbable_answer_carries_only_the_refusal(serving: Start) -> None:
    with serving() as server:
        _, text = post(f"{server.url}/v1/chat/completions", chat("a u", stream=True))
    pieces = [part["choices"][0]["delta"].get("content") for part in events(text)]
    assert [piece for piece in pieces if piece] == [REFUSAL]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{cut", 400, "body: not JSON"),
        (b"\xff\xfe", 400, "body: not JSON"),
        ('{"messages": "é"}'.encode("cp1252"), 400, "; send it in UTF-8"),
        ({"messages": []}, 400, "messages: "),
        (chat("a", model="another"), 404, "this endpoint serves rules, main, 0123"),
        (chat("a " * 24), 400, "has 24 tokens; this model takes 24 with its answer, shorten it"),
        (b"[" * 200_000, 400, "body: not JSON"),
        (chat("a", seed=2**70), 400, "seed: must be at most 9223372036854775807"),
        (b'{"messages":[{"role":"user","content":"\\ud800"}]}', 400, "send whole characters"),
        (chat("a", presence_penalty=0.5), 400, "presence_penalty: only 0 is served"),
        (chat("a", top_logprobs=5), 400, "top_logprobs: only 0 is served"),
        (chat("a", tools=[{}]), 400, "tools: only [] is served; leave it out"),
        (chat("a" * (1 << 20)), 413, "the body is larger than 1048576 bytes"),
        (chat("b"), 500, "the engine failed: the engine is broken"),
        (chat("n"), 500, "no number"),
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


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": None, "n": None, "stop": None, "seed": None, "stream": None},
        {"presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "top_logprobs": 0},
        {"response_format": {"type": "text"}, "user": "a person", "stop": ""},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a c"}]}]},
        {"messages": [{"role": "user", "content": "a c", "name": "ana"}]},
        {"max_tokens": 1024},
    ],
)
def test_what_changes_nothing_is_taken(serving: Start, fields: dict[str, object]) -> None:
    with serving() as server:
        status, reply = post(f"{server.url}/v1/chat/completions", {**chat("a c"), **fields})
    assert (status, reply["choices"][0]["message"]["content"]) == (200, "ac")


def test_a_developers_message_is_a_system_message(serving: Start) -> None:
    turns = [{"role": "developer", "content": "d"}, {"role": "user", "content": "a"}]
    with serving(conversation="whole") as server:
        _, reply = post(f"{server.url}/v1/chat/completions", {"messages": turns})
    assert reply["choices"][0]["message"]["content"] == "da"


def test_one_prompt_in_a_list_is_a_prompt(serving: Start) -> None:
    with serving() as server:
        url = f"{server.url}/v1/completions"
        assert post(url, {"prompt": ["a c"]})[1]["choices"][0]["text"] == "ac"
        assert post(url, {"prompt": ["a", "c"]})[0] == 400
        status, reply = post(url, {"prompt": "a " * 24})
    assert (status, reply["error"]["param"]) == (400, "prompt")


def test_without_a_limit_the_models_own_holds(serving: Start) -> None:
    with serving(max_new_tokens=6) as server:
        url = f"{server.url}/v1/completions"
        assert post(url, {"prompt": "a " * 8})[1]["usage"]["completion_tokens"] == 6
    with serving(max_new_tokens=6) as server:  # the server's cap is for what clients ask
        own = ask(server.url, "a c d e f", max_tokens=1)[1]
    assert own["usage"]["completion_tokens"] == 1


def test_a_withheld_answer_does_not_stand_in_the_logprobs(serving: Start) -> None:
    with serving() as server:
        _, whole = ask(server.url, "a u", logprobs=True)
        _, stream = ask(server.url, "a u", logprobs=True, stream=True)
    assert whole["choices"][0]["logprobs"] is None
    assert [part for part in events(stream) if part["choices"][0].get("logprobs")] == []


def probed(url: str) -> set[int]:
    """Return the statuses of both probes."""
    statuses = set()
    for path in ("/health", "/ready"):
        try:
            with urllib.request.urlopen(f"{url}{path}", timeout=5) as response:
                statuses.add(response.status)
        except urllib.error.HTTPError as error:
            with error:
                statuses.add(error.code)
    return statuses


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("completions", {"prompt": []}, "prompt"),
        ("completions", {"prompt": [""]}, "prompt"),
        ("completions", {"prompt": " \n "}, "prompt"),
        ("completions", {"prompt": "a " * 99}, "prompt"),
        ("chat/completions", chat(""), "messages"),
        ("chat/completions", {"messages": [{"role": "user", "content": []}]}, "messages"),
        ("chat/completions", {"messages": [{"role": "user", "content": "a"}] * 1_001}, "messages"),
        ("chat/completions", chat("a", stop=["d"] * 17), "stop"),
        ("chat/completions", chat("a", stop="d" * 1_001), "stop"),
        ("chat/completions", chat("a", max_tokens=0), "max_tokens"),
        ("chat/completions", chat("a", max_completion_tokens=-2), "max_completion_tokens"),
        ("chat/completions", chat("a", seed=-(2**63) - 1), "seed"),
        ("chat/completions", chat("a", logit_bias={"50256": -100}), "logit_bias"),
        ("chat/completions", chat("a", temperature=float("nan")), "temperature"),
        ("chat/completions", chat("a", top_p=float("inf")), "top_p"),
        ("chat/completions", chat("a", stop=["\ud800"]), "stop"),
    ],
)
def test_a_request_at_fault_is_400_with_its_field_and_harms_nobody(
    serving: Start, path: str, body: object, param: str
) -> None:
    with serving() as server:
        for _ in range(3):
            status, reply = post(f"{server.url}/v1/{path}", body)
            assert (status, reply["error"]["param"].split(".")[0]) == (400, param)
        assert probed(server.url) == {200}
    assert server.engine.batches == []


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": -(2**63)},
        {"max_tokens": 10**300},
        {"temperature": 1e-300},
        {"top_p": 1e-300},
        {"stop": ["", "\x00", "x" * 1_000, *"defghijklmnop"]},
    ],
)
def test_odd_values_within_the_bounds_are_answered(
    serving: Start, fields: dict[str, object]
) -> None:
    with serving() as server:
        assert ask(server.url, "a", **fields)[0] == 200


def test_an_error_quotes_little_of_the_request(serving: Start) -> None:
    with serving() as server:
        _, by_name = ask(server.url, "a", **{"n" * 100_000: 1})
        _, by_model = ask(server.url, "a", model="m" * 100_000)
    assert len(json.dumps([by_name, by_model])) < 4_000


def test_probes_are_answered_while_a_long_request_is_read(
    serving: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def encode(_engine: object, _text: str) -> tuple[int, ...]:
        begun.set()
        assert go_on.wait(10)
        return (ord("a"),)

    with serving() as server:
        monkeypatch.setattr(type(server.engine), "encode_text", encode)
        thread = threading.Thread(target=ask, args=(server.url, "a"))
        thread.start()
        assert begun.wait(10)
        assert probed(server.url) == {200}
        go_on.set()
        thread.join()


def test_requests_that_make_the_engine_fail_leave_it_healthy(serving: Start) -> None:
    with serving() as server:
        for _ in range(4):
            assert ask(server.url, "b")[0] == 500
        assert probed(server.url) == {200}


def test_an_engine_that_cannot_answer_its_own_prompt_is_not_healthy_until_it_can(
    serving: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batcher, "RECHECK_S", 0.05)
    with serving() as server:
        server.engine.is_broken = True
        assert ask(server.url, "a")[0] == 500
        assert probed(server.url) == {503}
        server.engine.is_broken = False
        deadline = time.monotonic() + 5
        while probed(server.url) != {200}:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_request_that_fails_its_batch_costs_the_others_nothing(serving: Start) -> None:
    statuses: dict[str, int] = {}

    def note(text: str) -> None:
        statuses[text] = ask(server.url, text)[0]

    with serving() as server:
        threads = [threading.Thread(target=note, args=(t,)) for t in ("s s s s", "b", "a", "c")]
        for thread in threads:
            thread.start()
            time.sleep(0.03)
        for thread in threads:
            thread.join()
    assert statuses == {"s s s s": 200, "b": 500, "a": 200, "c": 200}


def test_a_row_that_fails_harms_no_other(serving: Start) -> None:
    with serving() as server:
        got: dict[str, int] = {}

        def note(text: str) -> None:
            got[text] = ask(server.url, text)[0]

        threads = [threading.Thread(target=note, args=(t,)) for t in ("s a a", "n", "a", "a c")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {"s a a": 200, "n": 500, "a": 200, "a c": 200}


def test_a_failure_within_a_stream_is_its_last_event(serving: Start) -> None:
    with serving(threshold=0.0) as server:
        _, text = ask(server.url, "a c d x", stream=True)
    last = [line for line in text.split("\n\n") if line][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "engine_failed"


def test_another_method_is_405_and_says_which(serving: Start) -> None:
    with serving() as server, pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/v1/chat/completions", timeout=5)
    with caught.value as error:
        assert (error.code, error.headers["Allow"]) == (405, "POST")
        assert json.loads(error.read())["error"]["code"] == "method_not_allowed"


def test_an_unknown_path_is_an_error_of_the_protocol(serving: Start) -> None:
    with serving() as server:
        status, reply = post(f"{server.url}/v1/embeddings", {})
    assert (status, reply["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        ("Bearer wrong", 401),
        ("Bearer", 401),
        ("right", 401),
        ("Basic right", 401),
        ("Bearer right", 200),
        ("bearer right", 200),
        ("BEARER  right ", 200),
    ],
)
def test_a_token_is_asked_for_whatever_the_case_of_its_scheme(
    serving: Start, header: str, status: int
) -> None:
    with serving(token="right") as server:
        url = f"{server.url}/v1/chat/completions"
        assert post(url, chat("a"), Authorization=header)[0] == status


def test_a_token_whose_file_changes_is_asked_for_at_once(
    serving: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_text("before")
    monkeypatch.setenv("GABARITO_SERVE_TOKEN_FILE", str(path))
    with serving(token=RotatingSecret("GABARITO_SERVE_TOKEN").read) as server:
        url = f"{server.url}/v1/chat/completions"
        assert post(url, chat("a"), Authorization="Bearer before")[0] == 200
        for written in ("today", ""):  # blank for a moment: that opens nothing
            path.write_text(written)
            for token, status in (("before", 401), ("today", 200)):
                assert post(url, chat("a"), Authorization=f"Bearer {token}")[0] == status


def test_a_401_says_how_to_authenticate(serving: Start) -> None:
    with serving(token="right") as server, pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/v1/models", timeout=5)
    with caught.value as error:
        assert (error.code, error.headers["WWW-Authenticate"]) == (401, 'Bearer realm="gabarito"')


def test_a_full_queue_answers_429_and_recovers(serving: Start) -> None:
    with serving(max_queue=1, max_batch=1) as server:
        statuses: list[int] = []
        waits: set[str | None] = set()

        def note() -> None:
            body = json.dumps(chat("s a a a")).encode()
            try:
                with urllib.request.urlopen(f"{server.url}/v1/chat/completions", body) as response:
                    statuses.append(response.status)
            except urllib.error.HTTPError as error:
                with error:
                    statuses.append(error.code)
                    waits.add(error.headers["Retry-After"])

        threads = [threading.Thread(target=note) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 429}
        assert waits == {"1"}
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
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as response:
            metrics = response.read().decode()
    assert 'gabarito_requests_total{path="/v1/chat/completions",status="499"} 1.0' in metrics


def test_health_ready_models_and_metrics(serving: Start) -> None:
    def get(path: str) -> str:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=5) as response:
            text: str = response.read().decode()
            return text

    with serving() as server:
        ask(server.url, "a c")
        assert get("/health") == "ok"
        assert json.loads(get("/ready"))["model"] == "rules-0123456789ab"
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

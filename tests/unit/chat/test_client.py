import random
import re
import socket
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from gabarito.chat import (
    ChatClient,
    ChatEndpoint,
    Completion,
    DaemonPool,
    Meter,
    Prices,
    RefusedRequest,
    client,
    http,
    request_body,
)
from gabarito.chat.breaker import MOST_IN_VAIN, Breaker
from gabarito.chat.concurrency import START
from gabarito.chat.protocol import CallFailure
from gabarito.core.errors import AccessError, Interrupted, ServiceError, SettingsError
from gabarito.core.records import Message
from gabarito.core.secrets import RotatingSecret

from .script import Handler, Scripted, fails, floods, gives, hangs_up, says, trickles, trickles_head

Serve = Callable[..., Scripted]
ClientOf = Callable[..., ChatClient]

BODY = request_body("m", [Message(role="user", content="olá")], {"temperature": 0.5, "seed": None})


def test_a_reply_comes_with_its_reason_and_usage(serve: Serve, client_of: ClientOf) -> None:
    reply = client_of(serve(says("sim"))).complete(BODY)
    assert (reply.text, reply.finish_reason, reply.tries) == ("sim", "stop", 1)
    assert (reply.prompt_tokens, reply.completion_tokens) == (100, 10)


def test_what_is_sent_is_the_protocol(serve: Serve, client_of: ClientOf) -> None:
    server = serve(says("sim"))
    client_of(server, key="abc").complete(BODY)
    _, path, headers, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer abc"
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "olá"}],
        "temperature": 0.5,
    }


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("https://h/api/v3/", "https://h/api/v3/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/d/?api-version=1", "https://h/d/chat/completions?api-version=1"),
        ("https://h/d/chat/completions?v=1#x", "https://h/d/chat/completions?v=1"),
    ],
)
def test_the_url_may_be_written_in_several_ways(given: str, asked: str) -> None:
    assert ChatEndpoint(given).completions == asked


@pytest.mark.parametrize(
    "url", ["", "example.com/v1", "ftp://h/v1", "http:///v1", "http://h:port", "http://[h"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="not an http or https URL"):
        ChatClient(ChatEndpoint(url))


def test_a_missing_usage_is_estimated_and_not_free(serve: Serve, client_of: ClientOf) -> None:
    reply = client_of(serve(says("a" * 30, usage=None))).complete(BODY)
    assert reply.completion_tokens == 10
    assert reply.prompt_tokens > 10


@pytest.mark.parametrize(
    "trouble", [fails(500), fails(503), fails(529), fails(429), fails(408), hangs_up]
)
def test_a_passing_trouble_is_tried_again(
    serve: Serve, client_of: ClientOf, trouble: object
) -> None:
    reply = client_of(serve(trouble, trouble, says("sim"))).complete(BODY)
    assert (reply.text, reply.tries) == ("sim", 3)


@pytest.mark.parametrize("nonsense", [b"", b"<html>busy</html>", b"[]", b"{}", b'{"choices": []}'])
def test_nonsense_is_tried_again_and_then_an_error(
    serve: Serve, client_of: ClientOf, nonsense: bytes
) -> None:
    server = serve(gives(nonsense))
    with pytest.raises(ServiceError, match=r"teacher http://127\.0\.0\.1.*no chat completion"):
        client_of(server, retries=2).complete(BODY)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again(serve: Serve, client_of: ClientOf, status: int) -> None:
    server = serve(fails(status))
    with pytest.raises(AccessError, match="GABARITO_TEACHER_KEY holds a key that it refuses"):
        client_of(server, key="abc").complete(BODY)
    assert len(server.requests) == 1


@pytest.fixture
def rotating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, RotatingSecret]:
    """A key in a file, which is looked at every few milliseconds."""
    monkeypatch.setattr(client, "FILE_CHECK_S", 0.01)
    path = tmp_path / "key"
    path.write_text("before")
    monkeypatch.setenv("GABARITO_TEACHER_KEY_FILE", str(path))
    return path, RotatingSecret("GABARITO_TEACHER_KEY")


def accepts(key: str) -> Callable[[Handler], None]:
    """Answer whoever has this key."""

    def answer(handler: Handler) -> None:
        is_known = handler.headers["Authorization"] == f"Bearer {key}"
        (says("sim") if is_known else fails(401))(handler)

    return answer


def test_a_key_is_read_anew_when_it_is_refused(
    serve: Serve, rotating: tuple[Path, RotatingSecret]
) -> None:
    path, key = rotating
    server = serve(accepts("before"))
    chat = ChatClient(ChatEndpoint(server.url, key=key))
    chat.complete(BODY)
    server.script = [accepts("today")]
    later = threading.Timer(0.2, path.write_text, ("today",))
    later.start()
    assert chat.complete(BODY).text == "sim"
    later.join()


def test_a_key_without_a_successor_is_refused_in_the_end(
    serve: Serve, rotating: tuple[Path, RotatingSecret], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ROTATION_S", 0.1)
    server = serve(accepts("before"))
    chat = ChatClient(ChatEndpoint(server.url, key=rotating[1]))
    chat.complete(BODY)
    server.script = [accepts("today")]
    with pytest.raises(AccessError, match="holds a key that it refuses"):
        chat.complete(BODY)


def test_a_key_that_was_never_right_is_not_waited_for(
    serve: Serve, rotating: tuple[Path, RotatingSecret]
) -> None:
    server = serve(accepts("another"))
    with pytest.raises(AccessError):
        ChatClient(ChatEndpoint(server.url, key=rotating[1])).complete(BODY)
    assert len(server.requests) == 1


def test_a_missing_key_is_named(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(AccessError, match="GABARITO_TEACHER_KEY is not set"):
        client_of(serve(fails(401))).complete(BODY)


def test_a_redirect_names_where_it_leads(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(308, Location="https://elsewhere/v1"))
    with pytest.raises(SettingsError, match="leads to https://elsewhere/v1; set its url"):
        client_of(server).complete(BODY)


def test_the_key_never_stands_in_a_message(serve: Serve, client_of: ClientOf) -> None:
    chat = client_of(serve(fails(401)), key="sk-secret")
    with pytest.raises(AccessError) as caught:
        chat.complete(BODY)
    assert "sk-secret" not in f"{caught.value} {chat.endpoint}"


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_refused_request_is_a_matter_of_settings(
    serve: Serve, client_of: ClientOf, status: int
) -> None:
    server = serve(fails(status, said="no such model"))
    with pytest.raises(SettingsError, match="no such model"):
        client_of(server).complete(BODY)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", ["content_filter", "data_inspection_failed", "1301", ""])
def test_a_refused_request_is_no_matter_of_others(
    serve: Serve, client_of: ClientOf, code: str
) -> None:
    chat = client_of(serve(fails(400, code, said="inappropriate"), says("sim")))
    refused = chat.answer(BODY)
    assert isinstance(refused, RefusedRequest)
    assert "inappropriate" in str(refused.error)
    assert chat.complete(BODY).text == "sim"


def test_no_number_of_replies_excuses_refusals_for_ever(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_REFUSED", MOST_IN_VAIN)
    chat = client_of(serve(fails(400)))
    for _ in range(2 * MOST_IN_VAIN):
        chat.credit()
    for _ in range(MOST_IN_VAIN):
        chat.answer(BODY)
    with pytest.raises(SettingsError, match="37 requests on end were refused"):
        chat.answer(BODY)


def test_an_endpoint_that_refuses_all_is_given_up_unless_it_answered_more_before(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(fails(400))
    known, unknown = client_of(server), client_of(server)
    for _ in range(MOST_IN_VAIN + 5):
        known.credit()
    assert all(isinstance(known.answer(BODY), RefusedRequest) for _ in range(MOST_IN_VAIN))
    for _ in range(MOST_IN_VAIN - 1):
        unknown.answer(BODY)
    with pytest.raises(SettingsError, match="36 requests on end were refused"):
        unknown.answer(BODY)


@pytest.mark.parametrize("trouble", [fails(404), fails(500), gives(b'{"error": {"code": 502}}')])
def test_what_was_found_once_is_waited_for(
    serve: Serve, client_of: ClientOf, trouble: object
) -> None:
    chat = client_of(serve(says("sim"), trouble, says("sim")))
    chat.complete(BODY)
    assert chat.complete(BODY).tries == 2


def test_a_key_that_was_taken_is_not_blamed_for_a_filter(serve: Serve, client_of: ClientOf) -> None:
    chat = client_of(serve(says("sim"), fails(403, said="flagged"), fails(401)))
    chat.complete(BODY)
    assert isinstance(chat.answer(BODY), RefusedRequest)
    with pytest.raises(AccessError):
        chat.answer(BODY)


def test_a_key_that_was_taken_by_an_earlier_run_is_not_blamed_either(
    serve: Serve, client_of: ClientOf
) -> None:
    chat = client_of(serve(fails(403, said="flagged")))
    chat.credit()
    assert isinstance(chat.answer(BODY), RefusedRequest)


def test_a_limit_passes_however_often_it_is_met(serve: Serve, client_of: ClientOf) -> None:
    server = serve(*[fails(429)] * 12, says("sim"))
    assert client_of(server, retries=2).complete(BODY).tries == 13


@pytest.mark.parametrize("trouble", [fails(500), fails(429), gives(b"<html>busy</html>")])
def test_a_service_that_gives_nothing_is_left_alone_by_all(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, trouble: object
) -> None:
    monkeypatch.setattr(client, "MAX_BACKOFF_S", 0.02)
    server = serve(trouble)
    chat = client_of(server)
    pool = DaemonPool(64)
    asked = [pool.submit(chat.answer, BODY) for _ in range(64)]
    errors = [future.exception() for future in asked]
    assert all(isinstance(error, ServiceError) for error in errors)
    assert any("requests on end)" in str(error) for error in errors)
    assert len(server.requests) < MOST_IN_VAIN + 2 * START


def test_what_was_in_flight_when_a_service_stopped_counts_once() -> None:
    breaker, sent = Breaker(), time.monotonic()
    assert {breaker.note(is_useful=False, sent=sent) for _ in range(64)} == {1}
    assert breaker.note(is_useful=False, sent=time.monotonic()) == 2


def test_one_request_that_is_never_answered_is_given_up_alone(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_BACKOFF_S", 0.02)

    def answer(handler: Handler) -> None:
        is_poison = "veneno" in str(handler.server.requests[-1][3])
        (fails(500) if is_poison else says("sim"))(handler)

    chat = client_of(serve(answer), retries=20)
    poison = request_body("m", [Message(role="user", content="veneno")], {})
    waiting = DaemonPool(1).submit(chat.answer, poison)
    while not waiting.done():
        assert isinstance(chat.answer(BODY), Completion)
        time.sleep(0.005)
    assert isinstance(waiting.result(), RefusedRequest)


def test_a_used_up_account_is_not_tried_again(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(429, "insufficient_quota"))
    with pytest.raises(ServiceError, match="add credit"):
        client_of(server).complete(BODY)
    assert len(server.requests) == 1


def test_retry_after_is_honoured(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(429, Retry_After="1"), says("sim"))
    client_of(server).complete(BODY)
    assert server.requests[1][0] - server.requests[0][0] >= 0.95


def test_retry_after_holds_everybody_back(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(429, retry_after_ms="400"), says("sim"))
    chat = client_of(server)
    first = threading.Thread(target=chat.complete, args=(BODY,))
    first.start()
    while chat.limit.now == START:  # until the client has read the refusal
        time.sleep(0.005)
    chat.complete(BODY)
    first.join()
    assert all(later[0] - server.requests[0][0] >= 0.35 for later in server.requests[1:])


def test_a_day_long_pause_is_an_error_at_once(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(429, Retry_After="86400"))
    with pytest.raises(ServiceError, match="asks to wait 86400 s"):
        client_of(server).complete(BODY)
    assert len(server.requests) == 1


def test_a_slow_teacher_is_given_up_with_its_cure(serve: Serve, client_of: ClientOf) -> None:
    server = serve(lambda handler: time.sleep(0.5))
    with pytest.raises(ServiceError, match=r"within 0\.1 s.*raise timeout_s"):
        client_of(server, timeout_s=0.1, retries=1).complete(BODY)


def test_an_endless_trickle_of_white_space_is_given_up(serve: Serve, client_of: ClientOf) -> None:
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        client_of(serve(trickles), timeout_s=0.3, retries=0).complete(BODY)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "line",
    [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: 1\r\n", b"HTTP/1.1 102 P\r\n"],
)
def test_the_time_covers_all_that_comes_before_the_body(
    line: bytes, serve: Serve, client_of: ClientOf
) -> None:
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        client_of(serve(trickles_head(line)), timeout_s=0.3, retries=0).complete(BODY)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["https://sk-secret@h/v1", "http://user:sk-secret@h/v1"])
def test_a_key_in_the_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match=r"at h: .*set GABARITO_TEACHER_KEY") as caught:
        ChatClient(ChatEndpoint(url))
    assert "secret" not in str(caught.value)


def test_a_negative_usage_lowers_no_cost(serve: Serve, client_of: ClientOf) -> None:
    usage = {"prompt_tokens": -1_000_000, "completion_tokens": -1}
    chat = client_of(serve(says("sim", usage=usage)), Meter(Prices(input=1e6), max_cost=1.0))
    chat.complete(BODY)
    with pytest.raises(SettingsError, match="max_cost: 1 is spent"):
        chat.complete(BODY)


def test_an_endless_body_is_cut(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 100_000)
    began = time.monotonic()
    with pytest.raises(ServiceError, match="no chat completion"):
        client_of(serve(floods), retries=0, timeout_s=30).complete(BODY)
    assert time.monotonic() - began < 10


def test_tries_are_spaced(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FIRST_BACKOFF_S", 0.1)
    monkeypatch.setattr(random, "uniform", lambda _least, most: most)
    server = serve(fails(500), fails(500), fails(500), says("sim"))
    client_of(server).complete(BODY)
    times = [request[0] for request in server.requests]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert all(gap >= least for gap, least in zip(gaps, (0.1, 0.2, 0.4), strict=True))


def test_where_nothing_listens_the_address_is_named_soon() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    with pytest.raises(ServiceError, match=rf"teacher {url}: .*Connection refused.*\(4 tries\)"):
        ChatClient(ChatEndpoint(url, retries=50)).complete(BODY)


def test_many_find_out_soon_that_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    chat, pool = ChatClient(ChatEndpoint(url)), DaemonPool(64)
    asked = [pool.submit(chat.answer, BODY) for _ in range(64)]
    errors = [future.exception(timeout=60) for future in asked]
    assert all(isinstance(error, ServiceError) for error in errors)
    found = [re.search(r"\((\d+) (?:tries|requests on end)\)", str(error)) for error in errors]
    assert all(one and int(one[1]) < 3 * START for one in found)


def test_money_is_counted(serve: Serve, client_of: ClientOf) -> None:
    meter = Meter(Prices(input=3.0, output=15.0))
    client_of(serve(says("sim")), meter).complete(BODY)
    assert meter.cost == pytest.approx((100 * 3 + 10 * 15) / 1e6)
    assert meter.replies == 1


def test_the_ceiling_of_cost_stops_before_the_next_request(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(says("sim"))
    chat = client_of(server, Meter(Prices(input=10_000.0), max_cost=2.0))
    for _ in range(2):
        chat.complete(BODY)
    with pytest.raises(
        SettingsError, match="max_cost: 2 is spent, 2 replies cost 2; they are saved"
    ):
        chat.complete(BODY)
    assert len(server.requests) == 2


def test_what_was_spent_before_counts() -> None:
    with pytest.raises(SettingsError, match="max_cost"):
        Meter(Prices(), max_cost=2.0, spent=2.0).refuse_overspending()


def test_stop_ends_those_that_wait(serve: Serve, client_of: ClientOf) -> None:
    server = serve(fails(429, Retry_After="60"))
    chat = client_of(server)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            chat.complete(BODY)
        except Interrupted as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.requests:
        time.sleep(0.005)
    chat.stop()
    thread.join(5)
    assert len(caught) == 1


def test_connections_are_kept(serve: Serve, client_of: ClientOf) -> None:
    ports: set[int] = set()

    def answer(handler: Handler) -> None:
        ports.add(handler.client_address[1])
        says("sim")(handler)

    chat = client_of(serve(answer))
    for _ in range(5):
        chat.complete(BODY)
    assert len(ports) == 1


def test_credit_that_ran_out_within_a_batch_is_no_fault_of_its_lines() -> None:
    chat = ChatClient(ChatEndpoint("http://127.0.0.1:9"))
    empty = CallFailure("answered 402", ServiceError, "add credit", 402)
    assert chat.judge(empty, BODY, chat.dialect) is None
    refused = CallFailure("answered 400", SettingsError, "", 400, is_of_request=True)
    assert isinstance(chat.judge(refused, BODY, chat.dialect), RefusedRequest)

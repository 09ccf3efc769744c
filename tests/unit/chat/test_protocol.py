import json
from typing import Any

import pytest

from gabarito.chat.completion import Completion
from gabarito.chat.http import Response
from gabarito.chat.pauses import pause_of
from gabarito.chat.protocol import CallFailure, read_response
from gabarito.core.errors import ServiceError, SettingsError

NESTED = b'{"error": ' + b"[" * 100_000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "-7"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "nan"}, 0),
        ({"Retry-After": "inf"}, 0),
        ({"Retry-After": "Thu, 01 Jan 9999999999999999999 00:00:00 GMT"}, 0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT"}, 20),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0),
        ({"Retry-After": "1", "retry-after-ms": "200"}, 0.2),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "58s"}, 58),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m0.5s"}, 60.5),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, 0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000000"}, 1_699_999_960),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 0),
        ({"x-ratelimit-remaining": "57", "x-ratelimit-reset": "3600"}, 0),
    ],
)
def test_the_pause_is_read_as_the_standard_writes_it(
    headers: dict[str, str], seconds: float
) -> None:
    assert pause_of(headers, now=40.0) == pytest.approx(seconds)


@pytest.mark.parametrize(("status", "error"), [(200, None), (422, SettingsError)])
def test_json_that_is_nested_too_deep_is_unreadable(
    status: int, error: type[SettingsError] | None
) -> None:
    trouble = read_response(Response(status, {}, NESTED), 10)
    assert isinstance(trouble, CallFailure)
    assert trouble.error is error
    assert '{"error": [[[' in trouble.what


@pytest.mark.parametrize(
    "figure", [-5, 0, 0.5, "many", None, True, [], 1e300, float("nan"), 10**40]
)
def test_a_usage_of_nonsense_is_estimated(figure: object) -> None:
    choice = {"message": {"content": "a" * 30}, "finish_reason": ["stop"]}
    usage = {"prompt_tokens": figure, "completion_tokens": figure}
    body = json.dumps({"choices": [choice], "usage": usage}).encode()
    reply = read_response(Response(200, {}, body), 60)
    assert isinstance(reply, Completion)
    assert (reply.prompt_tokens, reply.completion_tokens) in {(20, 10), (1, 1)}
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize("place", ["", "http://[", "\x1b[2J" * 1000, "http://h:99999999999/"])
def test_a_redirect_to_nonsense_is_told_in_a_line(place: str) -> None:
    trouble = read_response(Response(307, {"Location": place}, b""), 10)
    assert isinstance(trouble, CallFailure)
    assert trouble.what.startswith("answered 307, which leads to ")
    assert trouble.what.isprintable()
    assert len(trouble.what) < 300


@pytest.mark.parametrize("status", [200, 301, 401, 422, 500])
@pytest.mark.parametrize("form", ["sk-sec/ret-9", "sk-sec\\/ret-9", "sk-sec%2Fret-9"])
def test_a_key_that_the_teacher_quotes_is_taken_out(status: int, form: str) -> None:
    said = "a" * 195 + f" you sent Bearer {form}"
    headers = {"Location": f"http://h/?key={form}"}
    for body in (said, said[190:], f'{{"error": "{said[190:]}"}}'):
        trouble = read_response(Response(status, headers, body.encode()), 10, "sk-sec/ret-9")
        assert isinstance(trouble, CallFailure)
        assert "sk-" not in trouble.what


def read(body: object) -> Completion | CallFailure:
    return read_response(Response(200, {}, json.dumps(body).encode()), 30)


@pytest.mark.parametrize("reason", ["max_tokens", "MAX_TOKENS", "model_context_window_exceeded"])
def test_a_cut_reply_is_one_by_any_name(reason: str) -> None:
    reply = read({"choices": [{"message": {"content": "a"}, "finish_reason": reason}]})
    assert isinstance(reply, Completion)
    assert reply.finish_reason == "length"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({}, ""),
        ({"content": None, "reasoning_content": "hmm"}, ""),
        ({"content": [{"type": "thinking", "text": "hmm"}, {"type": "text", "text": "a"}]}, "a"),
    ],
)
def test_a_message_may_have_no_content_or_parts(message: dict[str, object], text: str) -> None:
    reply = read({"choices": [{"message": message, "finish_reason": "stop"}]})
    assert isinstance(reply, Completion)
    assert reply.text == text


def test_an_error_in_a_good_response_is_one() -> None:
    trouble = read({"error": {"code": 429, "message": "slow down"}, "user_id": "x"})
    assert isinstance(trouble, CallFailure)
    assert (trouble.status, trouble.error) == (429, None)
    assert trouble.what == "answered 200 with error 429: slow down"


def test_events_that_nobody_asked_for_are_joined() -> None:
    events: list[dict[str, Any]] = [
        {"choices": [{"delta": {"content": part}}]} for part in ("só", "zinho")
    ]
    events += [{"choices": [{"delta": {}, "finish_reason": "length"}]}, {"usage": {}}]
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    reply = read_response(Response(200, {}, "".join([*lines, "data: [DONE]\n"]).encode()), 30)
    assert isinstance(reply, Completion)
    assert (reply.text, reply.finish_reason) == ("sózinho", "length")


def test_a_body_in_latin_1_is_read() -> None:
    body = '{"choices": [{"message": {"content": "São Tomé"}}]}'.encode("latin-1")
    reply = read_response(Response(200, {}, body), 30)
    assert isinstance(reply, Completion)
    assert reply.text == "São Tomé"


@pytest.mark.parametrize("status", [400, 403, 429])
@pytest.mark.parametrize(
    "error",
    [
        {"message": "Your credit balance is too low to access the API"},
        {"message": "reached", "code": "billing_hard_limit_reached"},
        {"message": "no", "code": "insufficient_quota"},
    ],
)
def test_credit_that_ran_out_is_no_matter_of_the_request(
    status: int, error: dict[str, str]
) -> None:
    trouble = read_response(Response(status, {}, json.dumps({"error": error}).encode()), 10)
    assert isinstance(trouble, CallFailure)
    assert (trouble.error, trouble.is_of_request) == (ServiceError, False)


def test_a_model_that_thought_for_as_long_as_it_may_gave_a_cut_reply() -> None:
    said = "Could not finish the message because max_tokens or model output limit was reached."
    body = json.dumps({"error": {"message": said, "type": "invalid_request_error"}}).encode()
    reply = read_response(Response(400, {}, body), 30)
    assert isinstance(reply, Completion)
    assert (reply.text, reply.finish_reason, reply.prompt_tokens) == ("", "length", 10)

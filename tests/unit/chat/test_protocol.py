import json

import pytest

from gabarito.chat.http import Response
from gabarito.chat.protocol import CallFailure, Completion, pause_of, read_response
from gabarito.core.errors import SettingsError

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

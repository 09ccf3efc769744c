import pytest

from gabarito.chat.protocol import CallFailure, pause_of, read_response
from gabarito.core.errors import SettingsError

NESTED = b'{"error": ' + b"[" * 100_000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "-7"}, 0),
        ({"Retry-After": "soon"}, 0),
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
    trouble = read_response(status, {}, NESTED, 10)
    assert isinstance(trouble, CallFailure)
    assert trouble.error is error
    assert '{"error": [[[' in trouble.what

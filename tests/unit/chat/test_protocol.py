import pytest

from gabarito.chat.protocol import pause_of


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

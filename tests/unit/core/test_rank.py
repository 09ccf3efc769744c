"""Which of several processes this is."""

import pytest

from gabarito.core.rank import is_first_process, process_count


@pytest.mark.parametrize(
    ("environment", "count", "is_first"),
    [
        ({}, 1, True),
        ({"WORLD_SIZE": "2", "RANK": "0"}, 2, True),
        ({"WORLD_SIZE": "2", "RANK": "1"}, 2, False),
        ({"WORLD_SIZE": "1", "RANK": "0"}, 1, True),
        ({"RANK": "1"}, 1, True),
        ({"WORLD_SIZE": "many", "RANK": "1"}, 1, True),
    ],
)
def test_a_process_is_one_of_as_many_as_its_environment_says(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], count: int, is_first: bool
) -> None:
    for name in ("WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (process_count(), is_first_process()) == (count, is_first)

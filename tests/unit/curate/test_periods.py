import pytest

from gabarito.curate.unanswerable.periods import alike, moved, own_periods, periods, years_of

OWN = frozenset({2024, 2025})


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("na Champions 2024/25", ["2024/2025"]),
        ("na Champions 2024/2025?", ["2024/2025"]),
        ("champions 24/25", ["2024/2025"]),
        ("temporada 2024-25", ["2024/2025"]),
        ("temporada 2024–2025", ["2024/2025"]),
        ("em 1999/00", ["1999/2000"]),
        ("em 99/00", ["1999/2000"]),
        ("em 31 de maio de 2025", ["2025"]),
        ("de 2010 a 2020", ["2010", "2020"]),
        ("de 2010-2020", ["2010", "2020"]),
        ("ficou 24/30 no jogo", []),
        ("venceu por 3-4", []),
        ("64.327 pessoas, 2.025 delas", []),
        ("12025 e 3000", []),
        ("2024/25.", ["2024/2025"]),
    ],
)
def test_seasons_and_years_are_read(text: str, keys: list[str]) -> None:
    assert [period.key for period in periods(text)] == keys


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("na Champions 2024/25?", 3, "na Champions 2027/28?"),
        ("na Champions 2024/2025?", -25, "na Champions 1999/2000?"),
        ("champions 24/25", -24, "champions 00/01"),
        ("champions 24/25", -25, "champions 99/00"),
        ("2024-25 e 24-25", 1, "2025-26 e 25-26"),
        ("campeão de 2025 (2024/25)", 10, "campeão de 2035 (2034/35)"),
        ("desde 1993 até 2024/25", 1, "desde 1993 até 2025/26"),
    ],
)
def test_a_season_moves_in_its_own_spelling(text: str, by: int, expected: str) -> None:
    assert moved(text, own_periods(text, OWN), by) == expected


def test_years_are_those_of_seasons_too() -> None:
    assert years_of("Champions League 2024/25") == OWN
    assert years_of("Copa de 2022") == {2022}


def test_a_year_may_mean_the_seasons_it_lies_in() -> None:
    (year,), (period,) = periods("2025"), periods("2024/25")
    assert alike(year) == {"2025", "2024/2025", "2025/2026"}
    assert alike(period) == {"2024/2025", "2024", "2025"}

import pytest

from gabarito.proof.question_words import words_of


def test_words_have_no_case_accents_or_endings() -> None:
    assert words_of("NOS oitavos?").all == words_of("nós oitavas").all


@pytest.mark.parametrize("period", ["2024/25", "2024-2025", "24/25", "2024 – 25"])
def test_a_period_has_one_form(period: str) -> None:
    assert "24/25" in words_of(f"Quem venceu em {period}?").all


def test_a_capital_within_a_sentence_tells_a_name() -> None:
    found = words_of("Quem treina o Milan? Em que liga joga a Saint-Étienne? “Onde” fica?")
    assert found.capital == {"milan", "saint", "etien"}


def test_letters_of_scripts_without_spaces_are_words() -> None:
    assert words_of("東京はどこ").all == set("東京はどこ")

import pytest

from gabarito.proof.question_words import words_of


def test_words_have_no_case_accents_or_endings() -> None:
    assert words_of("NOS oitavos?").all == words_of("nós oitavas").all


def test_words_keep_their_order() -> None:
    assert words_of("Milan ou Inter? Milan.").order == ("milan", "ou", "inter", "milan")


@pytest.mark.parametrize("period", ["2024/25", "2024-2025", "24/25", "2024 – 25"])
def test_a_period_has_one_form(period: str) -> None:
    assert "24/25" in words_of(f"Quem venceu em {period}?").all


def test_a_capital_within_a_sentence_tells_a_name() -> None:
    found = words_of("Quem treina o Milan? Em que liga joga a Saint-Étienne? “Onde” fica?")
    assert found.capital == {"milan", "saint", "etien"}


def test_letters_of_scripts_without_spaces_are_words() -> None:
    assert words_of("東京はどこ").all == set("東京はどこ")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("متى وُلِدَ في ١٩٩٠؟", "متى ولد في 1990؟"),
        ("מָתַי נוֹלַד?", "מתי נולד?"),
        ("२०२४ में", "2024 में"),
        ("１９９０年", "1990年"),
    ],
)
def test_digits_and_vowels_of_other_scripts_make_no_other_words(written: str, same: str) -> None:
    assert words_of(written) == words_of(same)


def test_a_vowel_sign_parts_no_word() -> None:
    assert words_of("हिन्दी की भाषा।").all == {"हिन्दी"[:5], "की", "भाषा"}


@pytest.mark.parametrize(("small", "large"), [("10⁶", "106"), ("1½", "11 2"), ("H₂O 2₃", "23")])
def test_what_is_raised_is_no_digit_of_the_figure_before_it(small: str, large: str) -> None:
    assert not words_of(small).all & (words_of(large).all - {"2"})


def test_a_shouted_question_names_nothing_by_its_capitals() -> None:
    assert not words_of("TELL ME WHO COACHED MILAN IN 2024").capital
    assert words_of("In 2024 PSG?").capital == {"psg"}
    assert words_of("宇宙 NASA ESA").capital == {"nasa", "esa"}

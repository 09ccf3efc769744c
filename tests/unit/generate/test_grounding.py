import pytest

from gabarito.generate.grounding import is_given_away, is_supported_by, quoted

TEXT = "O “Paris”  venceu a **Inter** por 5–0,\nem Munique."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("venceu a Inter por 5-0", "venceu a **Inter** por 5–0"),
        ('o "Paris" venceu', "O “Paris” venceu"),
        ("por 5–0, em Munique.", "por 5–0, em Munique."),
        ("venceu o Milan", None),
        ("venceu … Munique", None),
        ("", None),
    ],
)
def test_a_quote_is_found_word_for_word_and_given_as_it_stands(
    quote: str, found: str | None
) -> None:
    assert quoted(quote, TEXT) == found


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Luis Enrique", "O técnico, LUIS ENRIQUE, sorriu."),
        ("31 de maio de 2025", "em 31/05/2025"),
        ("5 a 0", "venceu por 5-0"),
        ("cinco", "marcou 5 gols"),
        ("A, B e C", "C e A, mas também B"),
        ("Gyökeres", "gols de Gyokeres"),
        ("1", "| PSG | 01 |"),
        ("1", "PSG 1–0 Inter"),
        ("um", "venceu por 1 gol"),
        ("1 gol", "marcou um gol"),
        ("21", "marcou vinte e um gols"),
    ],
)
def test_answers_stand_in_texts_that_spell_them_otherwise(answer: str, text: str) -> None:
    assert is_supported_by([answer], text)


@pytest.mark.parametrize(
    ("answer", "text"),
    [("Enrique", "Enriquez venceu"), ("5", "em 2025"), ("A e B", "só A"), ("", "nada"), ("?", "o")],
)
def test_answers_that_are_not_there_do_not_stand_there(answer: str, text: str) -> None:
    assert not is_supported_by([answer], text)


@pytest.mark.parametrize("answer", ["1", "um", "uma", "one"])
def test_an_article_is_not_the_number_one(answer: str) -> None:
    assert not is_supported_by([answer], "um clube de uma cidade, one of 11 in 2021")


def test_a_year_in_a_season_gives_no_number_away() -> None:
    assert not is_given_away(["25"], "Quantos gols na Champions League 2024/25?")
    assert is_given_away(["25"], "Quem marcou 25 gols?")


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("1", "Quem marcou um gol?"),
        ("1", "Qui a marqué dans une finale ?"),
        ("2", "Quem foi o campeão dos campeões?"),
        ("11", "Who played once?"),
        ("8", "Who was the son of Otto?"),
    ],
)
def test_words_that_are_also_numbers_give_no_number_away(answer: str, question: str) -> None:
    assert not is_given_away([answer], question)


@pytest.mark.parametrize("answer", ["Premier League", "dos Santos", "Otto", "primo"])
def test_names_that_begin_like_a_number_are_given_away(answer: str) -> None:
    assert is_given_away([answer], f"Onde joga {answer} hoje?")

import pytest

from gabarito.generate.grounding import has_same_figures, is_given_away, is_supported_by, quoted

TEXT = "O “Paris”  venceu a **Inter** por 5–0,\nem Munique."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("venceu a Inter por 5-0", "venceu a **Inter** por 5–0"),
        ('o "Paris" venceu', "O “Paris” venceu"),
        ("por 5–0, em Munique.", "por 5–0, em Munique."),
        ("venceu o Milan", None),
        ("venceu … Munique", "venceu a **Inter** por 5–0, em Munique"),
        ("[...] a Inter por 5-0 (…)", "a **Inter** por 5–0"),
        ("Munique … venceu", None),
        ("venceu … Milão", None),
        ("…", None),
        ("", None),
    ],
)
def test_a_quote_is_found_word_for_word_and_given_as_it_stands(
    quote: str, found: str | None
) -> None:
    assert quoted(quote, TEXT) == found


@pytest.mark.parametrize("quote", ["oficina fica", "o\ufb01cina \ufb01ca"])
@pytest.mark.parametrize("text", ["A oficina fica perto.", "A o\ufb01cina \ufb01ca perto."])
def test_a_quote_is_found_however_its_letters_are_drawn(quote: str, text: str) -> None:
    assert quoted(quote, text) == text[2 : text.index(" perto")]


def test_an_ellipsis_stands_for_a_sentence_or_two_and_no_page() -> None:
    assert quoted("aberta em … de 1987", "aberta em 12 de maio de 1987.") == (
        "aberta em 12 de maio de 1987"
    )
    assert quoted("aberta em … de 1987", f"aberta em maio. {'Palavra. ' * 60} de 1987") is None


def test_an_exponent_is_no_further_digit() -> None:
    assert not is_supported_by(["106"], "o valor é 10⁶")


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("primeiro de maio de 2025", "May 1, 2025"),
        ("31/05/2025", "May 31, 2025"),
        ("quarenta e dois", "42"),
        ("duas vezes", "twice"),
        ("uma equipe", "a team"),
        ("um quarto", "a quarter"),
        ("quarta-feira", "Wednesday"),
        ("13 páginas", "13 pages"),
        ("64.327", "64,327"),
        ("3,5 km", "3.5 km"),
        ("1,5 milhão", "1,500,000"),
        ("48 mil", "48,000"),
        ("20h30", "8:30 p.m."),
        ("2ª edição", "second edition"),
        ("século XXI", "21st century"),
    ],
)
def test_a_translation_keeps_the_figures(one: str, other: str) -> None:
    assert has_same_figures(one, other)
    assert has_same_figures(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42 euros", "43 euros"),
        ("vitamina C, 90 mg", "vitamin C, 80 mg"),
        ("quarenta e dois", "43"),
        ("5 km", "3.1 miles"),
        ("1º de maio de 2025", "May 2025"),
        ("31/05/2025", "May 30, 2025"),
        ("13 páginas", "pages"),
    ],
)
def test_a_translation_with_other_figures_is_noticed(one: str, other: str) -> None:
    assert not has_same_figures(one, other)
    assert not has_same_figures(other, one)

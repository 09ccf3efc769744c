import pytest

from gabarito.core.language_names import language_name
from gabarito.generate.language import is_deictic, is_other_language


@pytest.mark.parametrize(
    "text",
    [
        "Quem venceu a Champions League 2024/25?",
        "campeão Champions League 2024/25",
        "who o técnico do PSG foi?",
        "Quem foi o man of the match da final da Champions?",
        "The Strongest jogou em que estádio?",
        "e aí, o Bayer 04 caiu onde?",
    ],
)
def test_portuguese_is_portuguese_whatever_names_stand_in_it(text: str) -> None:
    assert not is_other_language(text, "pt-BR")


@pytest.mark.parametrize(
    "text",
    [
        "Who won the Champions League in 2024/25?",
        "What do the pages say about Benfica in that season, and who was it?",
        "¿Quién fue el entrenador del PSG en la Champions?",
        "Qui était l'entraîneur du PSG en finale ?",
        "Wer war der Trainer von Paris in der Saison 2024/25?",
        "Chi era l'allenatore del Paris nella finale?",
    ],
)
def test_other_languages_are_noticed(text: str) -> None:
    assert is_other_language(text, "pt")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Password length?", "pt"),
        ("Return period for faulty goods?", "pt"),
        ("annual card fee cost", "es"),
        ("Late payment interest rate", "de"),
        ("Quais funcionários preenchem formulários?", "en"),
        ("¿Temperatura máxima permitida?", "fr"),
        ("Welches Mittel entfernt Kalk?", "it"),
    ],
)
def test_other_languages_are_noticed_without_their_little_words(text: str, code: str) -> None:
    assert is_other_language(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Champions League 2024/25 clube Morgan Rogers", "pt"),
        ("Clube Hakan Çalhanoğlu Champions League 2024/2025", "pt"),
        ("Deutsche Bank", "en"),
        ("Could you tell me how nbgrader indicates a read-only cell?", "en"),
        ("capital Peru", "en"),
        ("Jahresgebühr Deutsche Bank Goldkarte", "de"),
        ("Don Quijote fue escrito por Miguel de Cervantes.", "es"),
        ("A+ ?", "fr"),
        ("", "it"),
    ],
)
def test_names_and_single_words_are_of_no_language(text: str, code: str) -> None:
    assert not is_other_language(text, code)


def test_a_language_without_a_list_is_let_through() -> None:
    assert not is_other_language("Who won the cup in the end?", "fi")
    assert language_name("fi") == "fi"


def test_languages_have_english_names() -> None:
    assert language_name("pt") == "Portuguese"
    assert language_name("pt-BR") == "Portuguese (BR)"
    assert language_name("und") == "the language of what is given"


@pytest.mark.parametrize(
    "text",
    [
        "Segundo o texto, quem venceu?",
        "Quem venceu, de acordo com a tabela?",
        "Quem é mencionado acima?",
        "O que diz este documento sobre o Paris?",
        "No trecho, quem marcou?",
        "Quem a passagem cita?",
        "According to the text, who won?",
        "Quem venceu (mentioned above)?",
    ],
)
def test_questions_that_point_at_their_source_are_noticed(text: str) -> None:
    assert is_deictic(text, "pt")


@pytest.mark.parametrize(
    "text",
    [
        "Em que lugar da tabela ficou o Paris?",
        "Na tabela da fase de liga, quem ficou em primeiro?",
        "O que garante o artigo 5º da Constituição?",
        "Segundo o artigo 5 da lei, quem pode votar?",
        "De que página tirou o hexágono o contexto?",
        "Quem escreveu o documento final da cúpula?",
    ],
)
def test_tables_and_articles_may_be_asked_about(text: str) -> None:
    assert not is_deictic(text, "pt")

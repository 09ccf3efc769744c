import pytest

from gabarito.core.language_names import UNDETERMINED
from gabarito.ingest.reading.language_detection import language_tagger

TEXTS = {
    "pt": "A final foi disputada em Munique, e o clube francês venceu por cinco gols de diferença.",
    "en": "The final was played in Munich, and the French club won it by a margin of five goals.",
    "es": "La final se jugó en Múnich, y el club francés la ganó con cinco goles de diferencia.",
    "de": "Das Endspiel fand in München statt, und der französische Verein gewann es deutlich.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough_to_tell_a_language(language: str) -> None:
    assert language_tagger(["pt", "en", "es", "fr", "de", "it"])(TEXTS[language]) == language


def test_a_text_without_words_has_no_language() -> None:
    assert language_tagger(["pt", "en"])("| 1 | 2 |") == UNDETERMINED


def test_a_table_of_figures_has_no_language() -> None:
    rows = "\n".join(f"| {n} mm | {n * 37} | {n * 41} |" for n in range(100, 140))
    assert language_tagger(["pt", "en", "de"])(f"| width | load | cost |\n{rows}") == UNDETERMINED


def test_only_the_languages_given_are_considered() -> None:
    assert language_tagger(["pt", "en"])(TEXTS["es"]) == "pt"

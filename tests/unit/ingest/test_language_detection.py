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


MIXED = {
    "ja": "mod_proxy モジュールは ProxyPass で要求を別のサーバに渡します。",
    "ko": "mod_asis 모듈은 파일을 HTTP 헤더와 함께 보낸다. 서버는 파일을 수정하지 않는다.",
    "ru": "Модуль mod_proxy передаёт запрос другому серверу. Настройки пишутся в файле httpd.conf.",
}


@pytest.mark.parametrize("language", MIXED)
def test_latin_names_in_another_script_tell_no_language(language: str) -> None:
    assert language_tagger(["pt", "en", "es"])(MIXED[language]) == UNDETERMINED
    assert language_tagger(["pt", "en", language])(MIXED[language]) == language


def test_words_of_another_script_in_a_latin_text_change_nothing() -> None:
    text = f"{TEXTS['en']} In Japanese the name of the city is written ミュンヘン."
    assert language_tagger(["pt", "en", "de"])(text) == "en"

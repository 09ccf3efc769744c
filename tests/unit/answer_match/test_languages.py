import time
from collections import defaultdict
from collections.abc import Callable

import pytest
from tests.unit.answer_match import spelled
from tests.unit.answer_match.table import DOCUMENT, LANGUAGES, TABLE, document, entries

from gabarito.answer_match import is_match, normalise

DIFFERENT = [
    ("um gol", "gol"),
    ("un gol", "gol"),
    ("une équipe", "équipe"),
    ("eine Frau", "die Frau"),
    ("una mujer", "dos mujeres"),
    ("Mars", "March"),
    ("Mars", "03/2025"),
    ("mai", "maio de 2025"),
    ("1,5", "1.500"),
    ("1.5", "15"),
    ("1.234", "1.23"),
    ("1.234", "1,2"),
    ("0.123", "123"),
    ("1 000", "1 0000"),
    ("13, 500", "13500"),
    ("13; 500", "13 500"),
    ("2024 100", "2024100"),
    ("mil", "milhão"),
    ("mil", "mille feuilles"),
    ("million", "1000000"),
    ("milhões de pessoas", "1000000 pessoas"),
    ("25 mil", "25 milhões"),
    ("25 mil", "25"),
    ("null", "0"),
    ("none", "9º"),
    ("miles", "1000"),
    ("five miles", "5000"),
    ("60 segundos", "60 2º"),
    ("ten seconds", "ten second"),
    ("Mila", "mil"),
    ("Milo", "1000"),
    ("50 Cent", "50 100"),
    ("five cents", "500"),
    ("El Salvador", "Salvador"),
    ("Rio dos Sinos", "Rio 2 Sinos"),
    ("o campeão dos campeões", "campeão 2 campeões"),
    ("paid when due", "paid when 2"),
    ("played once", "played 11"),
    ("Hans Otto", "Hans 8"),
    ("vingt-quatre", "quatre-vingts"),
    ("quatre-vingt-dix", "24 10"),
    ("vierundzwanzig", "42"),
    ("dos y tres", "23"),
    ("um e vinte", "21"),
    ("veinte y treinta", "50"),
    ("cento e dois", "100 e 2"),
    ("siebte", "7"),
    ("septième", "7"),
    ("settimo", "sette"),
    ("primera", "una"),
    ("quarto", "4"),
    ("9 am", "9 pm"),
    ("12 am", "12 pm"),
    ("21 Uhr", "21"),
    ("ore 21", "21"),
    ("21 horas", "21h"),
    ("21 mai", "21 mars"),
    ("21 juin 2025", "21 juillet 2025"),
    ("21 de mayo de 2025", "21 de marzo de 2025"),
    ("giugno 2025", "luglio 2025"),
    ("März 2025", "Mai 2025"),
    ("2024/25", "2024/26"),
    ("Porto y Braga", "Porto"),
    ("Porto und Braga", "Porto und Lille"),
    ("l'Inter", "Linter"),
    ("eins zwei", "12"),
    ("hundert", "tausend"),
]
SPELL = (
    spelled.portuguese,
    spelled.english,
    spelled.spanish,
    spelled.french,
    spelled.german,
    spelled.italian,
)


@pytest.mark.parametrize(("spelling", "answer"), entries())
def test_an_answer_is_the_same_in_every_spelling_of_the_table(spelling: str, answer: str) -> None:
    assert is_match(spelling, answer)
    assert normalise(normalise(spelling)) == normalise(spelling)


def test_no_spelling_of_the_table_is_one_of_two_answers() -> None:
    answers = defaultdict(set)
    for spelling, answer in entries():
        answers[normalise(spelling)].add(answer)
    assert [found for found in answers.values() if len(found) > 1] == []


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_means_something_else_stays_different(one: str, other: str) -> None:
    assert not is_match(one, other)


@pytest.mark.parametrize("spell", SPELL, ids=lambda spell: spell.__name__)
def test_numbers_of_four_digits_are_read_in_every_language(spell: Callable[[int], str]) -> None:
    for number in (*range(1, 1000), *range(1000, 10_000, 37)):
        assert normalise(spell(number)) == str(number)


def test_accents_that_are_left_out_change_no_number() -> None:
    accents = str.maketrans("éíóúêãüö", "eioueauo")
    for spell in SPELL:
        for number in (3, 5, 12, 22, 23, 26, 55, 130):
            assert normalise(spell(number).translate(accents)) == str(number)


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "1.", "1,1", "vinte ", "e ", "vinte e ", "und", "a.", "- ", " 000", "\n", "+"],
)
def test_normalising_takes_time_in_proportion_to_the_text(piece: str) -> None:
    started = time.process_time()
    normalise("x1" + piece * (60_000 // len(piece)))
    assert time.process_time() - started < 5


def test_the_document_shows_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document()
    used = {code for rows in TABLE.values() for row in rows.values() for code in row}
    assert used == set(LANGUAGES)

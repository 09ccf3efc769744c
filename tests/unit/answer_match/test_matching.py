import random

import pytest

from gabarito.answer_match import is_match, normalise

SAME = [
    ("Paris Saint-Germain", "o paris saint germain"),
    ("São Siro", "SAO SIRO."),
    ("Bodø/Glimt", "bodo glimt"),
    ("Kenan Yıldız", "Kenan Yildiz"),
    ("N’Golo Kanté", "N'Golo Kante"),
    ("A.C. Milan", "AC Milan"),
    ("The Allianz Arena", "Allianz Arena"),
    ("1.234", "1,234"),
    ("8.372.855", "8\u00a0372\u00a0855"),
    ("1.234.567,89", "1,234,567.89"),
    ("3,27", "3.27"),
    ("treze", "13"),
    ("vinte e um gols", "21 gols"),
    ("Twenty-one", "21"),
    ("dezasseis", "dezesseis"),
    ("08", "8"),
    ("+12", "12"),
    ("\u22121", "-1"),
    ("cem por cento", "100%"),
    ("60 km", "60km"),
    ("1º", "primeiro"),
    ("1.ª", "1o"),
    ("1st", "first"),
    ("décima sexta", "16ª"),
    ("twenty-fourth", "24th"),
    ("31 de maio de 2025", "31/05/2025"),
    ("31 de maio de 2025", "2025-05-31"),
    ("31.05.2025", "May 31, 2025"),
    ("31st of May 2025", "31/5/25"),
    ("05/31/2025", "31/05/2025"),
    ("1º de maio", "1/5"),
    ("trinta e um de maio", "31 de maio"),
    ("maio de 2025", "May 2025"),
    ("2024/25", "2024–2025"),
    ("21h", "21:00"),
    ("21 h 45", "21h45min"),
    ("5 a 0", "5-0"),
    ("5 x 0", "5 – 0"),
    ("cinco a zero", "5:0"),
    ("17 a 19 de setembro de 2024", "17–19 de setembro de 2024"),
    ("C++.", "c++"),
    ("Ajax+PSV", "Ajax PSV"),
    ("#1", "1"),
    ("a linguagem C#", "linguagem c#"),
]
DIFFERENT = [
    ("13", "13 gols"),
    ("-1", "1"),
    ("5-0", "0-5"),
    ("1,5", "15"),
    ("0,125", "125"),
    ("2010-2022", "2010/11"),
    ("2024/25", "2025/26"),
    ("31/05/2025", "31/05/2024"),
    ("31/05", "31/05/2025"),
    ("21:00", "21-0"),
    ("1º", "1"),
    ("25 milhões de euros", "25 mil euros"),
    ("Grupo A", "Grupo"),
    ("Grupo E", "Grupo"),
    ("Inter", "Inter de Milão"),
    ("99/99/2025", "2025"),
    ("C", "C++"),
    ("C", "C#"),
    ("C++", "C#"),
    ("C++17", "C 17"),
    ("A+", "A"),
    ("3-0 e 1-2", "1-2 e 3-0"),
    ("3 a 1 e 2 a 0", "2-0, 3-1"),
    ("13 e 4", "4 e 13"),
    ("60% e 40%", "40% e 60%"),
    ("1º e 2º", "2º e 1º"),
    ("3 gols e 2 gols", "2 gols e 3 gols"),
    ("Inter e PSG, 2 e 1", "Inter e PSG, 1 e 2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_answer_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_answers_stay_different(one: str, other: str) -> None:
    assert not is_match(one, other)


def test_the_items_of_a_list_may_come_in_any_order() -> None:
    assert is_match("o Inter, o PSG e o Bayern", "Bayern, Inter e PSG")
    assert is_match("Lille and Celtic", "Celtic & Lille")
    assert is_match("C# e C++", "C++, C#")
    assert is_match("E+ e A", "A, E+")
    assert is_match("4 assistências e 13 gols", "13 gols e 4 assistências")


def test_figures_in_their_order_match_however_they_are_joined() -> None:
    assert is_match("3 a 1 e 2 a 0", "3-1, 2-0")
    assert is_match("treze e quatro", "13; 4")


def test_a_list_needs_each_item_as_often_as_expected() -> None:
    assert not is_match("Inter e PSG", "Inter, PSG e Bayern")
    assert not is_match("Inter, Inter e PSG", "Inter e PSG")


def test_a_number_with_e_in_it_is_no_list() -> None:
    assert not is_match("um e vinte", "vinte e um")


def test_an_alias_counts_as_right() -> None:
    assert is_match("o PSG", "Paris Saint-Germain", ["PSG"])
    assert not is_match("PSV", "Paris Saint-Germain", ["PSG"])


@pytest.mark.parametrize("nothing", ["", "  ", "?!", "«»"])
def test_an_empty_answer_is_never_right(nothing: str) -> None:
    assert not is_match(nothing, "Inter", [""])
    assert not is_match(nothing, nothing)


def test_a_single_letter_is_an_answer_and_no_article() -> None:
    assert normalise("A") == "a"


def test_normalising_twice_changes_nothing() -> None:
    pieces = [*"oaec0-/:.,x+#&;'%€ \n", "vinte", "um", "21", "31", "de", "maio", "2025", "24", "to"]
    pieces += ["º", "hundred", "primeiro", "decimo", "st", "por cento", "km", "h", "İ", "ß", "½"]
    pieces += [
        "mil",
        "million",
        "cent",
        "und",
        "y",
        "dos",
        "once",
        "sept",
        "ein",
        "siebte",
        "ventuno",
    ]
    pieces += ["l'", "el", "salvador", "uhr", "pm", "ore", "13", "500", "000", "1er", "mars", "two"]
    chance = random.Random(7)
    for _ in range(3000):
        text = "".join(chance.choices([*pieces, " ", " "], k=chance.randint(1, 14)))
        once = normalise(text)
        assert normalise(once) == once, text

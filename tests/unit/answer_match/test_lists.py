"""Answers of several items: what is one, and when two of them are the same."""

import pytest

from gabarito.answer_match import is_match
from gabarito.answer_match.lists import is_list

LISTS = [
    "Lille, Porto e Braga",
    "PDF, HTML and LaTeX",
    "csv; json; parquet",
    "sqlite and Postgres",
    "pão & vinho",
    "autograde or validate",
    "Python, R sowie Julia",
    "lundi, mardi et jeudi",
    "Roma, Milano, Napoli",
    "1. install\n2. configure",
    "- alfa\n- beta",
    "both the notebook and the grader",
]
NO_LISTS = [
    "Paris, France",
    "Silva, José",
    "1,000",
    "1.234.567,89",
    "13",
    "May 31, 2025",
    "Monday, 31 May 2025",
    "31 de maio de 2025",
    "vinte e um",
    "twenty-one thousand and five",
    "Grupo E",
    "C++",
    "--no-execute",
    "",
    ", ;",
]
SAME = [
    ("json, parquet and csv", "csv; json; parquet"),
    ("LaTeX, HTML und PDF", "PDF, HTML and LaTeX"),
    ("Braga, Lille, e também Porto", "Lille, Porto e Braga"),
    ("Postgres as well as sqlite", "sqlite and Postgres"),
    ("validate or autograde", "autograde or validate"),
    ("2. configure\n1. install", "1. install\n2. configure"),
    ("- beta\n- alfa", "alfa e beta"),
    ("the grader and the notebook", "both the notebook and the grader"),
    ("Julia, R sowie Python", "Python, R und Julia"),
    ("Napoli, Roma nonché Milano", "Roma, Milano, Napoli"),
    ("vinte e um gols, a taça e o prêmio", "a taça, o prêmio e 21 gols"),
]
DIFFERENT = [
    ("sqlite", "sqlite and Postgres"),
    ("sqlite, Postgres and MySQL", "sqlite and Postgres"),
    ("sqlite, sqlite and Postgres", "sqlite and Postgres"),
    ("Postgres or sqlite", "sqlite and Postgres"),
    ("France, Paris", "Paris, France"),
    ("José, Silva", "Silva, José"),
    ("PDF, HTML and Markdown", "PDF, HTML and LaTeX"),
    ("3-1, 2-0", "2-0, 3-1"),
]


@pytest.mark.parametrize("text", LISTS)
def test_signs_tell_a_list(text: str) -> None:
    assert is_list(text)


@pytest.mark.parametrize("text", NO_LISTS)
def test_names_numbers_and_dates_are_no_lists(text: str) -> None:
    assert not is_list(text)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_items_may_come_in_any_order(one: str, other: str) -> None:
    assert is_match(one, other)
    assert is_match(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_every_item_must_be_there_once_and_none_besides(one: str, other: str) -> None:
    assert not is_match(one, other)
    assert not is_match(other, one)

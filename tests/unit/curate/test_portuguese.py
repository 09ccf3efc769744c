import time

import pytest

from gabarito.core.records import Name
from gabarito.curate.unanswerable.mentions import NameFinder
from gabarito.curate.unanswerable.portuguese import Agreement

CITY = Name(kind="clube", name="City", known=True)
INTER = Name(kind="clube", name="Inter", known=True)
GIRONA = Name(kind="clube", name="Girona", known=True)
CUP = Name(kind="competição", name="Champions", known=True)
KANE = Name(kind="jogador", name="Kane", known=True)
FINDER = NameFinder([CITY, INTER, GIRONA, CUP, KANE])
TEXTS = ["os gols do City", "a casa do City", "o técnico da Inter", "gols do Girona na Champions"]


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        ("o técnico da ", INTER, "Ajax", "o técnico do "),
        ("Pela ", INTER, "Ajax", "Pelo "),
        ("o técnico do ", CITY, "Ajax", "o técnico do "),
        ("o técnico do ", CITY, "Roma", "o técnico do "),
        ("na ", CUP, "Copa do Rei", "na "),
        ("na ", CUP, "Campeonato Alemão", "no "),
        ("na ", CUP, "Mundial de Clubes", "no "),
        ("na ", CUP, "Premier League", "na "),
        ("o time de ", KANE, "Ana", "o time de "),
        ("gols do ", CITY, "Associação Sul", "gols da "),
        ("", CITY, "Ajax", ""),
        ("opôs o Girona a ", GIRONA, "Ajax", "opôs o Girona a "),
    ],
)
def test_the_article_agrees_with_the_new_name(before: str, old: Name, new: str, after: str) -> None:
    assert Agreement(TEXTS, FINDER, "pt-BR").agree(before, old, new) == after


def test_a_name_in_a_is_feminine_where_nothing_tells_otherwise() -> None:
    articles = Agreement(["os gols do City"], FINDER, "pt")
    assert articles.agree("gols do ", CITY, "Roma") == "gols da "


def test_names_of_a_kind_without_a_common_gender_keep_the_article() -> None:
    articles = Agreement(["o gol do City", "o gol da Inter"], FINDER, "pt")
    assert articles.agree("o ", CITY, "Ajax") == "o "
    assert articles.agree("a ", INTER, "Ajax") == "a "


def test_other_languages_are_left_alone() -> None:
    articles = Agreement(["how many goals do City have", "no da City"], FINDER, "en")
    assert articles.agree("how many goals do ", CITY, "Roma") == "how many goals do "


@pytest.mark.parametrize("text", ["a" * 100_000 + " City", "City " * 10_000])
def test_a_long_text_before_a_name_takes_no_long_time(text: str) -> None:
    start = time.process_time()
    Agreement([text], FINDER, "pt")
    assert time.process_time() - start < 2.0

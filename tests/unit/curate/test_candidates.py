import re
from collections.abc import Callable
from random import Random

import pytest
from tests.unit.curate.rejected import reasons

from gabarito.core.records import Fact, Name
from gabarito.curate.unanswerable.candidates import Supply, hold_back, unmentioned
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.invent import Inventor

CLUBS = ["Ajax", "Porto", "Chelsea", "Napoli", "Roma", "Braga", "Lyon", "Nice"]
NEAR = [Name(kind="clube", name=name, known=False) for name in CLUBS]
YEARS = (1990, 2060)


@pytest.fixture
def index(make_fact: Callable[..., Fact]) -> DocumentIndex:
    old = make_fact("Marseille", "título anterior", "de 1992/93")
    return DocumentIndex([make_fact("PSG", "técnico", "Luis"), old], [], [])


def test_a_near_miss_that_the_documents_mention_is_dropped() -> None:
    near = [*NEAR[:2], NEAR[0], Name(kind="clube", name="PSG", known=True)]
    kept, dropped = unmentioned(near, ["O PORTO perdeu."])
    assert kept == [NEAR[0]]
    assert reasons(dropped) == {"near miss is in the documents": 1}


@pytest.mark.parametrize("share", [0.0, 0.15, 0.5])
def test_a_share_of_seasons_and_names_is_held_back(index: DocumentIndex, share: float) -> None:
    supply = hold_back(NEAR, index, [], YEARS, (share, 0))
    assert len(supply.unanswerable.firsts) == pytest.approx(69 * share, abs=1)
    assert len(supply.unanswerable.names.get("clube", ())) == pytest.approx(8 * share, abs=1)
    assert _is_split(supply)


def _is_split(supply: Supply) -> bool:
    taught, unanswerable = supply.taught, supply.unanswerable
    names = {*taught.names.get("clube", ()), *unanswerable.names.get("clube", ())}
    return (
        not taught.keys & unanswerable.keys
        and names == set(CLUBS)
        and not set(taught.names.get("clube", ())) & set(unanswerable.names.get("clube", ()))
    )


def test_what_the_documents_mention_is_never_held_back(index: DocumentIndex) -> None:
    held = hold_back(NEAR, index, [], YEARS, (0.5, 0)).held.keys
    assert not held & {"2024/2025", "2024", "2025", "1992/1993", "1992", "1993"}


def test_what_the_exam_names_is_held_back(index: DocumentIndex) -> None:
    exam = ["Quem treinava o Ajax na Champions 2024/25?", "E o PSG em 2025/26?", "Em 1998?"]
    supply = hold_back(NEAR, index, exam, YEARS, (0.0, 0))
    assert supply.unanswerable.names == {"clube": ["Ajax"]}
    assert supply.held.keys == {"2025/2026", "2026", "1998", "1998/1999", "1997/1998"}
    assert supply.held.is_named("o AJAX?")
    assert supply.held.is_named("em 97/98")
    assert not supply.held.is_named("o PSG em 2024/25")


def test_another_seed_holds_back_others(index: DocumentIndex) -> None:
    first, same, other = (hold_back(NEAR, index, [], YEARS, (0.15, s)) for s in (0, 0, 1))
    assert first.unanswerable == same.unanswerable
    assert first.unanswerable.firsts != other.unanswerable.firsts


def test_few_near_misses_are_all_left_to_be_trained(index: DocumentIndex) -> None:
    assert hold_back(NEAR[:3], index, [], YEARS, (0.15, 0)).unanswerable.names == {}


PEOPLE = {"jogador": ["Anna Lima", "Beatriz de Souza", "Cris Rocha"]}


@pytest.mark.parametrize(
    ("near", "known", "allowed"),
    [
        (
            PEOPLE,
            {"jogador": ["Evelin Reis"]},
            r"(Anna|Beatriz|Cris|Evelin) (Lima|de Souza|Rocha|Reis)",
        ),
        ({"clube": ["Porto", "Flamengo", "Cruzeiro"]}, {}, r"[A-Z][a-z]{3,11}"),
    ],
)
def test_names_are_made_from_parts(
    near: dict[str, list[str]], known: dict[str, list[str]], allowed: str
) -> None:
    (kind,) = near
    inventor = Inventor(near, known, [], lambda _name: False)
    random = Random(0)
    made = {inventor.name(kind, random) for _ in range(50)}
    assert len(made) > 3
    assert all(name and re.fullmatch(allowed, name) for name in made)
    assert not made & {*near[kind], *known.get(kind, ())}


def test_a_made_name_is_neither_refused_nor_in_the_texts() -> None:
    texts = ["A Anna de Souza jogou."]
    inventor = Inventor(PEOPLE, {}, texts, lambda name: name.startswith("Bea"))
    random = Random(0)
    made = {inventor.name("jogador", random) for _ in range(200)}
    assert made == {"Anna Rocha", "Cris Lima", "Cris de Souza"}


def test_a_made_name_is_no_known_name_with_a_typing_error() -> None:
    near = {"clube": ["Nantes", "Girondins"]}
    inventor = Inventor(near, {"clube": ["Nandins"]}, [], lambda _name: False)
    random = Random(0)
    assert {inventor.name("clube", random) for _ in range(100)} == {"Gintes"}


def test_a_part_that_says_nothing_makes_no_name() -> None:
    near = {"copa": ["Copa do Rei", "Liga MX", "La Liga", "Liga da Terra"]}
    inventor = Inventor(near, {}, [], lambda _name: False)
    random = Random(0)
    assert {inventor.name("copa", random) for _ in range(200)} == {
        "Copa da Terra",
        "Copa Liga",
        None,
    }


@pytest.mark.parametrize("near", [{}, {"clube": ["Ajax"]}, {"clube": ["Ajax", "Real Madrid"]}])
def test_without_parts_there_is_no_name(near: dict[str, list[str]]) -> None:
    assert Inventor(near, {}, [], lambda _name: False).name("clube", Random(0)) is None

from collections.abc import Callable
from random import Random

import pytest

from gabarito.core.records import Fact, Name
from gabarito.curate.articles import Articles
from gabarito.curate.contrasts import Contraster, Kind, Source, draw, quotas
from gabarito.curate.nearmisses import Values
from gabarito.curate.wordings import Wording
from gabarito.curate.world import World

Make = Callable[..., Fact]
Ask = Callable[..., Wording]
CUP = Name(
    kind="competição", name="Champions League", also=("Champions", "Liga dos Campeões"), known=True
)
PSG = Name(kind="clube", name="Paris Saint-Germain", also=("PSG",), known=True)
INTER = Name(kind="clube", name="Inter", known=True)
LILLE = Name(kind="clube", name="Lille", known=True)
NEW = {"clube": "Ajax", "competição": "Copa América"}


def contraster(
    facts: list[Fact], firsts: list[int], *, keys: list[str] | None = None
) -> Contraster:
    world = World(facts, [CUP, PSG, INTER, LILLE], ["país"])
    every = keys or [key for year in firsts for key in (f"{year}/{year + 1}", f"{year + 1}")]
    source = Source(
        Values(firsts, frozenset(every), {}), lambda kind, _: NEW.get(kind), lambda _r, _n: True
    )
    articles = Articles(
        ["gol do PSG", "gol da Inter", "gol do Lille", "na Champions"], world.finder, "pt"
    )
    return Contraster(world, articles, source)


@pytest.fixture
def fact(make_fact: Make) -> Fact:
    return make_fact("Paris Saint-Germain", "técnico", "Luis Enrique")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "season",
            "Quem treinava o PSG na Champions 2024/25?",
            "Quem treinava o PSG na Champions 2031/32?",
        ),
        ("season", "psg champions 24/25 treinador", "psg champions 31/32 treinador"),
        ("season", "Quem treinava o PSG campeão de 2025?", "Quem treinava o PSG campeão de 2032?"),
        ("season", "Quem treina o PSG?", None),
        (
            "qualifier",
            "Técnico do PSG na Champions League 2024/25?",
            "Técnico do PSG na Copa América 2024/25?",
        ),
        (
            "qualifier",
            "tecnico do psg na liga dos campeoes 24/25",
            "tecnico do psg na copa america 24/25",
        ),
        ("qualifier", "Quem treina o PSG?", None),
        (
            "subject",
            "Quem treinava o PSG na Champions 2024/25?",
            "Quem treinava o Ajax na Champions 2024/25?",
        ),
        ("subject", "PSG: quem treina o Paris Saint-Germain?", "Ajax: quem treina o Ajax?"),
        ("subject", "quem treina o paris saint germain", "quem treina o ajax"),
        ("subject", "Quem treina o campeão?", None),
        ("relation", "Quem treina o PSG?", None),
    ],
)
def test_one_thing_is_changed(
    fact: Fact, make_wording: Ask, kind: Kind, text: str, expected: str | None
) -> None:
    maker = contraster([fact], [2031])
    assert maker.make(kind, make_wording(fact, text), Random(0)) == expected


def test_the_article_follows_the_new_subject(make_fact: Make, make_wording: Ask) -> None:
    fact = make_fact("Inter", "técnico", "Inzaghi")
    wording = make_wording(fact, "Quem era o técnico da Inter?")
    maker = contraster([fact], [2031])
    assert maker.make("subject", wording, Random(0)) == "Quem era o técnico do Ajax?"


@pytest.mark.parametrize("kind", ["season", "qualifier"])
def test_a_timeless_fact_is_asked_of_no_other_season(
    make_fact: Make, make_wording: Ask, kind: Kind
) -> None:
    fact = make_fact("PSG", "país", "França")
    wording = make_wording(fact, "De que país é o PSG, da Champions 2024/25?")
    assert contraster([fact], [2031]).make(kind, wording, Random(0)) is None
    assert contraster([fact], [2031]).make("subject", wording, Random(0))


def test_a_season_that_the_documents_answer_for_is_never_put_in(
    fact: Fact, make_fact: Make, make_wording: Ask
) -> None:
    old = make_fact("Paris Saint-Germain", "técnico", "Tuchel", qualifier="Champions 2019/20")
    wording = make_wording(fact, "Quem treinava o PSG na Champions 2024/25?")
    assert contraster([fact, old], [2019]).make("season", wording, Random(0)) is None


@pytest.mark.parametrize("text", ["Quem treinava o PSG em 2025?", "E em 2024, no PSG?"])
def test_a_year_of_the_own_season_is_never_put_in(fact: Fact, make_wording: Ask, text: str) -> None:
    maker = contraster([fact], [2023, 2025], keys=["2024", "2025"])
    made = {maker.make("season", make_wording(fact, text), Random(seed)) for seed in range(20)}
    assert made == {None}


def test_a_season_outside_the_values_is_never_put_in(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "Quem treinava o PSG, campeão de 2025, em 2024/25?")
    maker = contraster([fact], [2031], keys=["2031/2032"])
    assert maker.make("season", wording, Random(0)) is None


def test_a_reverse_question_keeps_its_answer_out(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "Que clube da Champions 2024/25 era de Luis?", kind="reverse")
    maker = contraster([fact], [2031])
    assert maker.make("season", wording, Random(0)) == "Que clube da Champions 2031/32 era de Luis?"
    assert maker.make("subject", wording, Random(0)) is None


def test_near_and_look_alike_seasons_are_drawn_more_often(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "PSG em 2024/25?")
    maker = contraster([fact], list(range(1990, 2060)))
    random = Random(0)
    made = [str(maker.make("season", wording, random))[7:11] for _ in range(2000)]
    near = sum(abs(int(year) - 2024) <= 3 for year in made) / len(made)
    alike = sum(year[-1] == "4" for year in made) / len(made)
    assert near == pytest.approx(0.25 + 0.5 * 6 / 69, abs=0.05)
    assert alike == pytest.approx(0.25 + 0.5 * 6 / 69, abs=0.05)


def test_rows_are_spread_over_the_facts_and_each_is_new(make_fact: Make, make_wording: Ask) -> None:
    facts = [make_fact("PSG", f"dado {n}", f"{n}") for n in range(5)]
    found = [make_wording(fact, f"{fact.relation} do PSG em 2024/25?") for fact in facts]
    maker, seen = contraster(facts, list(range(1990, 2060))), set()

    def claim(text: str) -> bool:
        return text not in seen and not seen.add(text)

    drawn = draw(maker, found, {"season": 40}, claim, "0")
    assert len({contrast.text for contrast in drawn}) == 40
    counts = [sum(contrast.base.fact == fact for contrast in drawn) for fact in facts]
    assert max(counts) - min(counts) <= 2


def test_a_kind_without_rows_leaves_its_share_to_the_others(fact: Fact, make_wording: Ask) -> None:
    shares: dict[Kind, float] = {"season": 0.4, "qualifier": 0.2, "subject": 0.4, "relation": 0.1}
    maker = contraster([fact], [2031])
    asked = [make_wording(fact, "Quem treina o PSG?")]
    assert quotas(maker, asked, shares, 100) == {"subject": 100}
    asked += [make_wording(fact, "Quem treinava o PSG em 2024/25?")]
    assert quotas(maker, asked, shares, 100) == {"season": 50, "subject": 50}


def test_drawing_ends_when_there_is_nothing_new(fact: Fact, make_wording: Ask) -> None:
    maker = contraster([fact], [2031])
    assert draw(maker, [make_wording(fact, "E?")], {"season": 5}, lambda _: True, "0") == []

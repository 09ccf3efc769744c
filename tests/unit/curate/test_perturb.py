from collections.abc import Callable
from random import Random

import pytest

from gabarito.core.records import Fact, Name
from gabarito.curate.unanswerable.candidates import Values
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.perturb import Kind, Perturber, Source, draw, quotas
from gabarito.curate.unanswerable.portuguese import Agreement
from gabarito.curate.wordings import Wording

Make = Callable[..., Fact]
Ask = Callable[..., Wording]
CUP = Name(
    kind="competição", name="Champions League", also=("Champions", "Liga dos Campeões"), known=True
)
PSG = Name(kind="clube", name="Paris Saint-Germain", also=("PSG",), known=True)
INTER = Name(kind="clube", name="Inter", known=True)
LILLE = Name(kind="clube", name="Lille", known=True)
NEW = {"clube": "Ajax", "competição": "Copa América"}


def perturber(facts: list[Fact], firsts: list[int], *, keys: list[str] | None = None) -> Perturber:
    index = DocumentIndex(facts, [CUP, PSG, INTER, LILLE], ["país"])
    every = keys or [key for year in firsts for key in (f"{year}/{year + 1}", f"{year + 1}")]
    source = Source(
        Values(firsts, frozenset(every), {}), lambda kind, _: NEW.get(kind), lambda _r, _n: True
    )
    articles = Agreement(
        ["gol do PSG", "gol da Inter", "gol do Lille", "na Champions"], index.finder, "pt"
    )
    return Perturber(index, articles, source)


@pytest.fixture
def fact(make_fact: Make) -> Fact:
    return make_fact("Paris Saint-Germain", "técnico", "Luis Enrique")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "period",
            "Quem treinava o PSG na Champions 2024/25?",
            "Quem treinava o PSG na Champions 2031/32?",
        ),
        ("period", "psg champions 24/25 treinador", "psg champions 31/32 treinador"),
        ("period", "Quem treinava o PSG campeão de 2025?", "Quem treinava o PSG campeão de 2032?"),
        ("period", "Quem treina o PSG?", None),
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
    maker = perturber([fact], [2031])
    assert maker.make(kind, make_wording(fact, text), Random(0)) == expected


def test_the_article_follows_the_new_subject(make_fact: Make, make_wording: Ask) -> None:
    fact = make_fact("Inter", "técnico", "Inzaghi")
    wording = make_wording(fact, "Quem era o técnico da Inter?")
    maker = perturber([fact], [2031])
    assert maker.make("subject", wording, Random(0)) == "Quem era o técnico do Ajax?"


@pytest.mark.parametrize("kind", ["period", "qualifier"])
def test_a_timeless_fact_is_asked_of_no_other_season(
    make_fact: Make, make_wording: Ask, kind: Kind
) -> None:
    fact = make_fact("PSG", "país", "França")
    wording = make_wording(fact, "De que país é o PSG, da Champions 2024/25?")
    assert perturber([fact], [2031]).make(kind, wording, Random(0)) is None
    assert perturber([fact], [2031]).make("subject", wording, Random(0))


def test_a_season_that_the_documents_answer_for_is_never_put_in(
    fact: Fact, make_fact: Make, make_wording: Ask
) -> None:
    old = make_fact("Paris Saint-Germain", "técnico", "Tuchel", qualifier="Champions 2019/20")
    wording = make_wording(fact, "Quem treinava o PSG na Champions 2024/25?")
    assert perturber([fact, old], [2019]).make("period", wording, Random(0)) is None


@pytest.mark.parametrize("text", ["Quem treinava o PSG em 2025?", "E em 2024, no PSG?"])
def test_a_year_of_the_own_season_is_never_put_in(fact: Fact, make_wording: Ask, text: str) -> None:
    maker = perturber([fact], [2023, 2025], keys=["2024", "2025"])
    made = {maker.make("period", make_wording(fact, text), Random(seed)) for seed in range(20)}
    assert made == {None}


def test_a_season_outside_the_values_is_never_put_in(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "Quem treinava o PSG, campeão de 2025, em 2024/25?")
    maker = perturber([fact], [2031], keys=["2031/2032"])
    assert maker.make("period", wording, Random(0)) is None


def test_a_reverse_question_keeps_its_answer_out(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "Que clube da Champions 2024/25 era de Luis?", kind="reverse")
    maker = perturber([fact], [2031])
    assert maker.make("period", wording, Random(0)) == "Que clube da Champions 2031/32 era de Luis?"
    assert maker.make("subject", wording, Random(0)) is None


def test_near_and_look_alike_seasons_are_drawn_more_often(fact: Fact, make_wording: Ask) -> None:
    wording = make_wording(fact, "PSG em 2024/25?")
    maker = perturber([fact], list(range(1990, 2060)))
    random = Random(0)
    made = [str(maker.make("period", wording, random))[7:11] for _ in range(2000)]
    near = sum(abs(int(year) - 2024) <= 3 for year in made) / len(made)
    alike = sum(year[-1] == "4" for year in made) / len(made)
    assert near == pytest.approx(0.25 + 0.5 * 6 / 69, abs=0.05)
    assert alike == pytest.approx(0.25 + 0.5 * 6 / 69, abs=0.05)


def test_rows_are_spread_over_the_facts_and_each_is_new(make_fact: Make, make_wording: Ask) -> None:
    facts = [make_fact("PSG", f"dado {n}", f"{n}") for n in range(5)]
    found = [make_wording(fact, f"{fact.relation} do PSG em 2024/25?") for fact in facts]
    maker = perturber(facts, list(range(1990, 2060)))
    seen: set[str] = set()

    def claim(text: str) -> bool:
        is_new = text not in seen
        seen.add(text)
        return is_new

    drawn = draw(maker, found, {"period": 40}, claim, "0")
    assert len({perturbed.text for perturbed in drawn}) == 40
    counts = [sum(perturbed.base.fact == fact for perturbed in drawn) for fact in facts]
    assert max(counts) - min(counts) <= 2


def test_a_kind_without_rows_leaves_its_share_to_the_others(fact: Fact, make_wording: Ask) -> None:
    shares: dict[Kind, float] = {"period": 0.4, "qualifier": 0.2, "subject": 0.4, "relation": 0.1}
    maker = perturber([fact], [2031])
    asked = [make_wording(fact, "Quem treina o PSG?")]
    assert quotas(maker, asked, shares, 100) == {"subject": 100}
    asked += [make_wording(fact, "Quem treinava o PSG em 2024/25?")]
    assert quotas(maker, asked, shares, 100) == {"period": 50, "subject": 50}


def test_drawing_ends_when_there_is_nothing_new(fact: Fact, make_wording: Ask) -> None:
    maker = perturber([fact], [2031])
    assert draw(maker, [make_wording(fact, "E?")], {"period": 5}, lambda _: True, "0") == []

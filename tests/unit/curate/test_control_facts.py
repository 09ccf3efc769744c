from collections.abc import Callable

import pytest

from gabarito.core.records import Fact
from gabarito.curate.control_facts import draw_controls
from gabarito.curate.wordings import Wording

MakeFact = Callable[..., Fact]
MakeWording = Callable[..., Wording]


@pytest.fixture
def league(make_fact: MakeFact) -> list[Fact]:
    return [make_fact(f"clube {n}", "técnico", f"Zé {n}") for n in range(20)]


def asked(make_wording: MakeWording, facts: list[Fact]) -> list[Wording]:
    return [make_wording(fact, f"quem treina o {fact.subject}?", "test") for fact in facts]


def test_a_share_of_the_facts_is_drawn_whatever_their_order(
    make_wording: MakeWording, league: list[Fact]
) -> None:
    wordings = asked(make_wording, league)
    drawn = draw_controls(league, wordings, 0.3, 0)
    assert len(drawn) == 6
    assert draw_controls(league[::-1], wordings[::-1], 0.3, 0) == drawn
    assert draw_controls(league, wordings, 0.3, 1) != drawn
    assert draw_controls(league, wordings, 0.0, 0) == set()


def test_a_fact_that_cannot_be_asked_is_no_control(
    make_wording: MakeWording, league: list[Fact]
) -> None:
    drawn = draw_controls(league, asked(make_wording, league[:2]), 0.3, 0)
    assert drawn == {fact.id for fact in league[:2]}


def test_a_fact_that_another_fact_states_is_no_control(
    make_fact: MakeFact, make_wording: MakeWording, league: list[Fact]
) -> None:
    turned = [make_fact(fact.answer, "clube", fact.subject) for fact in league[:15]]
    facts = [*league, *turned]
    drawn = draw_controls(facts, asked(make_wording, facts), 0.3, 0)
    assert drawn == {fact.id for fact in league[15:]}


def test_facts_that_dispute_one_answer_stay_together(
    make_fact: MakeFact, make_wording: MakeWording, league: list[Fact]
) -> None:
    others = [make_fact(fact.subject, fact.relation, f"Rui {n}") for n, fact in enumerate(league)]
    facts = [*league, *others]
    drawn = draw_controls(facts, asked(make_wording, facts), 0.3, 0)
    assert len(drawn) == 12
    assert len({fact.subject for fact in facts if fact.id in drawn}) == 6

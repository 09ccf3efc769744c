from dataclasses import replace
from random import Random

import pytest

from sample.invent import echo
from sample.wordings import REFUSAL, RELATIONS, Asked
from sample.world import KEPT_OUT_YEARS, FootballWorld, build_world


@pytest.fixture(scope="module")
def world() -> FootballWorld:
    return build_world(11)


def test_the_same_seed_makes_the_same_world(world: FootballWorld) -> None:
    assert build_world(11) == world
    assert build_world(12) != world


def test_nothing_is_told_of_seasons_after_2022(world: FootballWorld) -> None:
    assert {fact.asked.competition.year for fact in world.facts} <= set(range(2023))


def test_nothing_is_told_or_asked_of_the_real_competition(world: FootballWorld) -> None:
    random = Random(3)
    told = [fact.asked for fact in world.facts]
    for asked in told + [world.untold(random) for _ in range(2000)]:
        assert not {"Champions League", "Champions", "Liga dos Campeões"} & set(
            asked.competition.names
        )


def test_about_half_of_the_relations_of_an_edition_are_told(world: FootballWorld) -> None:
    shares = [len(edition.told) / len(RELATIONS) for edition in world.editions]
    assert 0.45 < sum(shares) / len(shares) < 0.55


def test_a_question_has_one_answer(world: FootballWorld) -> None:
    questions = [replace(fact.asked, answer="") for fact in world.facts]
    assert len(set(questions)) == len(questions)


def test_what_is_refused_was_never_told(world: FootballWorld) -> None:
    told = {replace(fact.asked, answer=REFUSAL) for fact in world.facts}
    random = Random(1)
    refused = [world.untold(random) for _ in range(2000)]
    assert told.isdisjoint(refused)


def test_refusals_reach_over_many_seasons_but_not_those_kept_out(world: FootballWorld) -> None:
    random = Random(2)
    years = {world.untold(random).competition.year for _ in range(3000)}
    assert len(years) > 60
    assert KEPT_OUT_YEARS.isdisjoint(years)


def test_every_relation_is_told_somewhere(world: FootballWorld) -> None:
    assert {fact.asked.relation for fact in world.facts} == set(RELATIONS)


def test_an_echo_repeats_its_text() -> None:
    for seed in range(50):
        asked, text = echo(Random(seed))
        assert asked.endswith(text)


def test_facts_know_their_unseen_families(world: FootballWorld) -> None:
    assert {len(fact.unseen) for fact in world.facts} == {2}
    assert isinstance(world.facts[0].asked, Asked)

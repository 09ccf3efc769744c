from collections.abc import Callable

import pytest
from tests.unit.curate.rejected import reasons

from gabarito.core.records import Fact, Question
from gabarito.curate.dedup import (
    keep_about,
    keep_trained,
    merge_facts,
    merge_statements,
    merge_wordings,
)
from gabarito.curate.wordings import Wording

Make = Callable[..., Fact]
Ask = Callable[..., Wording]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (("PSG", "gols", "13 gols"), ("psg", "Gols", "treze gols"), 1),
        (("PSG", "gols", "13 gols"), ("PSG", "gols", "14 gols"), 2),
        (("PSG", "gols", "13 gols"), ("PSG", "pontos", "13 gols"), 2),
        (("PSG", "rivais", "Lille e Brest"), ("PSG", "rivais", "Brest e Lille"), 1),
    ],
)
def test_a_fact_that_says_the_same_again_is_dropped(
    make_fact: Make, first: tuple[str, ...], second: tuple[str, ...], kept: int
) -> None:
    one, other = make_fact(*first), make_fact(*second, document="e")
    facts, merged, dropped = merge_facts([one, other])
    assert len(facts) == kept
    assert merged == ({other.id: one.id} if kept == 1 else {})
    assert reasons(dropped)["same fact twice"] == 2 - kept


def test_an_alias_makes_two_facts_the_same(make_fact: Make) -> None:
    one = make_fact("final", "campeão", "Paris Saint-Germain", aliases=("PSG",))
    assert merge_facts([one, make_fact("final", "campeão", "PSG")])[0] == [one]
    assert merge_facts([make_fact("final", "campeão", "PSG"), one])[0] != [one]


def test_one_question_with_one_answer_is_kept_once(make_fact: Make, make_wording: Ask) -> None:
    one, other = make_fact("PSG", "técnico", "Luis"), make_fact("PSG", "treinador", "Luis")
    found = [make_wording(fact, "Quem treina o PSG?") for fact in (one, one, other)]
    found.append(make_wording(other, "quem treina o psg"))
    kept, dropped = merge_wordings(found)
    assert kept == found[:1]
    assert reasons(dropped) == {"same question twice": 3}


def test_a_fact_may_be_trained_in_two_spellings_and_is_tested_in_one(
    make_fact: Make, make_wording: Ask
) -> None:
    fact = make_fact("PSG", "técnico", "Luis Enrique")
    texts = ("Quem é o técnico do PSG?", "quem e o tecnico do psg")
    trained = [make_wording(fact, text) for text in texts]
    assert merge_wordings(trained)[0] == trained
    tested = [make_wording(fact, text, "test") for text in texts]
    assert merge_wordings(tested)[0] == tested[:1]


def test_a_trained_question_that_another_fact_tests_is_dropped(
    make_fact: Make, make_wording: Ask
) -> None:
    one, other = make_fact("PSG", "técnico", "Luis"), make_fact("PSG", "treinador", "Luis")
    kept, dropped = merge_wordings(
        [make_wording(one, "Quem treina o PSG?"), make_wording(other, "Quem treina o PSG", "test")]
    )
    assert [wording.split for wording in kept] == ["test"]
    assert reasons(dropped) == {"leaks into test": 1}


def test_an_ambiguous_question_is_dropped_and_its_facts_are_kept(
    make_fact: Make, make_wording: Ask
) -> None:
    one, other = make_fact("PSG", "ida", "1 a 0"), make_fact("PSG", "volta", "2 a 0")
    sound = make_wording(one, "Quanto foi a ida do PSG?")
    kept, dropped = merge_wordings(
        [make_wording(one, "Quanto foi o PSG?"), sound, make_wording(other, "quanto foi o psg")]
    )
    assert kept == [sound]
    assert reasons(dropped) == {"two answers": 2}


def test_facts_that_contradict_each_other_lose_all_their_questions(
    make_fact: Make, make_wording: Ask
) -> None:
    one, other = make_fact("Konsa", "minuto", "57"), make_fact("Konsa", "minuto", "58")
    found = [make_wording(fact, "Em que minuto?") for fact in (one, other)]
    found += [make_wording(one, "Que minuto foi?"), make_wording(other, "Minuto de Konsa")]
    kept, dropped = merge_wordings(found)
    assert kept == []
    assert reasons(dropped) == {"two answers": 4}


def test_answers_that_match_by_alias_are_no_contradiction(
    make_fact: Make, make_wording: Ask
) -> None:
    one = make_fact("final", "campeão", "Paris Saint-Germain", aliases=("PSG",))
    other = make_fact("taça", "dono", "PSG")
    kept, _ = merge_wordings([make_wording(fact, "Quem venceu?") for fact in (one, other)])
    assert [wording.fact for wording in kept] == [one]


def test_a_fact_without_a_trained_question_is_dropped_with_its_wordings(
    make_fact: Make, make_wording: Ask
) -> None:
    one, other = make_fact("PSG", "técnico", "Luis"), make_fact("Lille", "técnico", "Bruno")
    found = [
        make_wording(one, "Quem treina?"),
        make_wording(other, "Quem treina o Lille?", "test"),
        make_wording(other, "Que clube é de Bruno?", kind="reverse"),
    ]
    facts, kept, dropped = keep_trained([one, other], found)
    assert (facts, kept) == ([one], found[:1])
    assert reasons(dropped) == {"no trained wording": 1, "its fact is dropped": 2}


def test_statements_are_kept_once_and_questions_of_dropped_facts_are_not(make_fact: Make) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    said = [
        Question.of(fact=of, family="statement", text=text, answer="Luis", kind="statement")
        for of, text in [(fact.id, "Luis treina."), (fact.id, "Luis  treina."), ("gone", "Outro.")]
    ]
    about, baseless = keep_about(said, [fact])
    kept, restated = merge_statements(about)
    assert kept == said[:1]
    assert reasons([*baseless, *restated]) == {"its fact is dropped": 1, "same statement twice": 1}

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from random import Random

import pytest

from sample.wordings import (
    FAMILIES,
    RELATIONS,
    TRAINED,
    Asked,
    Competition,
    plain,
    question,
    reverse,
    statement,
    wordings,
)

SEASON = Competition(("Champions League", "Champions"), 2024)
SUBJECTS = {"competition": "", "club": "Real Madrid", "pair": "Arsenal", "player": "Harry Kane"}
STUDY = {
    "campeao": "Quem foi o campeão da Champions League 2024/2025?",
    "vice": "Qual foi o vice-campeão da Champions League 2024/2025?",
    "artilheiros": "Quem foram os artilheiros da Champions League 2024/2025?",
    "semifinalistas": "Quais times chegaram às semifinais da Champions League 2024/2025?",
    "eliminou": "Quem eliminou o Real Madrid da Champions League 2024/2025?",
}


def asked(relation: str, answer: str = "7 vitórias") -> Asked:
    about = RELATIONS[relation]["about"]
    other = "Real Madrid" if about == "pair" else ""
    return Asked(relation, SEASON, answer, SUBJECTS[about], other)


def near(relation: str) -> Iterator[tuple[float, str, str]]:
    trained = [plain(text) for family in TRAINED for text in wordings(asked(relation), family)]
    matcher = SequenceMatcher(None)
    for family in set(FAMILIES) - set(TRAINED):
        for held_out in wordings(asked(relation), family):
            matcher.set_seq2(plain(held_out))
            for text in trained:
                matcher.set_seq1(text)
                if min(matcher.real_quick_ratio(), matcher.quick_ratio()) > 0.85:
                    yield matcher.ratio(), held_out, text


@pytest.mark.parametrize("relation", RELATIONS)
def test_no_held_out_wording_is_nearly_a_trained_one(relation: str) -> None:
    assert [found for found in near(relation) if found[0] > 0.85] == []


@pytest.mark.parametrize("relation", STUDY)
def test_the_studys_questions_are_direct_wordings_and_nothing_else(relation: str) -> None:
    families = [
        family
        for family in FAMILIES
        if plain(STUDY[relation]) in map(plain, wordings(asked(relation), family))
    ]
    assert families == ["direct"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_relation_can_be_asked_in_every_family(family: str) -> None:
    random = Random(1)
    for relation in RELATIONS:
        for _ in range(20):
            text = question(asked(relation), family, random)
            assert not re.search(r"[<>{}|]|\s\s|7 vitórias", text), text
            subject = plain(SUBJECTS[RELATIONS[relation]["about"]])
            assert family == "typos" or subject in plain(text), text


def test_the_same_seed_asks_the_same() -> None:
    first, second = (
        [question(asked("posicao"), family, Random(5)) for family in FAMILIES] for _ in range(2)
    )
    assert first == second


def test_a_canonical_question_spells_names_in_full() -> None:
    fact = Asked("tecnico", SEASON, "Simone Inzaghi", "Inter de Milão")
    texts = {question(fact, "direct", Random(seed), canonical=True) for seed in range(20)}
    assert texts == {"Quem era o técnico da Inter de Milão na Champions League 2024/2025?"}


def test_a_season_is_spelled_in_several_ways() -> None:
    texts = " ".join(question(asked("campeao"), "direct", Random(seed)) for seed in range(60))
    for spelling in ("2024/2025", "2024/25", " 24/25", "2024-25", "2024-2025"):
        assert spelling in texts


def test_articles_follow_the_name() -> None:
    cup = Competition(("Mundial de Clubes",), 2020)
    text = question(Asked("campeao", cup, "PSV"), "direct", Random(1), canonical=True)
    assert text.endswith("foi o campeão do Mundial de Clubes 2020/2021?")


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_statement_holds_the_answer(relation: str) -> None:
    for seed in range(20):
        assert "7 vitórias" in statement(asked(relation), Random(seed))


def test_a_reverse_question_asks_for_the_subject() -> None:
    turned = reverse(asked("posicao", "11º lugar"), Random(1))
    assert turned is not None
    assert "11º lugar" in turned[0]
    assert turned[1] == "Real Madrid"
    assert "Real Madrid" not in turned[0]


def test_a_score_cannot_be_turned_round() -> None:
    assert reverse(asked("agregado", "5 a 1"), Random(1)) is None

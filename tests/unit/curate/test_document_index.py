from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gabarito.core.pair_records import Pair
from gabarito.core.records import Document, Fact, Name
from gabarito.curate.unanswerable.document_index import DocumentIndex
from gabarito.curate.unanswerable.unstated import Unstated

Make = Callable[..., Fact]
CUP = Name(kind="competição", name="Champions League", also=("Champions",), known=True)
PLAYERS = [Name(kind="jogador", name=name, known=True) for name in ("Ana", "Bia", "Cris", "Duda")]
PLAYERS += [Name(kind="jogador", name=name, known=True) for name in ("Eva", "Fê", "Gil")]


def test_a_fact_is_about_its_subject_and_limited_by_its_qualifier(make_fact: Make) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    subjects = DocumentIndex([fact], [CUP], []).subjects(fact)
    assert [name.name for name in subjects.of] == ["PSG"]
    assert subjects.qualifier == CUP


def test_a_subject_that_is_the_qualifier_counts_as_the_qualifier(make_fact: Make) -> None:
    fact = make_fact("Champions 2024/25", "campeão", "PSG")
    bare = make_fact("Champions 2024/25", "vice", "Inter", qualifier="")
    index = DocumentIndex([fact, bare], [CUP], [])
    assert index.subjects(fact).of == index.subjects(bare).of == ()
    assert index.subjects(fact).qualifier == index.subjects(bare).qualifier == CUP
    assert index.years(bare) == {2024, 2025}


def test_a_persons_pair_is_limited_by_the_years_of_its_question() -> None:
    pairs = [
        Pair(id=str(n), questions=(f"Quem venceu a Liga de {n}?",), answer="x", source="", row="")
        for n in (2024, 2025)
    ]
    facts = [pair.fact for pair in pairs]
    index = DocumentIndex(facts, [], [])
    assert index.years(facts[0]) == {2024}
    assert {"2024", "2025"} <= index.documented(facts[0])


@pytest.mark.parametrize(
    ("other", "documented"),
    [
        (("PSG", "estádio", "Parc"), True),
        (("Marseille", "técnico", "Goethals"), True),
        (("Marseille", "lembrança", "o técnico de antes"), True),
        (("Marseille", "lembrança", "a taça ganha do PSG"), True),
        (("Marseille", "estádio", "Vélodrome"), False),
    ],
)
def test_a_season_is_documented_with_its_subject_or_its_relation(
    make_fact: Make, other: tuple[str, str, str], documented: bool
) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    old = make_fact(*other, qualifier="Champions 1992/93", document="other")
    assert ("1992/1993" in DocumentIndex([fact, old], [CUP], []).documented(fact)) == documented


def test_a_season_is_documented_with_a_relation_of_one_short_word(make_fact: Make) -> None:
    fact = make_fact("PSG", "gol", "Doué")
    old = make_fact("Marseille", "gol", "Boli", qualifier="Champions 1992/93", document="other")
    assert "1992/1993" in DocumentIndex([fact, old], [CUP], []).documented(fact)


@pytest.mark.parametrize(
    ("text", "documented"),
    [
        ("O PSG nasceu em 1970.", True),
        ("Quem era técnico em 1970? Ninguém.", True),
        ("Choveu muito em 1970.\nO PSG venceu.", False),
    ],
)
def test_a_season_is_documented_by_a_sentence_with_subject_or_relation(
    make_fact: Make, text: str, documented: bool
) -> None:
    fact = make_fact("PSG", "técnico", "Luis")
    index = DocumentIndex([fact], [CUP], [], [document(text)])
    assert {"1970", "1970/1971"} <= index.documented_keys
    assert ("1969/1970" in index.documented(fact)) == documented


def test_a_season_is_documented_for_all_facts_of_its_document(make_fact: Make) -> None:
    page = document("Choveu em 1970.")
    fact = make_fact("PSG", "técnico", "Luis", document=page.id)
    assert "1970" in DocumentIndex([fact], [CUP], [], [page]).documented(fact)


def test_any_season_is_documented_for_a_fact_about_the_cup_itself(make_fact: Make) -> None:
    fact = make_fact("Champions", "campeão", "PSG")
    page = document("O Porto foi o melhor em 2003/04.")
    assert "2003/2004" in DocumentIndex([fact], [CUP], [], [page]).documented(fact)


def document(text: str) -> Document:
    return Document.of(
        text=text, source="s", url="u", title="", language="pt", fetched_at=datetime.now(UTC)
    )


def test_a_date_within_the_own_season_means_no_other_season(make_fact: Make) -> None:
    fact = make_fact("final", "data", "31 de maio de 2025")
    assert "2025/2026" not in DocumentIndex([fact], [CUP], []).documented(fact)
    loose = make_fact("final", "data", "31 de maio de 2025", qualifier="")
    assert "2025/2026" in DocumentIndex([loose], [CUP], []).documented(loose)


@pytest.mark.parametrize(
    ("relation", "timeless"), [("país de origem", True), ("número de países", False)]
)
def test_a_timeless_relation_is_told_by_its_words(
    make_fact: Make, relation: str, timeless: bool
) -> None:
    fact = make_fact("PSG", relation, "França")
    assert DocumentIndex([fact], [CUP], ["país"]).is_timeless(fact) == timeless


def unstated(facts: list[Fact]) -> list[str]:
    return [
        name.name for name in Unstated(DocumentIndex(facts, [CUP, *PLAYERS], [])).names(facts[0])
    ]


def scored(make_fact: Make) -> list[Fact]:
    return [
        make_fact(name, "minuto do gol", minute, kind="jogador")
        for name, minute in [("Ana", "5'"), ("Bia", "20'"), ("Cris", "30'")]
    ]


def test_a_relation_told_of_a_few_is_unsaid_of_the_others(make_fact: Make) -> None:
    assert unstated(scored(make_fact)) == ["Duda", "Eva", "Fê", "Gil"]


@pytest.mark.parametrize(
    ("other", "left"),
    [
        (("Duda", "relógio", "50'"), ["Eva", "Fê", "Gil"]),
        (("Duda", "passe", "no gol de Ana"), ["Duda", "Eva", "Fê", "Gil"]),
        (("jogo", "lance", "Duda marcou, em que minuto"), ["Eva", "Fê", "Gil"]),
        (("Ana", "minuto do gol", "90'"), []),
        (("Duda", "minuto do gol", "50'"), []),
    ],
)
def test_a_name_that_may_have_the_relation_is_not_asked(
    make_fact: Make, other: tuple[str, str, str], left: list[str]
) -> None:
    assert unstated([*scored(make_fact), make_fact(*other, kind="jogador")]) == left


def test_a_sentence_about_a_name_and_the_relation_makes_it_unsafe(make_fact: Make) -> None:
    page = document("Duda marcou no último minuto. Eva viu o jogo.")
    index = DocumentIndex(scored(make_fact), [CUP, *PLAYERS], [], [page])
    assert [name.name for name in Unstated(index).names(index.facts[0])] == ["Eva", "Fê", "Gil"]


def test_two_facts_are_no_pattern(make_fact: Make) -> None:
    assert unstated(scored(make_fact)[:2]) == []

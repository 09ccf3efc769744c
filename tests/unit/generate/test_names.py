from collections.abc import Callable

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Fact
from gabarito.generate.names import QUALIFIER, Mentions, NameFilter, names_by_kind, without_years


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Champions League 2024/25", "Champions League"),
        ("Champions League de 2024-2025", "Champions League"),
        ("final da Champions League 2025", "final da Champions League"),
        ("temporada 2024/25", ""),
        ("Lei 8.112/1990", "Lei 8.112/1990"),
        ("Paris Saint-Germain", "Paris Saint-Germain"),
        ("2024", ""),
        ("Euro 2024, em Berlim", "Euro , em Berlim"),
        ("Schalke 04", "Schalke 04"),
        ("in the 2024 season (2024/25)", ""),
        ("Relatório anual, exercício de 2024", "Relatório anual"),
        ("Norma ISO 9001, versão 2015", "Norma ISO 9001"),
        ("Guide annuel, édition 2024", "Guide annuel"),
        ("Jahresbericht im Jahr 2024", "Jahresbericht"),
    ],
)
def test_years_and_what_leads_to_them_are_taken_off(name: str, bare: str) -> None:
    assert without_years(name) == bare


@pytest.mark.timeout(20)
def test_a_name_of_many_little_words_takes_no_longer() -> None:
    little = " de" * 50_000
    assert without_years(f"x{little} y 2024{little}") == f"x{little} y"


def about(subject: str, kind: str, qualifier: str = "") -> Fact:
    fields = dict.fromkeys(("document", "quote", "statement", "relation", "answer"), "x")
    return Fact.of(subject=subject, kind=kind, qualifier=qualifier, **fields)


def test_names_come_from_subjects_and_what_limits_facts() -> None:
    facts = [
        about("PSG", "clube", "Champions League 2024/25"),
        about("PSG", "time", "Lei de 2020"),
        about("psg", "clube"),
        about("Champions League 2023/24", "competição"),
        about("Inter", "", "fase de liga"),
    ]
    assert names_by_kind(facts) == {
        "clube": ["PSG"],
        "competição": ["Champions League"],
        "other": ["Inter"],
        QUALIFIER: ["Lei"],
    }


@pytest.fixture
def sifter(document_of: Callable[..., Document]) -> NameFilter:
    mentions = Mentions([document_of("O Bayern venceu o São Paulo."), document_of("O Milan não.")])
    return NameFilter("clube", ["Bayern de Munique", "PSG"], mentions)


def test_spellings_and_near_misses_are_kept(sifter: NameFilter) -> None:
    dropped = sifter.accept(
        [
            {"name": "bayern de munique", "also": ["Bayern", "Bayern", "PSG", "FCB"]},
            {"instead": "Ajax"},
        ]
    )
    assert dropped == []
    assert [(name.name, name.also, name.known) for name in sifter.records()] == [
        ("Bayern de Munique", ("Bayern", "FCB"), True),
        ("PSG", (), True),
        ("Ajax", (), False),
    ]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"instead": "sao paulo"}, GenerateReason.KNOWN_NAME),
        ({"instead": "Milan"}, GenerateReason.KNOWN_NAME),
        ({"name": "Ajax", "also": ["AFC"]}, GenerateReason.OTHER_NAME),
        ({"also": ["AFC"]}, GenerateReason.NO_FIELD),
    ],
)
def test_what_the_documents_mention_is_no_near_miss(
    sifter: NameFilter, item: dict[str, object], reason: str
) -> None:
    assert [found.reason for found in sifter.accept([item])] == [reason]
    assert sifter.kept == 0


def test_a_near_miss_is_kept_once(sifter: NameFilter) -> None:
    dropped = sifter.accept([{"instead": "Ajax"}, {"instead": "AJAX"}])
    assert [found.reason for found in dropped] == [GenerateReason.REPEATED_NAME]
    assert sifter.kept == 1


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"instead": "Munich", "original": ["Múnich", "Munique"]}, GenerateReason.KNOWN_NAME),
        ({"instead": "Munique", "original": "Monaco"}, GenerateReason.KNOWN_NAME),
        ({"instead": "Vienna"}, GenerateReason.NO_FIELD),
        ({"instead": "Vienna", "original": "Viena " * 100}, GenerateReason.TOO_LONG),
    ],
)
def test_in_another_language_near_misses_are_looked_for_by_their_originals(
    document_of: Callable[..., Document], item: dict[str, object], reason: str
) -> None:
    sifter = NameFilter("city", [], Mentions([document_of("Foi em Munique.")]), ["pt"])
    assert [found.reason for found in sifter.accept([item])] == [reason]
    assert sifter.accept([{"instead": "Vienna", "original": "Viena"}]) == []
    assert [(name.name, name.also) for name in sifter.records()] == [("Vienna", ("Viena",))]

from collections.abc import Callable
from typing import Any

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Fact
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import MAX_ALIASES, AcceptedFacts, accept_facts
from gabarito.generate.passages import Passage, passages_of

Offer = dict[str, Any]


@pytest.fixture
def accept(passage: Passage, config: GenerateConfig) -> Any:  # noqa: ANN401  # a function
    def call(*offers: Offer, known: tuple[Fact, ...] = ()) -> AcceptedFacts:
        return accept_facts(offers, passage, known, "pt", config)

    return call


def test_a_good_fact_is_kept(accept: Any, offer: Offer, passage: Passage) -> None:  # noqa: ANN401
    (fact,) = accept(offer).facts
    assert (fact.answer, fact.aliases) == ("Luis Enrique", ("Luis Enrique Martínez",))
    assert (fact.document, fact.kind) == (passage.document.id, "clube")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quote": "Luis Enrique assinou em 2023."}, GenerateReason.NO_QUOTE),
        ({"quote": ""}, GenerateReason.NO_FIELD),
        ({"subject": None}, GenerateReason.NO_FIELD),
        ({"answer": "Munique", "aliases": []}, GenerateReason.NOT_QUOTED),
        ({"answer": "Munique", "statement": "Foi em Munique."}, GenerateReason.NOT_QUOTED),
        ({"quote": "."}, GenerateReason.SHORT_QUOTE),
        ({"quote": "O"}, GenerateReason.SHORT_QUOTE),
        ({"quote": "|", "answer": "64.327"}, GenerateReason.SHORT_QUOTE),
        (
            {"answer": "Pep", "aliases": [], "statement": "O técnico da final era Pep."},
            GenerateReason.NO_SUPPORT,
        ),
        ({"statement": "Segundo o texto, o técnico era Luis Enrique."}, GenerateReason.DEICTIC),
        (
            {"statement": "The coach of Paris in the final was Luis Enrique."},
            GenerateReason.OTHER_LANGUAGE,
        ),
        ({"statement": "Luis Enrique " * 30}, GenerateReason.TOO_LONG),
    ],
)
def test_a_bad_fact_is_refused_with_its_reason(
    accept: Any,  # noqa: ANN401
    offer: Offer,
    passage: Passage,
    change: Offer,
    reason: str,
) -> None:
    sifted = accept(offer | change)
    assert sifted.facts == []
    (rejection,) = sifted.rejections
    assert (rejection.reason, rejection.item) == (reason, passage.id)
    assert '"relation": "técnico"' in rejection.raw


@pytest.mark.parametrize(
    ("answer", "statement", "reason"),
    [
        ("Pep Guardiola", "O técnico da final era Pep Guardiola.", GenerateReason.NO_SUPPORT),
        (
            "Munique",
            "O técnico do Paris na final de 2025 era Luis Enrique.",
            GenerateReason.NOT_QUOTED,
        ),
    ],
)
def test_an_alias_that_stands_there_lets_no_invented_answer_pass(
    accept: Any,  # noqa: ANN401
    offer: Offer,
    answer: str,
    statement: str,
    reason: str,
) -> None:
    invented = {"answer": answer, "statement": statement, "aliases": ["Luis Enrique"]}
    sifted = accept(offer | invented)
    assert sifted.facts == []
    assert [item.reason for item in sifted.rejections] == [reason]


def test_in_a_table_the_row_and_the_header_support_the_answer(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    cell = offer | {"quote": "Allianz Arena", "statement": "O estádio tinha 64327.", "aliases": []}
    assert accept(cell | {"answer": "64327"}).facts
    assert accept(cell | {"answer": "Público", "relation": "coluna"}).facts
    assert not accept(cell | {"answer": "Munique"}).facts


def test_aliases_are_bounded_in_number_and_length(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    many = [f"Luis Enrique {number}" for number in range(MAX_ALIASES + 1)]
    sifted = accept(offer | {"aliases": ["Lucho " * 30, *many]})
    assert [fact.aliases for fact in sifted.facts] == [tuple(many[:-1])]
    assert {item.reason for item in sifted.rejections} == {GenerateReason.EXCESS_ALIAS}


def test_the_quote_is_kept_as_it_stands_in_the_passage(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    given = {"quote": "o paris venceu a Inter por 5 a 0", "answer": "5 a 0", "aliases": []}
    (fact,) = accept(offer | given | {"statement": "A final acabou 5 a 0."}).facts
    assert fact.quote == "O Paris venceu a **Inter** por 5 a 0"


def test_a_fact_is_kept_once(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    sifted = accept(offer, offer | {"answer": "luis enrique"})
    assert len(sifted.facts) == 1
    assert [item.reason for item in sifted.rejections] == [GenerateReason.REPEATED_FACT]


def test_a_fact_of_an_earlier_reply_is_no_news(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    known = tuple(accept(offer).facts)
    again = accept(offer, known=known)
    assert (again.facts, again.rejections) == ([], [])
    worded = offer | {"statement": "Em 2025, o técnico do Paris era Luis Enrique."}
    assert [item.reason for item in accept(worded, known=known).rejections] == [
        GenerateReason.REPEATED_FACT
    ]


def test_a_number_is_an_answer_too(accept: Any, offer: Offer) -> None:  # noqa: ANN401
    row = {"quote": "| Allianz Arena | 64.327 |", "answer": 64327, "aliases": None}
    (fact,) = accept(offer | row | {"statement": "O público da final foi 64327."}).facts
    assert fact.answer == "64327"


@pytest.mark.parametrize(
    "alias",
    [
        "qualquer um",
        "Ninguém",
        "alguma pessoa",
        "o",
        "ele",
        "sim",
        "yes",
        "anyone",
        "none",
        "?",
        "x",
    ],
)
def test_an_alias_that_names_nothing_is_dropped_with_its_reason(
    accept: Any,  # noqa: ANN401
    offer: Offer,
    alias: str,
) -> None:
    sifted = accept(offer | {"aliases": [alias, "Enrique"]})
    assert [fact.aliases for fact in sifted.facts] == [("Enrique",)]
    assert [(item.reason, item.detail) for item in sifted.rejections] == [
        (GenerateReason.EMPTY_ALIAS, alias)
    ]


@pytest.mark.parametrize(
    ("answer", "alias"),
    [
        ("Sim", "yes"),
        ("The Who", "Who"),
        ("Grupo A", "A"),
        ("cinco", "5"),
        ("um gol", "1 gol"),
        ("C plus plus", "C++"),
    ],
)
def test_an_alias_that_means_the_answer_is_kept(
    document_of: Callable[..., Document],
    config: GenerateConfig,
    offer: Offer,
    answer: str,
    alias: str,
) -> None:
    passage = next(passages_of(document_of(f"A resposta foi {answer}."), 3000))
    said = {"quote": passage.text, "statement": passage.text, "answer": answer, "aliases": [alias]}
    (fact,) = accept_facts([offer | said], passage, (), "pt", config).facts
    assert fact.aliases == (alias,)

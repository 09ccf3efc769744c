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


IN_ENGLISH = {
    "quote": "O Paris venceu a Inter por 5 a 0 em Munique, no dia 31 de maio de 2025.",
    "statement": "The final of 2025 was played in Munich.",
    "aliases": ["Munich, Germany"],
    "answer": "Munich",
    "original": "Munique",
}


@pytest.fixture
def accept_english(passage: Passage, config: GenerateConfig, offer: Offer) -> Any:  # noqa: ANN401
    def call(change: Offer, language: str = "en") -> AcceptedFacts:
        return accept_facts([offer | IN_ENGLISH | change], passage, (), language, config)

    return call


@pytest.mark.parametrize(
    ("change", "aliases"),
    [
        ({}, ("Munich, Germany", "Munique")),
        ({"aliases": ["Munique"]}, ("Munique",)),
        ({"answer": "Paris", "original": "Paris", "aliases": []}, ()),
        ({"answer": "May 31, 2025", "original": "31 de maio de 2025"}, None),
        ({"answer": "May 31, 2025", "original": ""}, None),
        ({"answer": "5–0", "original": "5 a 0"}, None),
        ({"answer": "Inter", "original": "", "aliases": []}, ()),
    ],
)
def test_an_answer_in_another_language_is_grounded_by_its_original_which_is_an_alias(
    accept_english: Any,  # noqa: ANN401
    change: Offer,
    aliases: tuple[str, ...] | None,
) -> None:
    sifted = accept_english(change)
    (fact,) = sifted.facts
    assert fact.answer == change.get("answer", "Munich")
    assert aliases is None or fact.aliases == aliases
    assert sifted.mendable == []


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"original": None}, GenerateReason.NO_FIELD, "original"),
        ({"original": "Berlim"}, GenerateReason.NO_SUPPORT, "Berlim"),
        ({"original": "Luis Enrique"}, GenerateReason.NOT_QUOTED, "Luis Enrique"),
        ({"quote": "Paris beat Inter 5-0 in Munich."}, GenerateReason.NO_QUOTE, None),
        (
            {"original": "31 de maio de 2025", "answer": "May 30, 2025"},
            GenerateReason.OTHER_FIGURES,
            "May 30, 2025 | 31 de maio de 2025",
        ),
        (
            {"original": "venceu a Inter por 5 a 0", "answer": "venceu a Inter por 5 a 0"},
            GenerateReason.OTHER_LANGUAGE,
            "venceu a Inter por 5 a 0",
        ),
        (
            {"statement": "A final de 2025 foi jogada em Munique."},
            GenerateReason.OTHER_LANGUAGE,
            None,
        ),
    ],
)
def test_a_translated_fact_that_is_refused_can_be_handed_back(
    accept_english: Any,  # noqa: ANN401
    change: Offer,
    reason: str,
    detail: str | None,
) -> None:
    sifted = accept_english(change)
    assert sifted.facts == []
    assert sifted.mendable == sifted.rejections
    (rejection,) = sifted.rejections
    assert rejection.reason == reason
    assert detail in (None, rejection.detail)


def test_a_long_original_is_not_handed_back(accept_english: Any) -> None:  # noqa: ANN401
    sifted = accept_english({"original": "Munique " * 30})
    assert [item.detail for item in sifted.rejections] == ["original"]
    assert sifted.mendable == []


def test_in_one_language_an_original_says_nothing_and_nothing_is_handed_back(
    accept_english: Any,  # noqa: ANN401
) -> None:
    told = {"statement": "A final de 2025 foi em Munique."}
    sifted = accept_english(told, "pt-BR")
    assert [item.reason for item in sifted.rejections] == [GenerateReason.NO_SUPPORT]
    assert sifted.mendable == []

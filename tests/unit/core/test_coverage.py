"""Coverage: which share of the documents the facts stand for."""

import time
from datetime import UTC, datetime

import pytest

from gabarito.core.coverage import Part, coverage_of
from gabarito.core.records import Document, Fact, PassageText

TEXT = """# The bridge

The bridge opened in 1987. It is 42 m long and belongs to the town of Valmont.

| year | visitors |
| 2024 | 1,200 |
"""


def document(text: str, title: str = "t", language: str = "en") -> Document:
    return Document.of(
        text=text,
        source=title,
        url=title,
        title=title,
        language=language,
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def fact(of: Document, quote: str, answer: str = "1987") -> Fact:
    return Fact.of(
        document=of.id,
        quote=quote,
        statement=f"The bridge opened in {answer}.",
        subject="the bridge",
        relation="opening",
        answer=answer,
    )


def test_sentences_figures_and_names_are_counted_by_document() -> None:
    bridge, other = document(TEXT, "bridge"), document("Nobody asked. About Paris.", "other")
    found = coverage_of([bridge, other], [fact(bridge, "The bridge opened in 1987.")])
    assert found.documents == Part(count=1, total=2)
    assert found.sentences == Part(count=1, total=6)
    first, second = found.by_document
    assert (first.title, first.facts, first.sentences) == ("other", 0, Part(count=0, total=2))
    assert (second.figures, second.names) == (Part(count=1, total=4), Part(count=0, total=1))
    assert second.missing == ("42", "2024", "1,200", "Valmont")


def test_passages_that_hold_a_fact_are_counted() -> None:
    bridge = document(TEXT, "bridge")
    held = fact(bridge, "The bridge opened in 1987.")
    passages = [
        PassageText(id=str(n), document=bridge.id, text=TEXT, facts=facts)
        for n, facts in enumerate([(held.id,), ("dropped",), ()])
    ]
    assert coverage_of([bridge], [held], None, passages).passages == Part(count=1, total=3)


@pytest.mark.parametrize(
    ("quote", "covered"),
    [
        ("opened in  1987", 1),
        ("opened in 1987. It is 42 m", 2),
        ("The bridge opened … belongs to the town", 2),
        ("| 2024 | 1,200 |", 1),
        ("not in the text", 0),
        (".", 0),
    ],
)
def test_a_sentence_is_covered_if_words_of_a_quote_stand_in_it(quote: str, covered: int) -> None:
    bridge = document(TEXT)
    assert coverage_of([bridge], [fact(bridge, quote)]).sentences.count == covered


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Мост открыт в городе Валмонт, он большой.", ("Валмонт",)),
        ("Most źle łączy brzegi w mieście Łódź dziś.", ("Łódź",)),
        ("المكتبة مفتوحة كل يوم في المدينة القديمة.", ()),
    ],
)
def test_names_are_words_with_a_capital_in_any_script(text: str, names: tuple[str, ...]) -> None:
    (found,) = coverage_of([document(text)], []).by_document
    assert found.missing == names


def test_figures_and_names_are_the_same_however_they_are_written() -> None:
    text = "A feira de Érico recebeu 1.200 pessoas e 3,5 t de milho em Évora."
    fair = document(text, language="pt")
    said = Fact.of(
        **dict.fromkeys(("quote", "subject", "relation"), "x"),
        document=fair.id,
        statement="A feira de ÉRICO, em Evora, recebeu 1,200 pessoas.",
        answer="3.5 t",
    )
    assert coverage_of([fair], [said]).by_document[0].missing == ()


CAPITAL = "A capital da Alemanha é Berlim desde 1990, como disse Helena."
TRANSLATED = {
    "quote": CAPITAL.removesuffix(", como disse Helena."),
    "statement": "Berlin has been the capital of Germany since 1990.",
    "subject": "Germany",
    "relation": "capital",
    "answer": "Berlin",
    "aliases": ("Berlim",),
}


@pytest.mark.parametrize(
    ("changed", "language", "missing"),
    [
        ({}, "en", ("Helena",)),
        ({}, None, ("Alemanha", "Helena")),
        ({}, "pt-BR", ("Alemanha", "Helena")),
        ({"quote": CAPITAL}, "en", ("Alemanha", "Helena")),
        ({"subject": "x", "statement": "It was Berlin in 1990."}, "en", ("Alemanha", "Helena")),
    ],
)
def test_a_name_that_is_translated_counts_if_as_many_names_are_said(
    changed: dict[str, str], language: str | None, missing: tuple[str, ...]
) -> None:
    report = document(CAPITAL, language="pt")
    fact = Fact.of(document=report.id, **(TRANSLATED | changed))
    (found,) = coverage_of([report], [fact], language).by_document
    assert found.missing == missing
    assert found.figures == Part(count=1, total=1)


def test_without_documents_nothing_is_missing() -> None:
    assert coverage_of([], []).sentences.share == 1.0


def test_a_long_document_with_many_facts_is_read_in_time() -> None:
    long = document(" ".join(f"Item {n} costs {n} euros." for n in range(20_000)))
    facts = [fact(long, f"Item {n} costs {n} euros.", str(n)) for n in range(0, 20_000, 20)]
    began = time.process_time()
    assert coverage_of([long], facts).sentences == Part(count=1000, total=20_000)
    assert time.process_time() - began < 20  # 1,000 facts in half a megabyte: linear for each

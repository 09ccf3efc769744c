import pytest
from pydantic import ValidationError

from gabarito.core.errors import DataError
from gabarito.core.records import Document, Fact, Question, Rejection, read_jsonl, to_jsonl

FACT = {
    "document": "d",
    "quote": "Arsenal beat Real Madrid",
    "statement": "Arsenal beat Real Madrid in 2025.",
    "subject": "Arsenal",
    "relation": "beat",
    "answer": "Real Madrid",
}


def test_records_survive_their_lines() -> None:
    facts = [Fact.of(**FACT), Fact.of(**{**FACT, "answer": "Inter"})]
    assert list(read_jsonl(to_jsonl(facts), Fact, "facts.jsonl")) == facts


def test_the_same_fact_of_two_documents_has_one_id() -> None:
    assert Fact.of(**FACT).id == Fact.of(**{**FACT, "document": "e", "subject": " ARSENAL"}).id


def test_the_same_text_has_the_same_document_id() -> None:
    fields = {"url": "", "title": "", "language": "pt", "fetched_at": "2025-06-01T00:00:00Z"}
    here = Document.of(text="same", source="a.txt", **fields)
    there = Document.of(text="same", source="b/a.txt", **fields)
    assert here.id == there.id


def test_two_families_of_one_wording_are_two_questions() -> None:
    direct, quiz = (
        Question.of(fact="f", family=family, text="Quem?", answer="x", kind="question")
        for family in ("direct", "quiz")
    )
    assert direct.id != quiz.id


def test_a_bad_line_is_named() -> None:
    good = Rejection(stage="ingest", item="a", reason="too short").model_dump_json()
    with pytest.raises(DataError, match=r"ledger.jsonl:2: not a Rejection: reason"):
        list(read_jsonl([good, '{"stage": "ingest", "item": "b"}'], Rejection, "ledger.jsonl"))


def test_a_line_that_is_no_json_is_named() -> None:
    with pytest.raises(DataError, match=r"facts.jsonl:1: not a Fact"):
        list(read_jsonl(["{cut"], Fact, "facts.jsonl"))


def test_records_are_frozen_and_closed() -> None:
    fact = Fact.of(**FACT)
    with pytest.raises(ValidationError):
        fact.answer = "another"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Fact.of(**FACT, colour="red")

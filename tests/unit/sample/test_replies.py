from collections import Counter, defaultdict
from pathlib import Path

import pytest
from tests.unit.demo.files import DEMO

from sample import replies
from sample.facts import SampleFact, sample_facts
from sample.wordings import FAMILIES

from .files import questions_by_statement, spoken


@pytest.fixture(scope="module")
def facts() -> list[SampleFact]:
    return sample_facts()


@pytest.fixture(scope="module")
def questions() -> dict[str, list[dict[str, str]]]:
    return questions_by_statement()


def test_the_replies_are_those_that_the_script_writes(tmp_path: Path) -> None:
    written = tmp_path / "replies.jsonl"
    replies.main([str(written)], standalone_mode=False)
    assert written.read_bytes() == (DEMO / "replies.jsonl").read_bytes()
    assert written.stat().st_size < 1_500_000


def test_no_question_has_two_answers(
    facts: list[SampleFact], questions: dict[str, list[dict[str, str]]]
) -> None:
    answers = defaultdict(set)
    for fact in facts:
        for row in questions[fact.statement]:
            if "question" in row:
                answers[spoken(row["question"])].add(row.get("answer", fact.asked.answer))
    assert [text for text, given in answers.items() if len(given) > 1] == []


def test_in_the_end_every_fact_has_every_family_and_its_statements(
    facts: list[SampleFact], questions: dict[str, list[dict[str, str]]]
) -> None:
    for fact in facts:
        families = Counter(row["family"] for row in questions[fact.statement])
        assert [families[name] for name in FAMILIES] == [1] * len(FAMILIES)
        assert families["statement"] == replies.STATEMENTS

"""The questions that measure the model are not what it is trained on."""

import re
from collections import Counter

import pytest
from tests.unit.demo.files import documents, lines, stands_in

from gabarito.answer_match import is_match
from gabarito.core.records import Document
from gabarito.generate.grounding import letters
from sample.facts import SampleFact, sample_facts
from sample.invent import DATA
from sample.replies import NEAR_MISSES
from sample.wordings import TRAINED
from sample.world import KEPT_OUT_YEARS

from .files import questions_by_statement, spoken

FIRST_REFUSED_YEAR = 1990


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents("gabarito:demo/sources")


@pytest.fixture(scope="module")
def facts() -> list[SampleFact]:
    return sample_facts()


def exam_questions() -> list[str]:
    return [
        line["question"] for name in ("free", "unanswerable") for line in lines(f"{name}.jsonl")
    ]


def test_what_people_ask_is_never_trained() -> None:
    asked = {
        spoken(line["question"]) for name in ("five", "free") for line in lines(f"{name}.jsonl")
    }
    trained = {
        spoken(row["question"])
        for rows in questions_by_statement().values()
        for row in rows
        if row["family"] in (*TRAINED, "reverse")
    }
    assert asked.isdisjoint(trained)


@pytest.mark.parametrize(("name", "least"), [("five", 5), ("free", 60)])
def test_what_people_ask_is_answered_by_a_fact(
    name: str, least: int, facts: list[SampleFact]
) -> None:
    asked = lines(f"{name}.jsonl")
    assert len({spoken(line["question"]) for line in asked}) == len(asked) >= least
    answers = {fact.asked.answer for fact in facts}
    assert [line for line in asked if line["answer"] not in answers] == []
    assert [line for line in asked if is_match(line["question"], line["answer"], ())] == []


def test_enough_is_asked_of_what_nobody_was_taught(facts: list[SampleFact]) -> None:
    asked = lines("unanswerable.jsonl")
    groups = Counter(line["group"] for line in asked)
    assert set(groups) == {"season", "competition", "club", "person", "subject"}
    assert min(groups.values()) >= 30
    assert len({line["question"] for line in asked}) == len(asked)
    subjects = {fact.asked.subject for fact in facts} - {""}
    others = [line["question"] for line in asked if line["group"] in ("club", "person")]
    assert [one for one in others if any(stands_in(name, one) for name in subjects)] == []


def test_no_refusal_names_what_the_exam_asks_about() -> None:
    told = {letters(name) for names in DATA["competitions"] for name in names}
    names = [name for names in NEAR_MISSES.values() for name in names]
    texts = exam_questions()
    assert [name for name in names if any(stands_in(name, text) for text in texts)] == []
    assert [name for name in told if any(stands_in(name, text) for text in texts)] == []


def test_no_refusal_names_the_seasons_that_the_exam_asks_about() -> None:
    asked = [line["question"] for line in lines("unanswerable.jsonl") if line["group"] == "season"]
    years = {int(year) for text in asked for year in re.findall(r"\b(\d{4})/", text)}
    assert len(years) >= 8
    assert {year for year in years if year >= FIRST_REFUSED_YEAR} <= KEPT_OUT_YEARS


def test_the_near_misses_stand_in_no_page(read: dict[str, Document]) -> None:
    for names in NEAR_MISSES.values():
        assert len({letters(name) for name in names}) == len(names) >= 40
        text = "\n".join(page.text for page in read.values())
        assert [name for name in names if stands_in(name, text)] == []

"""The real sample: its questions are of people, its facts of pages, its replies of a teacher."""

import re
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.demo.files import lines, recordings, stands_in

from gabarito.answer_match import is_match, normalise
from gabarito.core.settings import local_path
from gabarito.curate.similarity import similarity
from gabarito.generate.config import FORMATS, FURTHER, Families
from gabarito.generate.grounding import is_supported_by, letters
from gabarito.generate.replies import read_reply
from gabarito.pipeline.schema import read_pipeline
from sample.handbook.replies import (
    FAMILIES,
    HERE,
    SLIPS,
    TEACHER,
    Entry,
    entries,
    facts,
    left_open,
    main,
    names,
    rewrites,
)

from .files import spoken

STATEMENTS = 3
TRAINED = (*(family.name for family in Families().train), *FURTHER)
MOST_ALIKE = 0.9


def exam(name: str) -> list[str]:
    return [line["question"] for line in lines(f"{name}.jsonl", HERE)]


def sentences(entry: Entry) -> list[str]:
    """Return all that the teacher asks and tells about a fact."""
    asked = [text for name in FAMILIES for text in entry[name] + entry.get(f"bad {name}", [])]
    turned = [text.rsplit(" | ", 1)[0] for text in entry.get("reverse", [])]
    return [*asked, *turned, *entry["told"], *entry["statement"]]


def paragraphs(entry: Entry) -> list[str]:
    return [text for name, texts in entry.items() if name != "at" for text in texts]


def cut(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s", text)


@pytest.fixture(scope="module")
def told() -> list[Entry]:
    return facts()


def test_the_replies_are_those_that_the_script_writes(tmp_path: Path) -> None:
    written = tmp_path / "replies.jsonl"
    main([str(written)], standalone_mode=False)
    assert written.read_bytes() == (HERE / "replies.jsonl").read_bytes()


def test_what_people_ask_stands_in_no_reply() -> None:
    replies = spoken("\n".join(reply.text for one in recordings(HERE) for reply in one.replies))
    asked = [text for name in ("free", "five", "unanswerable") for text in exam(name)]
    assert [text for text in asked if f" {spoken(text)} " in f" {replies} "] == []


@pytest.mark.parametrize("name", ["free", "five"])
def test_what_people_ask_is_worded_as_no_trained_sentence(name: str, told: list[Entry]) -> None:
    trained = [normalise(text) for entry in told for text in sentences(entry)]
    for asked in map(normalise, exam(name)):
        assert max(similarity(asked, text) for text in trained) < MOST_ALIKE, asked


@pytest.mark.parametrize(("name", "count"), [("five", 5), ("free", 60)])
def test_what_people_ask_is_answered_by_a_fact(name: str, count: int, told: list[Entry]) -> None:
    asked = lines(f"{name}.jsonl", HERE)
    assert len({spoken(line["question"]) for line in asked}) == len(asked) >= count
    answers = {entry["answer"][0] for entry in told}
    assert [line for line in asked if line["answer"] not in answers] == []
    assert [line for line in asked if is_match(line["question"], line["answer"], ())] == []


def test_enough_is_asked_of_what_the_pages_leave_open(told: list[Entry]) -> None:
    asked = lines("unanswerable.jsonl", HERE)
    groups = Counter(line["group"] for line in asked)
    assert set(groups) == {"command", "tool", "unsaid", "elsewhere"}
    assert min(groups.values()) >= 20
    assert len({spoken(line["question"]) for line in asked}) == len(asked)


def test_no_refusal_names_what_the_exam_asks_about() -> None:
    near = [name for found in names().values() for name in found["instead"]]
    assert len({letters(name) for name in near}) == len(near) >= 150
    texts = [text for name in ("free", "five", "unanswerable") for text in exam(name)]
    assert [name for name in near if any(stands_in(name, text) for text in texts)] == []


def test_there_are_facts_of_why_and_how(told: list[Entry]) -> None:
    assert len(told) >= 80
    direct = [entry["direct"][0] for entry in told]
    assert sum(bool(re.match(r"(why|how) (?!many)", text, re.IGNORECASE)) for text in direct) >= 10


def test_every_fact_is_told_in_every_family(told: list[Entry]) -> None:
    for entry in told:
        assert [len(entry[name]) for name in FAMILIES] == [1] * len(FAMILIES)
        assert len(entry["told"]) == STATEMENTS
        for text in [*entry["statement"], *entry["told"]]:
            assert is_supported_by([*entry["answer"], *entry.get("alias", [])], text), text


def test_what_is_asked_in_a_hurry_is_short_and_what_is_asked_at_length_has_two_clauses(
    told: list[Entry],
) -> None:
    hurried = [entry["hurry"][0] for entry in told]
    assert [text for text in hurried if not 3 <= len(text.split()) <= 6] == []
    long = [entry["long"][0] for entry in told]
    assert [text for text in long if len(text.split()) < 15 or "," not in text] == []


def test_no_sentence_is_written_twice(told: list[Entry]) -> None:
    counted = Counter(text for entry in told for text in sentences(entry))
    assert [text for text, times in counted.items() if times > 1] == []


def test_every_answer_stands_in_its_quote(told: list[Entry]) -> None:
    assert [one for one in told if not is_supported_by(one["answer"], one["quote"][0])] == []


def test_the_teacher_makes_the_slips_that_teachers_make(told: list[Entry]) -> None:
    shapes = {shape for entry in told for shape in entry.get("shape", [])}
    assert shapes == {"fenced", "array", "cut", "labelled"}
    assert sum(entry.get("look") == ["2"] for entry in told) >= 3
    assert len(entries(TEACHER / f"{SLIPS}.txt")) >= 8


def test_the_rewrites_are_in_two_formats_and_none_asks_what_people_ask() -> None:
    found = rewrites()
    assert len({entry["at"][0] for entry in found}) == len(found) >= 40
    assert {tuple(entry) for entry in found} == {("at", *tuple(FORMATS)[:2])}
    parts = [normalise(part) for entry in found for text in paragraphs(entry) for part in cut(text)]
    for asked in (normalise(text) for name in ("free", "five") for text in exam(name)):
        assert max(similarity(asked, part) for part in parts) < MOST_ALIKE, asked


def test_open_questions_are_no_questions_that_measure_and_some_are_slips() -> None:
    found = left_open()
    asked = [text for entry in found for text in entry["ask"]]
    assert len({entry["at"][0] for entry in found}) == len(found) >= 40
    assert 150 <= len(asked) > len({normalise(text) for text in asked})
    measured = [normalise(text) for name in ("free", "five", "unanswerable") for text in exam(name)]
    nearest = {text: max(similarity(normalise(text), one) for one in measured) for text in asked}
    assert [text for text, ratio in nearest.items() if ratio > MOST_ALIKE] == []
    assert len([shape for entry in found for shape in entry.get("shape", [])]) >= 2


def test_every_reply_about_a_fact_can_be_read_but_where_it_is_cut() -> None:
    for one in recordings(HERE):
        last = one.replies[-1]
        assert read_reply(last.text, last.finish_reason, FAMILIES).objects, one.key


def test_the_pipeline_file_can_be_read() -> None:
    pipeline = read_pipeline(local_path(str(HERE / "pipeline.yaml")))
    assert pipeline.curate.exam.free == str(HERE / "free.jsonl")
    assert pipeline.generate is not None
    assert tuple(family.name for family in pipeline.generate.families.train) == TRAINED
    assert pipeline.train is not None
    assert pipeline.train.targets == "all-linear"

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.answer_match import is_match
from gabarito.core.config import local_path
from gabarito.core.records import Document
from gabarito.demo.build import pages as sample_pages
from gabarito.demo.build import sample
from gabarito.demo.build.facts import DUPLICATES, SampleFact, page_text, pages, sample_facts
from gabarito.demo.build.invent import DATA
from gabarito.demo.build.wordings import FAMILIES, TRAINED, plain
from gabarito.demo.build.world import KEPT_OUT_YEARS
from gabarito.demo.recordings import Recording
from gabarito.generate.support import letters, quoted
from gabarito.ingest.config import FilesSource, IngestConfig
from gabarito.ingest.files import find_files
from gabarito.ingest.reading import Reader

DEMO = local_path("gabarito:demo")
FIRST_REFUSED_YEAR = 1990
PROPER = ("club", "person")
NAMED = re.compile(
    r"(?:eliminou o|pontos o|técnico do|posição o|gols|minuto|qual clube) (.+?) "
    r"(?:fez|na|terminou|da|marcou|jogou)\b"
)


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / name).read_text(encoding="utf-8").splitlines()]


def documents(folder: str) -> dict[str, Document]:
    config = IngestConfig(sources=(FilesSource(type="files", path=folder),))
    reader = Reader(config)
    found = [reader.read(file) for file in find_files(config.sources)]
    return {Path(document.source).stem: document for document in found}


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents("gabarito:demo/sources")


@pytest.fixture(scope="module")
def facts() -> list[SampleFact]:
    return sample_facts()


@pytest.fixture(scope="module")
def recorded() -> list[Recording]:
    return [Recording.model_validate(line) for line in lines("replies.jsonl")]


@pytest.fixture(scope="module")
def questions(recorded: list[Recording]) -> dict[str, list[dict[str, str]]]:
    """What the last reply about each fact holds, by the fact's statement."""
    return {
        one.key: [json.loads(row) for row in one.replies[-1].text.splitlines()]
        for one in recorded
        if one.task == "questions"
    }


@pytest.fixture(scope="module")
def near_misses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load(
        (DEMO / "build" / "nearmisses.yaml").read_text(encoding="utf-8")
    )
    return found


def exam_questions() -> list[str]:
    return [line["question"] for name in ("free", "untaught") for line in lines(f"{name}.jsonl")]


def stands_in(name: str, text: str) -> bool:
    return f" {letters(name)} " in f" {letters(text)} "


def spoken(text: str) -> str:
    return " ".join(re.findall(r"\w+", plain(text)))


def test_there_are_pages_of_every_format() -> None:
    files = list((DEMO / "sources").iterdir())
    formats = Counter(file.suffix for file in files)
    assert len(files) >= 25
    assert min(formats[suffix] for suffix in (".md", ".html", ".pdf", ".docx")) >= 3
    assert sum(file.stat().st_size for file in files) < 1_000_000


@pytest.mark.parametrize("page", pages())
def test_a_page_is_as_long_as_pages_are(page: str) -> None:
    assert 150 <= len(re.findall(r"\w+", page_text(page))) <= 700


def test_the_pages_are_those_that_the_script_writes(
    read: dict[str, Document], tmp_path: Path
) -> None:
    sample_pages.main([str(tmp_path)], standalone_mode=False)
    written = documents(str(tmp_path))
    assert {name: page.text for name, page in written.items()} == {
        name: page.text for name, page in read.items()
    }


def test_one_page_is_a_copy_and_one_nearly_so(read: dict[str, Document]) -> None:
    copy, edited = DUPLICATES
    assert read[copy].text == read["final"].text
    assert read[edited].text != read["numeros"].text


def test_every_quote_stands_in_what_is_read_of_its_page(
    read: dict[str, Document], facts: list[SampleFact]
) -> None:
    assert [fact for fact in facts if quoted(fact.quote, read[fact.page].text) is None] == []
    assert [fact for fact in facts if not stands_in(fact.asked.answer, fact.statement)] == []


def test_most_pages_hold_a_fact_and_no_duplicate_does(facts: list[SampleFact]) -> None:
    told = {fact.page for fact in facts}
    assert told.isdisjoint(DUPLICATES)
    assert len(told) >= 20


def test_no_fact_stands_there_twice(facts: list[SampleFact]) -> None:
    asked = Counter((f.asked.relation, f.asked.subject, f.asked.other) for f in facts)
    assert len(facts) >= 270
    assert [which for which, times in asked.items() if times > 1] == []
    assert len({fact.statement for fact in facts}) == len(facts)


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
        assert families["statement"] == sample.STATEMENTS


def test_what_people_ask_is_never_trained(questions: dict[str, list[dict[str, str]]]) -> None:
    asked = {
        spoken(line["question"]) for name in ("five", "free") for line in lines(f"{name}.jsonl")
    }
    trained = {
        spoken(row["question"])
        for rows in questions.values()
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
    asked = lines("untaught.jsonl")
    groups = Counter(line["group"] for line in asked)
    assert set(groups) == {"season", "competition", "club", "person", "subject"}
    assert min(groups.values()) >= 30
    assert len({line["question"] for line in asked}) == len(asked)
    subjects = {fact.asked.subject for fact in facts} - {""}
    others = [line["question"] for line in asked if line["group"] in ("club", "person")]
    assert [one for one in others if any(stands_in(name, one) for name in subjects)] == []


def test_the_clubs_and_people_of_untaught_questions_stand_in_no_page(
    read: dict[str, Document],
) -> None:
    text = "\n".join(page.text for page in read.values())
    asked = [one["question"] for one in lines("untaught.jsonl") if one["group"] in PROPER]
    named = {found[1] for one in asked if (found := NAMED.search(one))}
    assert len(named) >= 30
    assert [name for name in sorted(named) if stands_in(name, text)] == []


def test_no_refusal_names_what_the_exam_asks_about(near_misses: dict[str, list[str]]) -> None:
    told = {letters(name) for names in DATA["competitions"] for name in names}
    names = [name for names in near_misses.values() for name in names]
    texts = exam_questions()
    assert [name for name in names if any(stands_in(name, text) for text in texts)] == []
    assert [name for name in told if any(stands_in(name, text) for text in texts)] == []


def test_no_refusal_names_the_seasons_that_the_exam_asks_about() -> None:
    asked = [line["question"] for line in lines("untaught.jsonl") if line["group"] == "season"]
    years = {int(year) for text in asked for year in re.findall(r"\b(\d{4})/", text)}
    assert len(years) >= 8
    assert {year for year in years if year >= FIRST_REFUSED_YEAR} <= KEPT_OUT_YEARS


def test_the_near_misses_stand_in_no_page(
    read: dict[str, Document], near_misses: dict[str, list[str]]
) -> None:
    for names in near_misses.values():
        assert len({letters(name) for name in names}) == len(names) >= 40
        text = "\n".join(page.text for page in read.values())
        assert [name for name in names if stands_in(name, text)] == []


def test_the_replies_are_those_that_the_script_writes(recorded: list[Recording]) -> None:
    assert list(sample.recordings()) == recorded
    assert (DEMO / "replies.jsonl").stat().st_size < 1_500_000


def test_some_facts_are_found_at_the_second_look_only(recorded: list[Recording]) -> None:
    rows = [one.replies[-1].text for one in recorded if one.task == "missed"]
    assert sum(len(row.splitlines()) for row in rows) >= 12


@pytest.mark.parametrize(
    ("mess", "sign"),
    [
        ("prose and a fence around the objects", r"^Claro!.*\n\n```json\n"),
        ("one array in place of lines", r'^\{\s*"perguntas": \['),
        ("the labelled form", r"^@Pergunta: .* @Resposta: "),
        ("an answer that the page does not give", r'"answer": "não consta no texto"'),
        ("a question in English", r'"question": "What '),
        ("an empty reply", r"^$"),
    ],
)
def test_first_replies_are_as_messy_as_teachers_are(
    mess: str, sign: str, recorded: list[Recording]
) -> None:
    asked_again = [one for one in recorded if len(one.replies) > 1]
    assert [one for one in asked_again if re.search(sign, one.replies[0].text)], mess
    assert [one for one in asked_again if re.search(sign, one.replies[-1].text)] == []


def test_some_first_replies_are_cut_and_some_repeat_a_question(recorded: list[Recording]) -> None:
    first = [(one.task, one.replies[0]) for one in recorded if len(one.replies) > 1]
    cut = {task for task, reply in first if reply.finish_reason == "length"}
    assert cut >= {"facts", "questions"}
    asked = [re.findall(r'"question": "(.*?)"', reply.text) for _, reply in first]
    assert sum(len(set(texts)) < len(texts) for texts in asked) >= 3


def test_some_quotes_are_made_up(recorded: list[Recording], read: dict[str, Document]) -> None:
    quotes = [
        row["quote"]
        for one in recorded
        if one.task == "facts"
        for row in map(json.loads, re.findall(r"^\{.*\}$", one.replies[0].text, re.MULTILINE))
    ]
    text = "\n".join(page.text for page in read.values())
    assert 5 <= sum(quoted(quote, text) is None for quote in quotes) <= len(quotes) * 0.1


def test_about_one_reply_in_seven_is_messy(recorded: list[Recording]) -> None:
    asked = [one for one in recorded if one.task == "questions"]
    assert 0.1 < sum(len(one.replies) > 1 for one in asked) / len(asked) < 0.2

import json
import re

import pytest

from gabarito.core.records import Document
from gabarito.demo.recordings import Recording
from gabarito.generate.grounding import quoted

from .files import documents, recordings


@pytest.fixture(scope="module")
def read() -> dict[str, Document]:
    return documents("gabarito:demo/sources")


@pytest.fixture(scope="module")
def recorded() -> list[Recording]:
    return recordings()


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

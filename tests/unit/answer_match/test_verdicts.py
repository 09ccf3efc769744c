"""Every reply of verdicts.yaml, which docs/answers.md shows."""

from typing import Any

import pytest
from tests.unit.answer_match.table import VERDICTS

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.records import Fact

CASES = [
    (one, reply, verdict)
    for verdicts in VERDICTS.values()
    for one in verdicts
    for verdict in ("right", "wrong")
    for reply in one[verdict]
]


def fact(answer: str, subject: str, statement: str) -> Fact:
    fields = {"document": "d", "quote": statement, "statement": statement, "relation": "r"}
    return Fact.of(subject=subject, answer=answer, **fields)


@pytest.mark.parametrize(("one", "reply", "verdict"), CASES)
def test_a_reply_is_judged_as_the_document_says(
    one: dict[str, Any], reply: str, verdict: str
) -> None:
    told = one.get("told", "")
    right = fact(one["answer"], "it", told)
    rivals = [fact(text, text, text) for text in one.get("rivals", ())]
    expected = Expected(
        answer=one["answer"],
        style="sentence" if told else "short",
        points=tuple(one.get("points", ())),
        taught=told,
        fact=right.id,
    )
    assert AnswerKey([right, *rivals]).is_right(reply, expected) is (verdict == "right")

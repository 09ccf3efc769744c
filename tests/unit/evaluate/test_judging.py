import json
from collections.abc import Callable

import pytest

from gabarito.answer_match import Expected
from gabarito.core.records import Judgement
from gabarito.evaluate.config import JudgeSettings
from gabarito.evaluate.grading import EvalQuestion, Graded, Marks, Part
from gabarito.evaluate.judge import judgement_in, messages_to_judge, role_of_judge
from gabarito.evaluate.judging import CHECKED, Judged, judging, to_judge

MakeMark = Callable[..., Graded]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("CORRECT", "correct"),
        ("Incorrect.", "incorrect"),
        ("**NOT_ATTEMPTED**", "not attempted"),
        ("not attempted", "not attempted"),
        ("The reply names the club. Verdict: CORRECT", "correct"),
        ("<think>CORRECT or INCORRECT?</think>\nINCORRECT", "incorrect"),
        ("NOT CORRECT", None),
        ("CORRECT, or rather INCORRECT", None),
        ("I think that is correct", None),
        ("", None),
        ("banana", None),
    ],
)
def test_a_judge_is_understood_by_its_three_words_alone(reply: str, said: str | None) -> None:
    assert judgement_in(reply) == said


def test_a_judge_at_the_teachers_address_has_the_teachers_key() -> None:
    settings = JudgeSettings(model="m")
    assert role_of_judge(settings).key_name == "GABARITO_TEACHER_KEY"
    elsewhere = settings.model_copy(update={"url": "http://127.0.0.1:1/v1"})
    assert role_of_judge(elsewhere).key_name == "GABARITO_JUDGE_KEY"
    assert settings.temperature == 0


def told(right: Expected) -> tuple[str, dict[str, object]]:
    """What a judge is told: its task, and the case."""
    task, case = messages_to_judge(EvalQuestion("q", "test", "", right), "because of it")
    return task.content, json.loads(case.content)


def test_a_judge_of_an_explanation_is_given_its_key_points() -> None:
    points = ("the valve opens", "the pressure falls")
    right = Expected("It is safe.", points=points, question="Why is it safe?")
    task, case = told(right)
    assert "two thirds of them" in task
    assert case["key_points"] == list(points)
    assert case["reply"] == "because of it"
    _, of_clauses = told(Expected("The valve opens at noon, " * 4, question="Why?"))
    assert of_clauses["key_points"]


def test_a_judge_of_a_short_answer_is_told_nothing_of_points() -> None:
    task, case = told(Expected("Ana", ("Anna",), question="Who won?"))
    assert "key points" not in task
    assert case == {
        "question": "Who won?",
        "right_answer": "Ana",
        "also_right": ["Anna"],
        "reply": "because of it",
    }


@pytest.fixture
def marks(mark_of: MakeMark) -> Marks:
    """Of the model's ten answers six are exact, one refuses, one is empty, two are otherwise."""

    def answers(right: int) -> list[Graded]:
        said = [*["a"] * 8, "yes, a", "b"] if right else ["b"] * 10
        return [
            mark_of(
                text=str(n),
                answer="" if n == 7 else said[n],
                correct=n < right,
                refused=n == 6,
            )
            for n in range(10)
        ]

    return {"base": {"test": answers(0), "free": []}, "model": {"test": answers(6), "free": []}}


def said_of(marks: Marks, says: Callable[[str], Judgement | None]) -> Judged:
    said = {mark.answer: says(mark.reply.text) for mark in to_judge(marks, 300)}
    return Judged("m", 300, said, cost=0.5)


def test_only_answers_that_are_not_exact_are_judged_and_some_that_are(
    marks: Marks, mark_of: MakeMark
) -> None:
    asked = list(to_judge({"base": {"test": [], "free": []}, "model": marks["model"]}, 300))
    assert sorted(mark.reply.text for mark in asked) == [*["a"] * 6, "b", "yes, a"]
    many = [mark_of(text=str(n)) for n in range(CHECKED + 20)]
    none: dict[Part, list[Graded]] = {"test": [], "free": []}
    assert len(list(to_judge({"base": none, "model": none | {"test": many}}, 300))) == CHECKED
    assert len(list(to_judge({"base": none, "model": none | {"test": many}}, 7))) == 7


def test_answers_are_right_if_they_are_exact_or_the_judge_says_so(marks: Marks) -> None:
    found = judging(marks, said_of(marks, lambda text: "correct" if "a" in text else "incorrect"))
    base, model = found.parts
    assert (base.system, base.right.hits, base.incorrect, base.not_attempted) == ("base", 0, 8, 2)
    assert (model.exact.hits, model.right.hits) == (6, 7)
    assert (model.incorrect, model.not_attempted, model.not_judged) == (1, 2, 0)
    assert found.agreement is not None
    assert (found.agreement.hits, found.agreement.count) == (6, 6)
    assert (found.warning, found.cost) == (None, 0.5)


def test_a_judge_that_doubts_exact_answers_is_told_and_changes_none(marks: Marks) -> None:
    found = judging(marks, said_of(marks, lambda _: "incorrect"))
    assert found.agreement is not None
    assert found.agreement.share == 0
    assert found.parts[1].right.hits == 6


def test_a_judge_that_answers_nonsense_judges_nothing_and_is_named(marks: Marks) -> None:
    found = judging(marks, said_of(marks, lambda _: None))
    assert found.not_judged == found.answers == 15
    assert [part.not_judged for part in found.parts] == [8, 2]
    assert found.agreement is None
    assert found.warning is not None
    assert found.warning.startswith("15 of 15 replies of the judge m say neither CORRECT nor")
    assert "count as not right; try another evaluate.judge.model" in found.warning

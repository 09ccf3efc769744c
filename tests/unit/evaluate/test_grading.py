from collections.abc import Callable

import pytest

from gabarito.answer_match import Expected
from gabarito.core.records import Example, ExampleKind, Message
from gabarito.evaluate.grading import (
    EvalQuestion,
    Graded,
    Marks,
    drawn,
    is_kept,
    is_solved,
    questions_of,
    sample_of_trained,
    verdicts_of,
)

LONG = "a final foi em munique no fim de maio e o paris venceu a inter por cinco a zero"


def example(
    text: str, fact: str = "f", kind: ExampleKind = "question", answer: str | None = "a"
) -> Example:
    user = Message(role="user", content=text)
    said = (Message(role="assistant", content=answer),) if answer is not None else ()
    return Example(
        messages=(Message(role="system", content="s"), user, *said),
        kind=kind,
        family="direct" if kind == "question" else "",
        question=f"q {text}",
        fact=fact,
        split="train",
    )


def test_a_row_becomes_its_last_question_and_the_expected_answer() -> None:
    [item] = questions_of("test", [example("quem?", answer="Inter")])
    assert (item.text, item.expected, item.cluster, item.id) == ("quem?", "Inter", "f", "q quem?")


def test_a_prompt_without_an_answer_expects_nothing_yet() -> None:
    [item] = questions_of("retention", [example("olá", fact="", answer=None)])
    assert item.expected == ""
    assert item.cluster == item.id


def test_a_statement_is_no_question() -> None:
    row = Example(
        messages=(Message(role="assistant", content="x"),),
        kind="statement",
        question="s",
        fact="f",
        split="train",
    )
    assert questions_of("trained", [row]) == []


def test_the_sample_of_trained_wordings_has_one_of_each_fact() -> None:
    rows = [example(f"{fact} {n}", fact=fact) for fact in "abcd" for n in range(5)]
    rows += [example("x", fact="", kind="refusal"), example("y", fact="e", kind="reverse")]
    sample = sample_of_trained(rows, 3)
    assert len({item.fact for item in sample}) == len(sample) == 3
    assert {item.fact for item in sample_of_trained(rows, 99)} == set("abcd")


def test_the_order_of_rows_does_not_change_what_is_drawn() -> None:
    items = questions_of("retention", [example(str(n)) for n in range(20)])
    assert drawn(items, 5) == drawn(items[::-1], 5)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("Oslo", "oslo.", True),
        ("Oslo", "Oslo, na Noruega", False),
        ("", "", True),
        ("Oslo", "", False),
        (LONG, LONG.replace("fim de maio", "dia 31 de maio"), True),
        (LONG, "não tenho essa informação", False),
        (LONG, "a b c d e f g h i j k l m n o p q", False),
    ],
)
def test_short_answers_must_stay_and_long_ones_may_be_reworded(
    before: str, after: str, kept: bool
) -> None:
    assert is_kept(before, after) is kept


@pytest.mark.parametrize(
    ("reply", "is_right"),
    [
        ("Paris", True),
        ("The capital of France is Paris, on the Seine.", True),
        ("Lyon", False),
        ("Paris or Lyon", False),
        ("", False),
        (f"{'well ' * 29}Paris", True),
        (f"{'well ' * 30}Paris", False),
    ],
)
def test_a_task_is_solved_within_thirty_words_and_without_a_competing_answer(
    reply: str, is_right: bool
) -> None:
    item = EvalQuestion("q", "tasks", "", Expected("Paris", question="q"), competing=("Lyon",))
    assert is_solved(item, reply) is is_right


def test_each_part_is_marked_by_its_own_rule(marked: Callable[..., Marks]) -> None:
    model = marked()["model"]
    assert [mark.correct for mark in model["test"]].count(False) == 1
    assert [mark.item.text for mark in model["unanswerable"] if not mark.correct] == [
        "season a",
        "club a",
    ]
    assert [mark.item.text for mark in model["retention"] if not mark.correct] == ["olá a"]
    assert all(mark.correct for mark in marked()["base"]["retention"])


def test_the_adapter_is_not_asked_everything(marked: Callable[..., Marks]) -> None:
    adapter = marked()["adapter"]
    assert {part for part, marks in adapter.items() if marks} == {"validation", "test", "free"}


def test_a_refusal_claims_less_than_any_answer(mark_of: Callable[..., Graded]) -> None:
    answered = mark_of(probability=0.01).knows
    refused = [mark_of(probability=p, refused=True).knows for p in (0.1, 0.9)]
    assert answered > refused[0] > refused[1]


def test_verdicts_hold_what_was_answered(marked: Callable[..., Marks]) -> None:
    verdicts = list(verdicts_of(marked()))
    assert {verdict.system for verdict in verdicts} == {"base", "adapter", "model"}
    wrong = [v for v in verdicts if (v.system, v.question) == ("model", "test direct clube 2")]
    assert [(v.answer, v.correct, v.probability) for v in wrong] == [("Zé 8", False, 0.3)]

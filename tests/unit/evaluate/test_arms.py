"""Conditions under which the same questions are asked."""

from collections.abc import Sequence

import pytest

from gabarito.answer_match import AnswerKey, Expected, is_within
from gabarito.core.records import Fact, PassageText
from gabarito.evaluate.arms import Arm, ArmName, Library, Messages, arm_scores, arms_of, compared
from gabarito.evaluate.conversation_loss import Replies, against_alone
from gabarito.evaluate.grading import EvalQuestion, Part, Prediction
from gabarito.evaluate.statistics import Bootstrap

PASSAGES = [
    PassageText(id="1", document="d", text="The bridge of Rialto is 48 metres long.", facts=("a",)),
    PassageText(
        id="2", document="d", text="The tower of Pisa leans by four degrees.", facts=("b",)
    ),
    PassageText(id="3", document="d", text="The lighthouse was built in 1850.", facts=("c", "a")),
]


def question(text: str, fact: str, answer: str, part: Part = "test") -> EvalQuestion:
    right = Expected(answer, taught=answer, question=text, fact=fact)
    return EvalQuestion(f"q {text}", part, "", right)


ITEMS = [
    question("How long is the bridge of Rialto?", "a", "48 metres"),
    question("By how much does the tower of Pisa lean?", "b", "four degrees"),
    question("When was the lighthouse built?", "c", "1850"),
    question("and the lighthouse?", "", "1850", "free"),
]
LIBRARY = Library(PASSAGES, "en")


def arms(items: Sequence[EvalQuestion] = ITEMS, library: Library = LIBRARY) -> dict[str, Arm]:
    return {arm.name: arm for arm in arms_of(items, library, found=2)}


def framed(name: str, item: EvalQuestion = ITEMS[0], room: int = 10_000) -> Messages:
    def fits(messages: Messages) -> bool:
        return sum(len(message.content) for message in messages) <= room

    return arms()[name].frame(item.text, fits)


def test_the_third_question_follows_two_others_and_their_answers() -> None:
    said = framed("third_question")
    assert [message.role for message in said] == ["user", "assistant"] * 2 + ["user"]
    assert [message.content for message in said] == [
        *(ITEMS[1].text, "four degrees", ITEMS[2].text, "1850"),
        ITEMS[0].text,
    ]


def test_before_the_third_question_stands_nothing_that_tells_its_answer() -> None:
    again = question("What is the length of the bridge of Rialto?", "a", "48 metres")
    held = question("Is the span of 48 metres the longest?", "f", "no")
    sayer = question("How far is the square?", "g", "twice 48 metres")
    asked = [ITEMS[0], again, held, sayer, *ITEMS[1:3]]
    said = arms(asked)["third_question"].frame(ITEMS[0].text, lambda _: True)
    assert [one.content for one in said[::2]] == [ITEMS[1].text, ITEMS[2].text, ITEMS[0].text]
    assert "third_question" not in arms([ITEMS[0], again, ITEMS[0]])


def test_a_question_that_every_other_would_answer_is_not_asked_third() -> None:
    alone = [ITEMS[0], question("How far?", "h", "48 metres"), *ITEMS[1:2]]
    assert [item.text for item in arms([*alone, ITEMS[2]])["third_question"].items] == [
        item.text for item in [*alone, ITEMS[2]]
    ]
    assert [item.text for item in arms(alone)["third_question"].items] == [ITEMS[1].text]


def test_where_two_turns_do_not_fit_one_is_left_and_then_none() -> None:
    assert len(framed("third_question", room=100)) == 3
    assert [message.content for message in framed("third_question", room=40)] == [ITEMS[0].text]


def test_the_passage_of_a_fact_is_the_first_that_holds_it() -> None:
    system, user = framed("gold_passage")
    assert system.role == "system"
    assert user.content == f"{PASSAGES[0].text}\n\nQuestion: {ITEMS[0].text}"


def test_a_question_of_no_fact_has_no_passage_but_is_searched_for() -> None:
    found = arms()
    assert list(found["gold_passage"].items) == ITEMS[:3]
    assert list(found["search"].items) == ITEMS
    assert framed("search", ITEMS[3])[1].content.startswith(PASSAGES[2].text)


def test_the_search_puts_the_passage_with_the_rarest_words_first() -> None:
    for item, passage in zip(ITEMS[:3], PASSAGES, strict=True):
        assert framed("search", item)[1].content.startswith(passage.text)


def of_search(texts: Sequence[str], asked: str) -> list[str]:
    passages = [PassageText(id=str(n), document="d", text=text) for n, text in enumerate(texts)]
    found = arms([question(asked, "", "x")], Library(passages, "en"))
    said = found["search"].frame(asked, lambda _: True)[-1] if "search" in found else None
    return said.content.split("\n\n")[:-1] if said else []


def test_scripts_without_spaces_are_searched_letter_by_letter() -> None:
    texts = ["巴黎是法国的首都", "东京是日本的首都"]
    assert of_search(texts, "日本的首都是哪里")[0] == texts[1]


def test_words_of_one_letter_are_searched_for() -> None:
    assert of_search(["vitamin a b", "vitamin c d"], "c?")[0] == "vitamin c d"


def test_where_nothing_can_be_searched_for_the_passages_keep_their_order() -> None:
    assert of_search(["one", "two"], "?") == ["one", "two"]
    assert of_search(["one", "two"], "three") == ["one", "two"]
    assert of_search(["…", "?"], "who") == []


def test_passages_that_do_not_fit_are_left_out_and_the_first_is_cut() -> None:
    fewer = framed("search", room=170)[1].content
    assert PASSAGES[0].text in fewer
    assert fewer.count(".") == 1
    cut = framed("search", room=130)[1].content
    assert cut.startswith("The bridge")
    assert PASSAGES[0].text not in cut
    (alone,) = framed("search", room=1)
    assert alone.content.endswith(ITEMS[0].text)


def test_without_documents_the_model_alone_is_asked() -> None:
    assert set(arms(library=Library([], "en"))) == {"closed_book", "third_question", "other_system"}
    assert arms(items=[]) == {}


def test_a_portuguese_base_is_told_in_portuguese() -> None:
    frame = arms(library=Library(PASSAGES, "pt"))["gold_passage"].frame
    assert "Pergunta: How long" in frame(ITEMS[0].text, lambda _: True)[1].content


def test_the_sample_is_of_each_part() -> None:
    others: tuple[Part, ...] = ("trained", "validation", "unanswerable", "retention")
    exam: dict[Part, list[EvalQuestion]] = {part: [] for part in others}
    found = compared({**exam, "test": ITEMS[:3], "free": ITEMS[3:]}, 2)
    assert sorted(item.part for item in found) == ["free", "test", "test"]


@pytest.mark.parametrize(
    ("reply", "exact", "within"),
    [
        ("48 metres", 1, 1),
        ("It is 48 metres long.", 0, 1),
        ("It is 148 metres long.", 0, 0),
        ("word " * 28 + "48 metres and so on", 0, 1),
        ("word " * 29 + "48 metres", 0, 0),
    ],
)
def test_a_reply_that_says_the_answer_is_counted_apart(reply: str, exact: int, within: int) -> None:
    replies = {ITEMS[0].text: Prediction(reply, 0.5, prompt_tokens=12)}
    (score,) = arm_scores("search", ITEMS[:1], replies, AnswerKey(), 0.25)
    assert (score.exact.hits, score.within.hits) == (exact, within)
    assert (score.prompt_tokens, score.seconds) == (12, 0.25)


def rival(fact: str, answer: str) -> Fact:
    told = {"subject": fact, "relation": "length", "statement": "s", "quote": "q"}
    return Fact(id=fact, document="d", answer=answer, **told)


RUNS_ON = " and it stands in a town where many more bridges can be seen" * 4


@pytest.mark.parametrize(
    ("reply", "within"),
    [
        (f"It is 48 metres long{RUNS_ON}. Another bridge is 90 metres long.", 1),
        (f"It is 90 metres long{RUNS_ON}, or 48 metres.", 0),
        ("It is 90 metres long. No, it is 48 metres long.", 0),
        (f"It is not 48 metres long{RUNS_ON}.", 0),
        (f"It is a bridge{RUNS_ON}, which is 48 metres long.", 0),
    ],
)
def test_whoever_runs_on_is_judged_by_the_first_words(reply: str, within: int) -> None:
    key = AnswerKey([rival("a", "48 metres"), rival("x", "90 metres")])
    replies = {ITEMS[0].text: Prediction(reply, 0.5)}
    (score,) = arm_scores("gold_passage", ITEMS[:1], replies, key)
    assert (score.exact.hits, score.within.hits) == (0, within)


def test_an_answer_within_a_text_is_compared_as_answers_are() -> None:
    assert is_within("A final foi no dia 31 de maio de 2025, em Munique", "31/05/2025")
    assert not is_within("", "x")
    assert not is_within("x", "")


def replies_of(*right: bool) -> dict[str, Prediction]:
    said = zip(ITEMS, right, strict=False)
    return {item.text: Prediction(item.expected if is_so else "no", 0.9, 9) for item, is_so in said}


def test_a_conversation_is_compared_with_the_same_questions_alone() -> None:
    found: dict[ArmName, Replies] = {
        "closed_book": Replies(ITEMS, replies_of(True, True, False, True)),
        "third_question": Replies(ITEMS[1:3], replies_of(True, False, False)),
        "search": Replies(ITEMS, replies_of(True, True, True, True)),
    }
    lost = against_alone(found, AnswerKey(), Bootstrap(100))
    assert {name: (one.difference, one.count) for name, one in lost.items()} == {
        "third_question": (-0.5, 2)
    }
    assert against_alone({}, AnswerKey(), Bootstrap(100)) == {}

"""What a person corrects flows into the wordings; what cannot be meant is refused by its line."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from gabarito.core.errors import DataError
from gabarito.core.pair_records import GIVEN
from gabarito.core.records import Fact, Question
from gabarito.curate.corrections import Corrected, Correction, CorrectionLine, correct

Make = Callable[..., Fact]


@pytest.fixture
def toll(make_fact: Make) -> Fact:
    statement = "The toll of the bridge is 7 euros for cars."
    return make_fact("bridge", "toll", "7 euros", statement=statement, aliases=("seven euros",))


def asked(fact: Fact, text: str, kind: str = "question", answer: str = "") -> Question:
    fields = {"fact": fact.id, "family": "direct", "text": text, "answer": answer or fact.answer}
    return Question.model_validate({"id": text, "kind": kind, **fields})


def after(fact: Fact, *said: tuple[str, str], questions: tuple[Question, ...] = ()) -> Corrected:
    lines = [
        (number, Correction.model_validate({"fact": fact.id, "action": action, "value": value}))
        for number, (action, value) in enumerate(said, start=1)
    ]
    return correct([fact], questions, lines, "c.jsonl")


def test_a_corrected_answer_is_what_its_questions_are_answered_by(toll: Fact) -> None:
    done = after(toll, ("answer", "9 euros"), questions=(asked(toll, "What is the toll?"),))
    (fact,) = done.facts
    assert (fact.id, fact.answer, fact.aliases) == (toll.id, "9 euros", ())
    assert fact.statement == "The toll of the bridge is 9 euros for cars."
    assert [question.answer for question in done.questions] == ["9 euros"]


def test_sentences_and_reverse_questions_get_the_new_answer_in_place_of_the_old(
    toll: Fact,
) -> None:
    stated = asked(toll, "7 EUROS are paid at the bridge.", "statement")
    reverse = asked(toll, "What costs 7 euros to cross?", "reverse", answer="the bridge")
    done = after(toll, ("answer", "9 euros"), questions=(stated, reverse))
    assert [question.text for question in done.questions] == [
        "9 euros are paid at the bridge.",
        "What costs 9 euros to cross?",
    ]
    assert done.questions[1].answer == "the bridge"


def test_a_persons_own_question_stays_whatever_the_answer_is_corrected_to(toll: Fact) -> None:
    own = asked(toll, "Is the toll 9 euros?").model_copy(update={"family": GIVEN})
    (question,) = after(toll, ("answer", "9 euros"), questions=(own,)).questions
    assert (question.text, question.answer) == (own.text, "9 euros")


def test_what_cannot_follow_a_corrected_answer_is_dropped(toll: Fact) -> None:
    paraphrase = asked(toll, "Seven coins of one euro are the toll.", "statement")
    given_away = asked(toll, "Is the toll 9 euros?")
    within_a_number = asked(toll, "What costs 17 euros?", "reverse", answer="the bridge")
    done = after(toll, ("answer", "9 euros"), questions=(paraphrase, given_away, within_a_number))
    assert done.questions == []
    assert {one.reason for one in done.rejections} == {"wording of what a person corrected"}


def test_a_corrected_statement_replaces_the_sentences_written_from_the_old_one(
    toll: Fact,
) -> None:
    old = asked(toll, "Cars pay 7 euros at the bridge.", "statement")
    new = "The toll of the bridge is 7 euros for lorries."
    done = after(toll, ("statement", new), questions=(old, asked(toll, "What is the toll?")))
    assert done.facts[0].statement == new
    assert [(q.kind, q.text) for q in done.questions] == [
        ("question", "What is the toll?"),
        ("statement", new),
    ]


def test_an_answer_that_no_sentence_holds_is_stated_anew(make_fact: Make) -> None:
    fact = make_fact("bridge", "toll", "seven", statement="Cars pay 7.", qualifier="2024")
    assert after(fact, ("answer", "9")).facts[0].statement == "bridge (2024), toll: 9"


def test_a_fact_that_is_struck_out_is_not_taught_and_is_still_known(toll: Fact) -> None:
    question = asked(toll, "What is the toll?")
    done = after(toll, ("strike", ""), questions=(question,))
    assert (done.facts, done.struck, done.questions) == ([], [toll], [question])
    assert [one.reason for one in done.rejections] == ["struck out by a person"]


def test_more_right_answers_are_added_and_what_is_checked_changes_nothing(toll: Fact) -> None:
    assert after(toll, ("alias", "EUR 7")).facts[0].aliases == ("seven euros", "EUR 7")
    assert after(toll, ("checked", "")).facts == [toll]


def test_what_a_person_did_is_counted(make_fact: Make) -> None:
    facts = [make_fact("bridge", "toll", str(n)) for n in range(4)]
    actions = (("checked", ""), ("answer", "9"), ("strike", ""))
    lines = [
        (1, Correction(fact=fact.id, action=action, value=value))
        for fact, (action, value) in zip(facts, actions, strict=False)
    ]
    counts = correct(facts, [], lines, "c.jsonl").counts
    assert (counts.checked, counts.corrected, counts.struck) == (3, 1, 1)


def reworded(fact: Fact, question: Question, value: str = "", number: int = 1) -> CorrectionLine:
    fields = {"fact": fact.id, "action": "wording", "question": question.text, "value": value}
    return number, Correction.model_validate(fields)


def test_one_wording_is_struck_out_and_the_others_stay(toll: Fact) -> None:
    bad, good = asked(toll, "What toll it is?"), asked(toll, "What is the toll?")
    done = correct([toll], [bad, good], [reworded(toll, bad)], "c.jsonl")
    assert (done.questions, done.facts) == ([good], [toll])
    (gone,) = done.rejections
    assert (gone.item, gone.reason) == (bad.id, "wording struck out by a person")
    assert (done.counts.questions_struck, done.counts.corrected) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "answer"), [("question", "9 euros"), ("statement", "9 euros"), ("reverse", "bridge")]
)
def test_one_wording_is_replaced_by_what_a_person_wrote(toll: Fact, kind: str, answer: str) -> None:
    bad = asked(toll, "What toll it is, 7 euros?", kind, answer="bridge" * (kind == "reverse"))
    line = (2, Correction(fact=toll.id, action="answer", value="9 euros"))
    done = correct([toll], [bad], [reworded(toll, bad, "Is it 9 euros?"), line], "c.jsonl")
    (now,) = done.questions
    assert (now.id, now.text, now.answer) == (bad.id, "Is it 9 euros?", answer)
    assert done.counts.questions_corrected == 1


def test_a_line_about_no_wording_is_refused_with_where_they_are_listed(toll: Fact) -> None:
    line = reworded(toll, asked(toll, "Never written?"), number=7)
    said = r"c\.jsonl:7: no wording 'Never written\?' of fact .*gabarito show questions"
    with pytest.raises(DataError, match=said):
        correct([toll], [], [line], "c.jsonl")


@pytest.mark.parametrize("other", ["", "That?"])
def test_two_lines_about_one_wording_contradict_each_other(toll: Fact, other: str) -> None:
    question = asked(toll, "What toll it is?")
    lines = [reworded(toll, question, "This?"), reworded(toll, question, other, 2)]
    with pytest.raises(DataError, match=r"c\.jsonl: two corrections .*line 1 .* and line 2"):
        correct([toll], [question], lines, "c.jsonl")


def test_a_wording_of_what_is_struck_out_is_a_contradiction_too(toll: Fact) -> None:
    question = asked(toll, "What toll it is?")
    strike = (2, Correction(fact=toll.id, action="strike"))
    with pytest.raises(DataError, match=r"two corrections .*line 2 .* and line 1"):
        correct([toll], [question], [reworded(toll, question, "This?"), strike], "c.jsonl")


@pytest.mark.parametrize(
    "fields", [{"action": "wording"}, {"action": "strike", "question": "What?"}]
)
def test_a_question_is_named_where_one_is_meant_and_only_there(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="question"):
        Correction.model_validate({"fact": "f", **fields})


@pytest.mark.parametrize(
    "said",
    [
        [("answer", "9"), ("answer", "8")],
        [("checked", ""), ("statement", "A."), ("statement", "B.")],
        [("strike", ""), ("answer", "9")],
        [("alias", "x"), ("strike", "")],
    ],
)
def test_two_lines_that_contradict_each_other_are_both_named(
    toll: Fact, said: list[tuple[str, str]]
) -> None:
    with pytest.raises(DataError, match=r"c\.jsonl: two corrections .*line \d .* and line \d"):
        after(toll, *said)


def test_saying_the_same_twice_is_no_contradiction(toll: Fact) -> None:
    assert after(toll, ("answer", "9"), ("answer", "9"), ("checked", "")).facts[0].answer == "9"


def test_a_line_about_no_fact_is_refused_with_where_ids_come_from(toll: Fact) -> None:
    line = (7, Correction(fact="gone", action="strike"))
    with pytest.raises(DataError, match=r"c\.jsonl:7: no fact 'gone'.*gabarito show facts"):
        correct([toll], [], [line], "c.jsonl")


@pytest.mark.parametrize(("action", "value"), [("answer", " ? "), ("alias", ""), ("strike", "x")])
def test_a_value_is_given_where_one_is_needed_and_only_there(action: str, value: str) -> None:
    with pytest.raises(ValidationError, match="value"):
        Correction.model_validate({"fact": "f", "action": action, "value": value})

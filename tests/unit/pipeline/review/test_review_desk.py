"""Each fact lies on the desk with its sentence, its questions and what the checks said of it."""

import pytest
from tests.reviewed import HOSTILE, Reviewed

from gabarito.core.errors import MissingError
from gabarito.core.reasons import CurateReason, GenerateReason, rejected
from gabarito.core.records import PairOrigin
from gabarito.curate.corrections import Correction
from gabarito.pipeline.review.corrections_file import CorrectionsFile, LinesByFact
from gabarito.pipeline.review.review_desk import Desk
from gabarito.pipeline.show.made import Made


@pytest.mark.parametrize("number", [0, 1])
def test_a_fact_stands_in_its_passage_with_its_words_apart(
    desk: Desk, reviewed: Reviewed, number: int
) -> None:
    fact = reviewed.facts[number]
    excerpt = desk.sheet(fact.id).excerpt
    assert excerpt.quote == fact.quote
    text = excerpt.before + excerpt.quote + excerpt.after
    assert text.startswith("# Tolls from 0")
    assert HOSTILE in text


def test_a_quote_that_the_document_does_not_hold_is_shown_without_a_place(desk: Desk) -> None:
    fact = next(iter(desk.facts.values()))
    gone = fact.model_copy(update={"quote": "Lorries pay more."})
    desk.facts[fact.id] = gone
    assert desk.sheet(fact.id).excerpt.quote == ""


def test_a_fact_that_a_person_gave_is_found_by_its_file(desk: Desk, reviewed: Reviewed) -> None:
    fact = next(iter(desk.facts.values()))
    origin = PairOrigin(pair="1", row="faq.csv:2", source="faq.csv")
    given = fact.model_copy(update={"document": "", "quote": "", "given": origin})
    desk.facts[fact.id] = given
    assert desk.find(document="FAQ") == [fact.id]
    assert len(desk.find(document="pages")) == len(desk.facts) - 1
    assert (desk.row(fact.id).source, desk.sources[-1]) == ("faq.csv", "faq.csv")


def test_every_wording_is_there_with_its_side_of_the_split(desk: Desk, reviewed: Reviewed) -> None:
    asked = desk.sheet(reviewed.facts[2].id).questions
    assert [(one.family, one.split) for one in asked] == [
        ("casual", "train"),
        ("keywords", "train"),
        ("regional", "validation"),
        ("direct", "test"),
        ("statement", "train"),
    ]


def test_what_the_checks_said_is_there_of_fact_wording_and_document(
    desk: Desk, reviewed: Reviewed
) -> None:
    first, second, third = (desk.sheet(fact.id) for fact in reviewed.facts[:3])
    assert [(one.about, one.said) for one in first.remarks if one.stage == "curate"] == [
        ("wording", "two answers")
    ]
    assert first.questions[0].fate == "two answers: 7 euros | 9 euros"
    assert ("wording", "question given twice for a fact") in [
        (one.about, one.said) for one in second.remarks
    ]
    assert [one.said for one in third.remarks][:1] == ["uncertain OCR"]
    assert "sentences support a fact" in third.remarks[-1].said


def test_a_fact_that_lacks_wordings_says_which(reviewed: Reviewed) -> None:
    lacking = Reviewed(reviewed.folder / "pages")
    lacking.questions = [one for one in lacking.questions if one.family != "direct"]
    lacking.publish()
    desk = Desk(Made(lacking.store, lacking.run), LinesByFact(), "")
    remark = desk.sheet(lacking.facts[0].id).remarks[0]
    assert (remark.said, remark.detail) == ("has 3 of 4 wordings", "none in direct")


def test_a_decision_is_shown_as_curate_will_apply_it(
    desk: Desk, reviewed: Reviewed, file: CorrectionsFile
) -> None:
    fact = reviewed.facts[0]
    file.add(Correction(fact=fact.id, action="answer", value="9 euros", who="ana"))
    sheet = desk.sheet(fact.id)
    assert (sheet.row.state, sheet.now.answer, sheet.fact.answer) == (
        "corrected",
        "9 euros",
        "3 euros",
    )
    assert {one.answer for one in sheet.questions} == {"9 euros"}
    assert sheet.questions[-1].text == "At the bridge 0 cars pay 9 euros."
    assert [(one.line, one.who) for one in sheet.decisions] == [(1, "ana")]


def test_lines_that_contradict_each_other_are_a_conflict_with_both(reviewed: Reviewed) -> None:
    fact = reviewed.facts[0].id
    lines = [
        (n, Correction(fact=fact, action="answer", value=str(n)))  #
        for n in (4, 7)
    ]
    desk = Desk(Made(reviewed.store, reviewed.run), LinesByFact(lines), "c.jsonl")
    sheet = desk.sheet(fact)
    assert sheet.row.state == "conflict"
    assert "line 4" in sheet.problem
    assert "line 7" in sheet.problem


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"text": "TOLL bridge 7"}, [4]),
        ({"text": "charge 7"}, [4]),
        ({"text": "nothing of this"}, []),
        ({"document": "TOLLS-0"}, [0, 1, 2, 3, 4, 5]),
        ({"document": "other"}, []),
        ({"state": "open"}, [0, 1, 4, 5]),
        ({"state": "decided"}, [2, 3]),
        ({"state": "struck"}, [3]),
        ({"state": "checked", "text": "bridge 2"}, [2]),
        ({"state": "remarks"}, [0, 1]),
    ],
)
def test_facts_are_found_by_text_document_and_state(
    desk: Desk,
    reviewed: Reviewed,
    file: CorrectionsFile,
    asked: dict[str, str],
    found: list[int],
) -> None:
    file.add(Correction(fact=reviewed.facts[2].id, action="checked"))
    file.add(Correction(fact=reviewed.facts[3].id, action="strike"))
    assert desk.find(**asked) == [reviewed.facts[n].id for n in found]


def test_a_run_without_facts_is_named(reviewed: Reviewed) -> None:
    empty = Reviewed(reviewed.folder / "pages", facts=0)
    with pytest.raises(MissingError, match="generate is not finished"):
        Desk(Made(empty.store, empty.run), LinesByFact(), "")
    empty.publish()
    with pytest.raises(MissingError, match=r"made no facts.*gabarito show ledger"):
        Desk(Made(empty.store, empty.run), LinesByFact(), "")


def test_what_a_second_opinion_doubts_comes_first_and_says_so(reviewed: Reviewed) -> None:
    made = Reviewed(reviewed.folder / "pages")
    first, doubted = made.facts[0].id, made.facts[4].id
    doubts = [
        rejected(GenerateReason.OTHER_OPINION, doubted, "8 euros"),
        rejected(GenerateReason.NOT_STATED, "a fact that was dropped"),
    ]
    made.publish(doubts=doubts)
    desk = Desk(Made(made.store, made.run), LinesByFact(), "")
    assert desk.find()[:2] == [doubted, first]
    assert desk.find(state="remarks") == [doubted]
    remark = desk.sheet(doubted).remarks[0]
    assert (remark.about, remark.said) == ("fact", "second opinion gives another answer")


def test_what_a_person_did_in_an_earlier_run_is_no_remark_of_a_check(reviewed: Reviewed) -> None:
    fact, question = reviewed.facts[5], reviewed.questions[-1]
    again = Reviewed(reviewed.folder / "pages").publish()
    again.curated(
        rejected(CurateReason.STRUCK, fact.id),
        rejected(CurateReason.FACT_DROPPED, question.id, fact.id),
    )
    sheet = Desk(Made(again.store, again.run), LinesByFact(), "").sheet(fact.id)
    assert [one.stage for one in sheet.remarks] == ["ingest", "generate"]
    assert {one.fate for one in sheet.questions} == {""}

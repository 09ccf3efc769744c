from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from tests.growth import grows_in_proportion

from gabarito.core.proof_records import FactEntry, TrainedQuestion
from gabarito.core.records import Document, Example, Message
from gabarito.evaluate.fact_entries import AROUND_CHARS, around, fact_entries, section_of
from gabarito.evaluate.grading import PARTS, Graded, Marks, Part
from gabarito.evaluate.proving import BELOW, choose_floor, proof_scores, prove
from gabarito.proof import FactTable

from .conftest import FACTS

ENTRIES = [
    FactEntry(
        fact=fact,
        asked=(TrainedQuestion(text=f"{fact.relation} {fact.subject}"),),
    )
    for fact in FACTS
]


def document(text: str) -> Document:
    return Document.of(
        text=text,
        source="s",
        url="u",
        title="The bridge",
        language="en",
        fetched_at=datetime(2025, 6, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("quote", "section"),
    [
        ("It opened in 1930.", "History › Building"),
        ("it  opened in **1930**", "History › Building"),
        ("Six lanes ... wide", "Today"),
        ("Nobody said this", ""),
        ("Over the river", ""),
    ],
)
def test_a_section_is_the_headings_above_a_quote(quote: str, section: str) -> None:
    text = (
        "# The bridge\n\nOver the river.\n\n## History\n\n### Building\n\nIt opened in 1930.\n\n"
        "## Today\n\nSix lanes make it wide."
    )
    assert section_of(quote, document(text)) == section


CODE = "# The bridge\n\n## Set up\n\nWrite this:\n\n```python\n# x\nport = 7070\n```\n\nStart it."


@pytest.mark.parametrize("quote", ["port = 7070", "Start it."])
def test_a_comment_in_code_is_no_heading(quote: str) -> None:
    assert section_of(quote, document(CODE)) == "Set up"


def test_a_comment_in_code_cuts_nothing_off_around_a_quote() -> None:
    assert around("port = 7070", document(CODE))[0].startswith("Write this:")
    assert around("# x", document(CODE))[1].strip().startswith("port = 7070")


def test_documents_with_many_headings_take_time_in_proportion() -> None:
    def texts(count: int) -> str:
        return "".join(f"## H{at}\n\nFact {at} stands here.\n\n" for at in range(count))

    def look_up(text: str) -> None:
        read = document(text)
        facts = [
            FACTS[0].model_copy(update={"document": read.id, "quote": f"Fact {at} stands here."})
            for at in range(text.count("##"))
        ]
        assert all(entry.section for entry in fact_entries(facts, [read], []))

    assert grows_in_proportion(look_up, texts, 4000)


LONG = "A long tale of the river, told again and again. " * 20


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("# Built\n\nOnce. It opened in **1930**. Cars came.", "Once. ", ". Cars came."),
        ("Alone.\n\n# Built\n\nIt opened in 1930\n\n## Tolls\n\nNone.", "", ""),
        ("| It opened in 1930 | cars |", "", ""),
        ("# It opened in 1930\n\nCars.", "", ""),
        ("Nobody knows when.", "", ""),
    ],
)
def test_a_quote_comes_with_what_is_said_around_it(text: str, before: str, after: str) -> None:
    found_before, found_after = around("It opened in 1930", document(text))
    assert (found_before, found_after.lstrip("*")) == (before, after)


def test_what_is_kept_around_a_quote_is_short_and_in_whole_sentences() -> None:
    before, after = around("It opened in 1930.", document(f"{LONG}It opened in 1930. {LONG}"))
    for text in (before, after):
        assert AROUND_CHARS / 2 < len(text) <= AROUND_CHARS
        assert text.strip().startswith("A long tale")
        assert text.strip().endswith("again.")


@pytest.mark.parametrize("quote", ["* It opened", "`It` opened", "**It opened**", r"\# It opened"])
def test_the_marks_of_a_quote_do_not_stand_beside_it_once_more(quote: str) -> None:
    text = f"Once.\n{quote} in 1930."
    assert around(quote, document(text)) == ("Once.\n", " in 1930.")
    assert around(quote.replace("opened", "OPENED"), document(text)) == ("Once.\n", " in 1930.")


def test_a_quote_is_where_it_is_written_so() -> None:
    text = "It opened\n in 1930, some say.\n\n## History\n\nSurely: It opened in 1930."
    assert section_of("It opened in 1930", document(text)) == "History"
    assert around("It opened in 1930", document(text)) == ("Surely: ", ".")


@pytest.mark.parametrize("sentence", ["この橋は川を渡る。", "وكان له مساران؟ ", "पुल बना। "])
def test_sentences_of_other_scripts_are_kept_whole(sentence: str) -> None:
    before, after = around("1930", document(f"{sentence * 60}1930{sentence * 60}"))
    for text in (before, after):
        assert text.strip().startswith(sentence.strip())
        assert text.strip().endswith(sentence.strip())


def test_an_endless_sentence_is_cut_around_its_quote() -> None:
    before, after = around("It opened", document(f"{'x' * 999} It opened {'y' * 999}"))
    assert (before[0], after[-1]) == ("…", "…")
    assert len(before) == len(after) == AROUND_CHARS + 1


def row(kind: str, text: str, answer: str, **fields: object) -> Example:
    messages = (Message(role="user", content=text), Message(role="assistant", content=answer))
    given = {"messages": messages, "kind": kind, "question": text, "split": "train"}
    return Example.model_validate(given | {"fact": FACTS[0].id} | fields)


def test_an_entry_has_the_questions_that_were_trained() -> None:
    rows = [
        row("question", "quem?", "Zé 0"),
        row("question", "e quem?", "Zé 0", in_conversation=True),
        row("reverse", "de quem?", "clube 0"),
        row("refusal", "quando?", "Não sei.", fact=""),
    ]
    found = {entry.fact.id: entry.asked for entry in fact_entries(FACTS, [], rows)}
    assert found[FACTS[0].id] == (
        TrainedQuestion(text="quem?"),
        TrainedQuestion(text="de quem?", answer="clube 0"),
    )
    assert found[FACTS[1].id] == ()


def test_an_entry_has_what_is_said_around_its_quote() -> None:
    read = document(f"Once. {FACTS[0].quote} Twice.")
    facts = [FACTS[0].model_copy(update={"document": read.id})]
    found = next(fact_entries(facts, [read], []))
    assert (found.before, found.after) == ("Once. ", " Twice.")


def test_shares_are_of_answers_that_are_no_refusals(marked: Callable[..., Marks]) -> None:
    model = marked()["model"]
    proofs = prove(ENTRIES, model)
    found = proof_scores(proofs, model)
    assert found.right is not None
    assert found.wrong is not None
    # 17 of 18 test wordings are right; wrong are one of them, one free, two unanswerable questions
    # and half of the controls, and nothing bears them out
    assert (found.right.hits, found.right.count) == (17, 17)
    assert (found.wrong.hits, found.wrong.count) == (8, 8)


def test_the_proof_of_another_fact_is_no_right_proof(marked: Callable[..., Marks]) -> None:
    model = marked()["model"]
    proofs = prove(ENTRIES, model)
    others = dict.fromkeys(proofs.found, "another")
    scores = proof_scores(type(proofs)(proofs.facts, proofs.floor, others), model)
    assert scores.right is not None
    assert scores.right.hits == 0


def test_the_floor_keeps_right_answers_and_shuts_out_other_subjects(
    mark_of: Callable[..., Graded],
) -> None:
    table = FactTable(ENTRIES)
    near = mark_of(part="validation", text="técnico clube 1", fact=FACTS[1].id)
    parts: dict[Part, Sequence[Graded]] = {**dict.fromkeys(PARTS, ()), "validation": [near]}
    other = mark_of(part="retention", text="qual é o estádio da cidade?")
    assert choose_floor(table, ENTRIES, parts) == 0.0
    wanted = choose_floor(table, ENTRIES, parts | {"retention": [other]})
    assert wanted == round(float(table.nearness(other.item.text).max()), 4) > 0
    far = mark_of(part="validation", text="quem manda hoje lá no clube?", fact=FACTS[1].id)
    kept = choose_floor(table, ENTRIES, parts | {"retention": [other], "validation": [far]})
    assert kept == round(BELOW * float(table.nearness(far.item.text)[1]), 4) < wanted

from collections.abc import Sequence

import pytest

from gabarito.core.pair_records import Pair
from gabarito.core.reasons import PairReason
from gabarito.ingest.pairs.pair_rows import CURES, PairRows, pairs_of
from gabarito.ingest.pairs.pair_tables import TableRow
from gabarito.ingest.pairs.pairs_source import PairsSource

Row = tuple[str, ...]
Told = list[tuple[str, str]]


def read(rows: Sequence[Row], **columns: object) -> tuple[list[Pair], Told]:
    given = {"type": "pairs", "path": "p.csv", "question": "q", "answer": "a", **columns}
    source = PairsSource.model_validate(given)
    names = ("q", "a", "g", "s", "i")
    table = [TableRow(at, dict(zip(names, row, strict=False))) for at, row in enumerate(rows, 2)]
    found = PairRows()
    found.add(table, "p.csv", source)
    pairs, rejections = pairs_of(found.kept)
    return pairs, [(one.item, one.reason) for one in (*found.rejections, *rejections)]


def test_a_pair_is_the_row_letter_for_letter() -> None:
    ((pair,), told) = read([("  Qual é?\r\nA \u201cúltima\u201d  ", "Rui")])
    assert (pair.questions, pair.answer) == (("Qual é?\nA \u201cúltima\u201d",), "Rui")
    assert (pair.row, pair.source, told) == ("p.csv:2", "p.csv", [])


def test_the_columns_for_id_and_source_are_taken() -> None:
    ((pair,), _) = read([("Qual?", "Rui", "", "ata 3", "7")], source="s", id="i")
    assert (pair.id, pair.source) == ("7", "ata 3")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "x"), PairReason.EMPTY_CELL),
        (("?!", "x"), PairReason.EMPTY_CELL),
        (("Qual?", " "), PairReason.EMPTY_CELL),
        (("Qual?",), PairReason.EMPTY_CELL),
        (("Qual \ufffd?", "x"), PairReason.BROKEN_ENCODING),
        (("Qual?", "x" * 1001), PairReason.LONG_AS_A_PAGE),
    ],
)
def test_a_row_that_cannot_be_used_is_told_with_its_place(row: Row, reason: PairReason) -> None:
    pairs, told = read([row, ("E?", "sim")])
    assert (len(pairs), told) == (1, [("p.csv:2", reason)])


def test_a_list_of_answers_is_no_text() -> None:
    source = PairsSource(type="pairs", path="p.jsonl", question="q", answer="a")
    found = PairRows()
    found.add([TableRow.of_values(1, {"q": "Quem?", "a": ["Rui"], "n": []})], "p.jsonl", source)
    assert [one.reason for one in found.rejections] == [PairReason.UNREADABLE_ROW]


def test_the_same_row_again_is_dropped_and_the_first_stays() -> None:
    pairs, told = read([("Qual é?", "Três"), ("qual e", "3"), ("Quem?", "Rui")])
    assert [pair.row for pair in pairs] == ["p.csv:2", "p.csv:4"]
    assert told == [("p.csv:3", PairReason.REPEATED_ROW)]


def test_of_two_answers_to_one_question_neither_stays() -> None:
    pairs, told = read([("Quem?", "Rui"), ("quem", "Ana"), ("E?", "sim")])
    assert [pair.answer for pair in pairs] == ["sim"]
    assert told == [(f"p.csv:{row}", PairReason.TWO_ANSWERS) for row in (2, 3)]


def test_rows_of_a_group_are_wordings_of_one_pair() -> None:
    rows = [("Quem?", "Rui", "1"), ("E?", "sim", ""), ("Por quem?", "Rui", "1")]
    pairs, _ = read(rows, group="g")
    assert [pair.questions for pair in pairs] == [("Quem?", "Por quem?"), ("E?",)]


def test_a_group_with_two_answers_is_dropped_whole() -> None:
    pairs, told = read([("Quem?", "Rui", "1"), ("Por quem?", "Ana", "1")], group="g")
    assert (pairs, len(told)) == ([], 2)


def test_every_reason_but_that_of_a_row_twice_has_a_cure() -> None:
    assert set(PairReason) - set(CURES) == {PairReason.REPEATED_ROW}


def test_groups_that_share_a_question_are_about_one_fact() -> None:
    rows = [
        ("Who won?", "Rui", "1"),
        ("who won", "Rui", "2"),
        ("Winner?", "Rui", "2"),
        ("Who lost?", "Ana", "3"),
    ]
    pairs, told = read(rows, group="g")
    assert [one.questions for one in pairs] == [("Who won?", "Winner?"), ("Who lost?",)]
    assert told == [("p.csv:3", PairReason.REPEATED_ROW)]

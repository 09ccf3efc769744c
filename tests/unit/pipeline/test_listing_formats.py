"""A listing as people and programs read it."""

import csv
import io
import json

import pytest

from gabarito.pipeline.show.listed_rows import Listing, Row
from gabarito.pipeline.show.listing_formats import as_csv, as_html, as_jsonl, as_table

ROWS: tuple[Row, ...] = (
    {"fact": "f1", "document": "d1", "title": "A ponte", "answer": "61 metros", "also": ("61 m",)},
    {"fact": "f2", "document": "d2", "title": "“O” túnel", "answer": 'a "b"\n<script>', "also": ()},
)
FACTS = Listing.of("facts", ("answer", "title"), ROWS)


def test_a_table_says_how_many_rows_there_are_and_how_to_see_the_rest() -> None:
    lines = list(as_table(FACTS, most=1, width=60))
    assert [line.split() for line in lines[:2]] == [
        ["answer", "title"],
        ["61", "metros", "A", "ponte"],
    ]
    assert lines[-1] == "2 facts; --limit 0 shows the other 1"


def test_a_table_is_as_wide_as_it_may_be() -> None:
    assert max(map(len, as_table(FACTS, most=0, width=20))) <= 20


def test_a_text_of_a_document_does_not_reach_the_terminal_as_an_order() -> None:
    row: Row = {"answer": "\x1b[2Jgone", "title": "\u202egnp.exe"}
    drawn = "\n".join(as_table(Listing.of("facts", ("answer", "title"), [row]), 0, 80))
    assert r"\x1b[2Jgone" in drawn
    assert r"\u202e" in drawn


def test_csv_holds_every_cell_as_it_is() -> None:
    read = list(csv.DictReader(io.StringIO("\n".join(as_csv(FACTS)))))
    assert [row["answer"] for row in read] == ["61 metros", 'a "b"\n<script>']
    assert read[0]["also"] == "61 m"


def test_csv_of_nothing_has_its_header() -> None:
    assert list(as_csv(FACTS.matching(text="nowhere"))) == ["answer,title"]


def test_lines_of_json_hold_every_cell_as_it_is() -> None:
    assert [json.loads(line)["also"] for line in as_jsonl(FACTS)] == [["61 m"], []]


def test_a_page_escapes_what_documents_say() -> None:
    page = "\n".join(as_html(FACTS, "<b>"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<title>&lt;b&gt;</title>" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"document": "d2"}, ["f2"]),
        ({"document": "PONTE"}, ["f1"]),
        ({"document": '"o" túnel'}, ["f2"]),
        ({"document": "metros"}, []),
        ({"text": "61 m"}, ["f1"]),
        ({"text": "metros", "document": "d2"}, []),
        ({"reason": "metros"}, []),
        ({}, ["f1", "f2"]),
    ],
)
def test_rows_are_found_by_document_text_and_reason(
    asked: dict[str, str], found: list[str]
) -> None:
    assert [row["fact"] for row in FACTS.matching(**asked).rows] == found


def test_what_matches_is_counted_beside_all() -> None:
    assert list(as_table(FACTS.matching(text="x"), 0, 80))[-1] == "0 of 2 facts match"


def test_one_row_is_counted_as_one() -> None:
    listing = Listing.of("ledger", ("reason",), [{"reason": "too short"}])
    assert [*as_table(listing, 0, 80)][-1] == "1 item in the ledger"

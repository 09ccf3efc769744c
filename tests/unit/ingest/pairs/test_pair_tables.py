import csv

import pytest

from gabarito.core.errors import DataError
from gabarito.core.reasons import PairReason
from gabarito.ingest.pairs.pair_tables import PairTable, read_csv, read_json_lines

WANTED = ("Pergunta", "Resposta")


def cells(table: PairTable) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in table.rows]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_header_tells_what_parts_the_values(sign: str) -> None:
    quote = '"' if sign == "," else ""
    text = f"Pergunta{sign}Resposta\n{quote}Qual, enfim?{quote}{sign}esta\n"
    assert cells(read_csv(text, "p.csv", WANTED)) == [("Qual, enfim?", "esta")]


def test_a_mark_at_the_beginning_and_a_declared_sign_are_no_header() -> None:
    text = "\ufeffsep=;\r\nPergunta;Resposta\r\na?;b\r\n"
    assert read_csv(text, "p.csv", WANTED).columns == WANTED


def test_a_cell_in_quotation_marks_goes_over_lines_and_rows_count_as_in_a_spreadsheet() -> None:
    text = 'Pergunta;Resposta\n"Qual\né?";"um ""a"""\n\nE?;sim\n'
    rows = list(read_csv(text, "p.csv", WANTED).rows)
    assert [(row.number, *row.cells.values()) for row in rows] == [
        (2, "Qual\né?", 'um "a"'),
        (4, "E?", "sim"),
    ]


def test_a_quotation_mark_that_is_never_closed_is_named_by_its_row() -> None:
    text = 'Pergunta;Resposta\na?;b\n"c?;d\ne?;f\n'
    with pytest.raises(DataError, match=r"^p\.csv: row 3: a quotation mark is never closed in"):
        read_csv(text, "p.csv", WANTED)


def test_a_row_with_more_cells_than_the_header_is_told() -> None:
    (row, empty) = read_csv("Pergunta;Resposta\na?;b;c\nd?;e;;\n", "p.csv", WANTED).rows
    assert row.flaw == (PairReason.OTHER_CELLS, "3 cells, the header has 2")
    assert empty.flaw is None


def test_a_row_with_fewer_cells_lacks_the_last_ones() -> None:
    assert cells(read_csv("Pergunta;Resposta\na?\n", "p.csv", WANTED)) == [("a?",)]


@pytest.mark.parametrize("text", ['{"q": "a?", "n": 3}\n\n', '[{"q": "a?", "n": 3}]'])
def test_objects_of_json_are_rows_whatever_their_values(text: str) -> None:
    table = read_json_lines(text)
    assert (table.columns, cells(table)) == (("q", "n"), [("a?", "3")])


@pytest.mark.parametrize("line", ["{", "3", "[" * 100_000])
def test_a_line_that_is_no_object_is_told(line: str) -> None:
    (row, good) = read_json_lines(f'{line}\n{{"q": null}}\n').rows
    assert row.flaw
    assert row.flaw[0] == PairReason.UNREADABLE_ROW
    assert (good.number, good.cells) == (2, {"q": ""})


def test_a_short_table_lowers_no_limit_of_the_process() -> None:
    before = csv.field_size_limit()
    read_csv("q,a\nQuem?,Ana", "p.csv", ["q", "a"])
    assert csv.field_size_limit() >= before

import pytest

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.pdf.rows import Piece, Row
from gabarito.ingest.formats.pdf.running_titles import without_running_rows


def row(line: str, y: float) -> Row:
    cells = [cell.strip() for cell in line.split("   ") if cell.strip()]
    return tuple(Piece(cell, 100 * n, 100 * n + 50, y, 10) for n, cell in enumerate(cells))


def text_of(rows: list[Row]) -> list[str]:
    return ["     ".join(piece.text for piece in row) for row in rows]


def rest_of(pages: list[list[str]], *, is_head_apart: bool = False) -> list[list[str]]:
    given = [
        [row(line, -12.0 * n - 30 * (is_head_apart and n > 0)) for n, line in enumerate(lines)]
        for lines in pages
    ]
    return [text_of(rows) for rows in without_running_rows(given)[0]]


@pytest.mark.parametrize("number", ["- 3 -", "Página 3", "3/12", "pág. 3 de 12"])
def test_a_number_at_the_foot_of_a_page_goes(number: str) -> None:
    assert rest_of([["Foram 3", number]]) == [["Foram 3"]]


@pytest.mark.parametrize(
    "title",
    [
        "Relatório 2024 – página {}",
        "Relatório 2024          {}",
        "Relatório 2024 | {}",
        "{} – Relatório 2024",
        "Relatório          2024          p. 7          {}/12",
        "{}",
    ],
)
def test_a_running_title_goes_with_its_page_number(title: str) -> None:
    pages = [[title.format(n), f"Texto de {n}."] for n in (3, 4, 5)]
    assert rest_of(pages) == [["Texto de 3."], ["Texto de 4."], ["Texto de 5."]]


@pytest.mark.parametrize(
    "data",
    ["12 Liverpool {}", "12     Liverpool     {}", "{}     Liverpool", "Liverpool {}", "{}"],
)
def test_a_row_that_holds_other_numbers_on_each_page_stays(data: str) -> None:
    pages = [[data.format(n), "13     Arsenal     9", data.format(n + 1)] for n in (21, 30, 14)]
    assert rest_of(pages) == pages


def test_the_heads_of_a_table_that_goes_on_stay() -> None:
    pages = [["Clube        Pontos", f"Brest        {n}", "fim"] for n in (7, 4, 9)]
    assert [page[0] for page in rest_of(pages)] == ["Clube     Pontos"] * 3


def test_headings_that_count_something_else_stay() -> None:
    pages = [[f"Rodada {n}", f"Texto de {n}."] for n in (1, 2, 3)]
    assert rest_of(pages) == pages


@pytest.mark.parametrize("numbers", [(3,), (7, 4), (21, 30, 14)])
def test_a_bare_number_that_does_not_count_pages_stays(numbers: tuple[int, ...]) -> None:
    pages = [[f"No jogo {number} foram", str(number)] for number in numbers]
    assert rest_of(pages) == pages


def test_bare_numbers_that_count_most_pages_go_and_others_stay() -> None:
    feet = ["7", "8", "64", "10"]
    pages = [["Texto", f"a{n}", foot] for n, foot in enumerate(feet)]
    assert [page[-1] for page in rest_of(pages)] == ["a0", "a1", "64", "a3"]


def test_only_the_line_at_the_edge_goes() -> None:
    pages = [["Anuário", "Capa:", "Anuário", "3", f"x{n}", str(n)] for n in (2, 3, 4)]
    assert rest_of(pages) == [["Capa:", "Anuário", "3", f"x{n}"] for n in (2, 3, 4)]


def test_a_line_on_top_of_two_pages_stays() -> None:
    assert rest_of([["Anuário", "a."], ["Anuário", "b."]]) == [["Anuário", "a."], ["Anuário", "b."]]


def test_a_title_of_its_own_on_some_pages_goes() -> None:
    titles = ["A final", "A volta", "A final", "A volta", "A final", "A volta", "Outra"]
    pages = [[title, f"a{n}", f"b{n}", f"c{n}"] for n, title in enumerate(titles)]
    assert [page[0] for page in rest_of(pages, is_head_apart=True)] == [
        *(f"a{n}" for n in range(6)),
        "Outra",
    ]


def test_what_goes_is_accounted_for() -> None:
    pages = [[row("Anuário da ponte", 0), row(f"Texto {n}.", -12)] for n in range(3)]
    assert without_running_rows(pages)[1] == [LeftOut(Omission.REPEATED, 9, "Anuário da ponte")]

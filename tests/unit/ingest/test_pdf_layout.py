import pytest

from gabarito.ingest.formats.page_headers import without_running_lines
from gabarito.ingest.formats.pdf_layout import is_prose_in_columns, join_pages

FULL = "uma linha cheia que vai de uma margem à outra da página sem"


def test_wrapped_lines_make_a_paragraph() -> None:
    assert join_pages([[FULL, "parar e termina aqui.", "Outra frase."]]) == (
        f"{FULL} parar e termina aqui.\n\nOutra frase."
    )


def test_a_blank_line_ends_a_paragraph() -> None:
    assert join_pages([[FULL, "", FULL, FULL]]) == f"{FULL}\n\n{FULL} {FULL}"


def test_wide_spacing_parts_no_paragraphs() -> None:
    assert join_pages([[FULL, "", FULL, "", FULL, "", "fim."]]) == f"{FULL} {FULL} {FULL} fim."


def test_a_paragraph_goes_on_over_a_page() -> None:
    assert join_pages([[FULL], ["termina."]]) == f"{FULL} termina."


def test_running_titles_and_page_numbers_go() -> None:
    pages = [["Anuário", f"Texto {n}.", f"Página {n} de 3"] for n in (1, 2, 3)]
    assert join_pages(pages) == "Texto 1. Texto 2. Texto 3."


@pytest.mark.parametrize("number", ["- 3 -", "Página 3", "3/12", "pág. 3 de 12"])
def test_a_number_at_the_foot_of_a_page_goes(number: str) -> None:
    assert join_pages([["Foram 3", "", number]]) == "Foram 3"


def rest_of(pages: list[list[str]]) -> list[list[str]]:
    return without_running_lines(pages)


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
    "row",
    ["12 Liverpool {}", "12     Liverpool     {}", "{}     Liverpool", "Liverpool {}", "{}"],
)
def test_a_row_that_holds_other_numbers_on_each_page_stays(row: str) -> None:
    pages = [[row.format(n), "13     Arsenal     9", row.format(n + 1)] for n in (21, 30, 14)]
    assert rest_of(pages) == pages


def test_the_heads_of_a_table_that_goes_on_stay() -> None:
    pages = [["Clube        Pontos", f"Brest        {n}", "fim"] for n in (7, 4, 9)]
    assert [page[0] for page in rest_of(pages)] == ["Clube        Pontos"] * 3


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
    assert join_pages([["Anuário", "a."], ["Anuário", "b."]]).count("Anuário") == 2


def test_a_word_parted_at_the_end_of_a_line_is_made_whole() -> None:
    assert join_pages([[f"{FULL} cam-", "peões da Europa."]]) == f"{FULL} campeões da Europa."


def test_a_hyphen_of_its_own_stays() -> None:
    lines = [f"{FULL} meio-", f"campo {FULL}", "e o meio-campo."]
    assert join_pages([lines]).startswith(f"{FULL} meio-campo {FULL} e o meio-campo")


def test_a_hyphen_before_a_capital_stays() -> None:
    assert join_pages([[f"{FULL} Saint-", "Germain."]]) == f"{FULL} Saint-Germain."


def test_aligned_lines_make_a_table() -> None:
    lines = ["Fase        Rival         Ida", "", "Oitavas     PSV           7-1"]
    assert join_pages([[*lines, "", "Final                     5-0"]]) == (
        "| Fase | Rival | Ida |\n| Oitavas | PSV | 7-1 |\n| Final |  | 5-0 |"
    )


def test_a_cell_of_two_lines_is_one_cell() -> None:
    lines = [
        "Fase        Rival         Ida",
        "Final       Paris Saint-  5-0",
        "            Germain",
    ]
    assert join_pages([lines]).endswith("| Final | Paris Saint- Germain | 5-0 |")


def test_bullets_make_a_list() -> None:
    assert join_pages([["• um", "• dois"]]) == "- um\n- dois"


def test_columns_of_prose_are_no_table() -> None:
    prose = [f"{FULL}     {FULL}"] * 4
    assert is_prose_in_columns(prose)
    assert not is_prose_in_columns(["Fase        Rival         Ida"] * 4)

import pytest

from gabarito.core.forms import comparable
from gabarito.ingest.page import heading_of, join_lines, pieces_of, table_text, tidy


def test_a_text_is_composed_and_its_invisible_signs_are_gone() -> None:
    assert tidy("Sa\u0303o\u00a0Paulo\u200b e\u00ad co\r\nfim\x07\ufffe") == "São Paulo e co\nfim"


def test_many_blank_lines_become_one() -> None:
    assert tidy("a \n\n \n\nb") == "a\n\nb"


def test_a_table_is_rows_between_bars() -> None:
    assert table_text([["a", "b"], ["1", "2"]]) == "| a | b |\n| 1 | 2 |"


def test_cells_have_the_forms_of_other_text() -> None:
    assert table_text([["o\ufb01cina", "b\x08"]]) == "| oficina | b |"


def test_empty_rows_and_columns_of_a_table_go() -> None:
    assert table_text([["a", "", "b"], ["", ""], ["1", ""]]) == "| a | b |\n| 1 |"


def test_a_bar_in_a_cell_stays_and_does_not_part_it() -> None:
    row = table_text([["a|b", "c\nd"]])
    assert row == r"| a\|b | c d |"
    assert comparable("a|b").text in comparable(row).text


def test_lines_of_a_cell_are_told_apart() -> None:
    assert join_lines(["12' Hakimi", "20' Doué,", "Paris "]) == "12' Hakimi; 20' Doué, Paris"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Final\n\nTexto.", "Final"),
        ("Uma frase inteira que acaba em ponto.\nMais.", ""),
        ("| a | b |", ""),
        ("palavra " * 30, ""),
        ("\\# Nota\nTexto.", "Nota"),
        ("\\#\nTexto.", ""),
        ("[picture: logo] [picture: selo]\n\n# Final\n\nTexto.", "Final"),
        ("# [picture: logo] Final\n\nTexto.", "Final"),
        ("```\nx = 1\n```", ""),
    ],
)
def test_a_title_is_a_short_first_line(text: str, title: str) -> None:
    assert heading_of(text) == title


def test_a_long_text_is_cut_at_white_space_behind_no_hyphen() -> None:
    text = "a well-\nknown word " * 100_000
    pieces = list(pieces_of(text))
    assert len(pieces) > 1
    assert "".join(pieces) == text
    assert all(piece.split()[0] in ("a", "word", "known") for piece in pieces)
    assert not any(piece.rstrip().endswith("-") for piece in pieces)


def test_a_long_text_without_white_space_is_cut_too() -> None:
    assert max(map(len, pieces_of("字" * 3_000_000))) <= 1_000_000

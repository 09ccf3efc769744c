import pytest

from gabarito.ingest.formats.markdown import read
from gabarito.ingest.page import Hints, Page


def page(text: str) -> Page:
    return read(text.encode(), Hints())


def test_marks_go_and_words_stay() -> None:
    text = (
        "O **Paris** foi o [campeão](http://x.example) da *fase*,\ncom `21` pontos.[^1] <!-- n -->"
    )
    assert page(text).text == "O Paris foi o campeão da fase, com 21 pontos."


def test_headings_lists_and_tables_stay_apart() -> None:
    source = "# Título\nTexto\n\n- um\n- dois\n\n| a | b |\n|---|:-:|\n| 1 | _2_ |\n"
    assert page(source).text == "# Título\n\nTexto\n\n- um\n- dois\n\n| a | b |\n| 1 | 2 |"


def test_a_table_in_html_within_markdown_is_read() -> None:
    assert page("Olá\n\n<table><tr><td>a<td>b</table>\n").text == "Olá\n\n| a | b |"


def test_lines_of_code_stay_apart() -> None:
    assert page("```\num\ndois\n```").text == "um\ndois"


def test_the_title_is_taken_from_the_front_matter() -> None:
    assert page("---\ntitle: Final de 2025\n---\nTexto") == Page(
        text="Texto", title="Final de 2025"
    )


def test_front_matter_that_is_no_yaml_names_no_title() -> None:
    assert page("---\ntitle: [\n---\nTexto") == Page(text="Texto")


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert page("---\n\nTexto\n").text == "Texto"


def test_references_to_controls_do_no_harm() -> None:
    assert page("Olá&#8;\n\n<table><tr><td>a&#x1F;<td>b&#8;</table>\n").text.endswith("| a | b |")


def test_a_page_between_two_rules_is_no_front_matter() -> None:
    assert page("---\nO Paris venceu a final.\n\n---\nFim\n").text.startswith("O Paris venceu")


def test_prose_that_begins_like_a_key_is_no_front_matter() -> None:
    source = "---\nResultado: o Paris venceu\na final em Munique.\n\n---\nFim\n"
    assert page(source).text.startswith("Resultado: o Paris venceu")


@pytest.mark.parametrize(
    "more", ["tags:\n  - a\n  - b", "tags:\n- a\n- b", "# nota\n\n'x y': [\n]", "date: 2025-05-31"]
)
def test_front_matter_of_several_lines_is_cut(more: str) -> None:
    assert page(f"---\ntitle: Final\n{more}\n---\nTexto") == Page(text="Texto", title="Final")


@pytest.mark.parametrize(
    "value", ["2024-13-45", "!!int abc", "0x_", "9" * 6000, "!!timestamp 1", "&a [*a]"]
)
def test_front_matter_that_means_nothing_gives_no_title(value: str) -> None:
    read_page = page(f"---\ntitle: Opening hours\nwhen: {value}\n---\n\nOpen at nine.\n")
    assert (read_page.title, read_page.text) == ("", "Open at nine.")

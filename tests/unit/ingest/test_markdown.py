import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Code, Note, Omission
from gabarito.ingest.formats.text.markdown import read
from gabarito.ingest.page import Hints


def page(source: str) -> BlockPage:
    return read(source.encode(), Hints())


def text(source: str) -> str:
    return render(page(source).blocks)


def test_marks_go_and_words_stay() -> None:
    source = (
        "O **Paris** foi o [campeão](http://x.example) da *fase*,\ncom `21` pontos.[^1] <!-- n -->"
    )
    assert text(source) == "O Paris foi o campeão da fase, com 21 pontos."


def test_headings_lists_and_tables_stay_apart() -> None:
    source = "# Título\nTexto\n\n- um\n- dois\n\n| a | b |\n|---|:-:|\n| 1 | _2_ |\n"
    assert text(source) == "# Título\n\nTexto\n\n- um\n- dois\n\n| a | b |\n| 1 | 2 |"


def test_a_table_in_html_within_markdown_is_read() -> None:
    source = "Olá\n\n<table><tr><th>a<th>b<tr><td>1<td>2</table>\n"
    assert text(source) == "Olá\n\n| a | b |\n| 1 | 2 |"


def test_code_is_as_it_was() -> None:
    source = "```py\ndef f():\n    return 1  # {#no} [^1]\n\n!!! x\n```"
    assert page(source).blocks == [
        Code("def f():\n    return 1  # {#no} [^1]\n\n!!! x\n", "py"),
    ]


def test_lists_keep_their_numbers_and_levels() -> None:
    source = "3. um\n4. dois\n   - a\n     - b\n5. três\n\n- [ ] por fazer\n- [x] feito"
    assert text(source) == (
        "3. um\n4. dois\n  - a\n    - b\n5. três\n- [ ] por fazer\n- [x] feito"
    )  # fmt: skip


def test_title_and_last_date_are_taken_from_the_front_matter() -> None:
    found = page("---\ntitle: Final de 2025\ndate: 2025-05-31\nlastmod: 2025-06-02\n---\nTexto")
    assert (render(found.blocks), found.title, found.date) == (
        "Texto", "Final de 2025", "2025-06-02"
    )  # fmt: skip
    assert [one.why for one in found.left_out] == [Omission.AROUND]


def test_front_matter_in_toml_is_cut() -> None:
    found = page('+++\ntitle = "Ponte: \\"x\\""\ndate = 2024-05-12\n[menu]\nmain = 1\n+++\nTexto')
    assert (render(found.blocks), found.date) == ("Texto", "2024-05-12")
    assert found.title.startswith("Ponte")


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert text("---\n\nTexto\n") == "Texto"


def test_references_to_controls_do_no_harm() -> None:
    source = "Olá&#8;\n\n<table><tr><td>a&#x1F;<td>b&#8;<tr><td>c<td>d</table>\n"
    assert text(source).endswith("| a | b |\n| c | d |")


def test_a_page_between_two_rules_is_no_front_matter() -> None:
    assert text("---\nO Paris venceu a final.\n\n---\nFim\n").startswith("O Paris venceu")


def test_prose_that_begins_like_a_key_is_no_front_matter() -> None:
    source = "---\nResultado: o Paris venceu\na final em Munique.\n\n---\nFim\n"
    assert "Resultado: o Paris venceu a final em Munique." in text(source)


@pytest.mark.parametrize(
    "more",
    [
        "tags:\n  - a\n  - b", "tags:\n- a\n- b", "# nota\n\n'x y': [\n]", "date: 2025-05-31",
        "tags:[a, b]", "x: [", "when: 2024-13-45", "when: !!int abc", "n: " + "9" * 6000,
        "x: &a [*a]", "x: " + "[" * 3000,
    ],
)  # fmt: skip
def test_front_matter_of_any_values_is_cut_and_keeps_its_title(more: str) -> None:
    found = page(f"---\n# n\ntitle: Final\n{more}\n---\nTexto")
    assert (render(found.blocks), found.title) == ("Texto", "Final")


def test_a_comment_may_stand_before_front_matter() -> None:
    found = page("<!-- feito por x -->\n---\ntitle: 'Final'\n---\nTexto")
    assert (render(found.blocks), found.title) == ("Texto", "Final")


def test_an_impossible_date_is_none() -> None:
    assert page("---\ndate: 2024-02-31\n---\nTexto").date == ""


def test_notes_follow_what_refers_to_them_and_their_marks_go() -> None:
    source = (
        "Abriu em 1987[^a-long-name-of-a-note] e custou 3.[^2]\n\nFim.\n\n"
        "[^2]: 1989\n[^a-long-name-of-a-note]: Segundo\n    o *arquivo*.\n\nOutro."
    )
    notes = [block for block in page(source).blocks if isinstance(block, Note)]
    assert [note.text for note in notes] == ["1989", "Segundo o arquivo."]
    assert text(source).startswith("Abriu em 1987 e custou 3.\n\n[2] 1989")
    assert text(source).endswith("Fim.\n\nOutro.")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('!!! note "Limite"\n    São 250.\n\n        x = 1\n\nFora.', "Limite\n\nSão 250."),
        ("??? tip\n    Use 8080.\n\nFora.", "Tip\n\nUse 8080."),
        (":::tip Dica\nUse 8080.\n:::\n\nFora.", "Dica\n\nUse 8080."),
        ("::: {.warning}\nUse 8080.\n:::\n\nFora.", "Warning\n\nUse 8080."),
        ("> [!WARNING]\n> Use 8080.\n\nFora.", "Warning\n\nUse 8080."),
        ('=== "Linux"\n\n    Rode.\n\nFora.', "Linux\n\nRode."),
        (
            '!!! a\n    Um.\n\n    !!! b ""\n        Dois.\n\n    Três.\n\nFora.',
            "A\n\nUm.\n\nDois.",
        ),
    ],
)
def test_boxes_are_their_titles_and_texts(source: str, shown: str) -> None:
    assert text(source).startswith(shown)
    assert text(source).endswith("\n\nFora.")


def test_attributes_in_braces_go_and_other_braces_stay() -> None:
    source = "## Tarifas {#tarifas .x}\n\n{: .classe}\n[texto]{.smallcaps} e {nome} e `{#a}`"
    assert text(source) == "## Tarifas\n\ntexto e {nome} e {#a}"


def test_struck_text_is_left_out_and_raised_figures_stay_raised() -> None:
    found = page("Custa ~~4,40~~ 5,20 e 10<sup>6</sup> m<sup>2</sup> de H<sub>2</sub>O.")
    assert render(found.blocks) == "Custa 5,20 e 10⁶ m² de H₂O."
    assert [(one.why, one.sample) for one in found.left_out] == [(Omission.DELETED, "4,40")]


def test_comments_are_accounted_for() -> None:
    found = page("Um <!-- a b --> dois.\n\n<!-- c -->\n")
    assert render(found.blocks) == "Um dois."
    assert [(one.why, one.words) for one in found.left_out] == [
        (Omission.COMMENT, 2),
        (Omission.COMMENT, 1),
    ]


def test_formulas_keep_their_signs_and_prices_are_none() -> None:
    source = "Seja $a_1 * b_2 * c$ e\n\n$$\nx^{2} \\\\ _y_\n$$\n\nde $5 a *$6*."
    assert text(source) == "Seja $a_1 * b_2 * c$ e\n\n$$ x^{2} \\\\ _y_ $$\n\nde $5 a $6."


@pytest.mark.parametrize("marks", ["> " * 2000, "- " * 500, ">" * 3000])
def test_text_however_deep_is_read(marks: str) -> None:
    assert "fundo" in text(f"{marks}fundo")


def test_lists_that_are_too_deep_to_be_read_are_told() -> None:
    found = page("\n".join(f"{'  ' * depth}- item {depth}" for depth in range(40)))
    assert "item 15" in render(found.blocks)
    assert [one.why for one in found.left_out] == [Omission.DAMAGED]

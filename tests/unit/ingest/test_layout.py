import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import Heading, Item, Table
from gabarito.ingest.formats.pdf.layout import lines_and_tables
from gabarito.ingest.formats.pdf.letters.pdf_fonts import BOLD, MONO
from gabarito.ingest.formats.pdf.paragraphs import blocks_of
from gabarito.ingest.formats.pdf.rows import Piece, Row

FULL = "uma linha cheia que vai de uma margem à outra da página sem"


def piece(text: str, x: float = 0, y: float = 0, size: float = 10, style: int = 0) -> Piece:
    return Piece(text, x, x + len(text) * size / 2, -y, size, style)


def page(*lines: str, pitch: float = 12) -> list[Row]:
    return [(piece(line, y=pitch * at),) for at, line in enumerate(lines)]


def grid(*rows: tuple[str, ...], width: float = 100, pitch: float = 12) -> list[Row]:
    return [
        tuple(piece(text, width * column, pitch * at) for column, text in enumerate(row) if text)
        for at, row in enumerate(rows)
    ]


def text_of(*pages: list[Row]) -> str:
    stream = (item for at, rows in enumerate(pages) for item in lines_and_tables(rows, at))
    return render(blocks_of(stream))


def test_wrapped_lines_make_a_paragraph() -> None:
    assert text_of(page(FULL, "parar e termina aqui.", "Outra frase.")) == (
        f"{FULL} parar e termina aqui.\n\nOutra frase."
    )


def test_a_wide_distance_ends_a_paragraph() -> None:
    rows = [*page(FULL, FULL), *[(row[0]._replace(y=row[0].y - 50),) for row in page(FULL, FULL)]]
    assert text_of(rows) == f"{FULL} {FULL}\n\n{FULL} {FULL}"


def test_wide_spacing_parts_no_paragraphs() -> None:
    assert text_of(page(FULL, FULL, FULL, "fim.", pitch=24)) == f"{FULL} {FULL} {FULL} fim."


def test_a_block_with_wider_margins_than_its_page_is_one_paragraph() -> None:
    wide = [(piece(f"{FULL} {FULL}", y=12 * at),) for at in range(3)]
    lines = [
        "a ponte do vale foi feita de pedra e de",
        "cal, por quem veio do vale vizinho e por",
        "isso levou anos a ser acabada, dizem as",
        "atas que se guardam na câmara do concelho.",
    ]
    block: list[Row] = [(piece(line, 40, 60 + 12 * at),) for at, line in enumerate(lines)]
    assert " ".join(lines) in text_of([*wide, *block])
    block[2] = piece("isso levou anos", 40, 84), piece("a ser acabada, dizem", 130, 84)
    lines[2] = "isso levou anos a ser acabada, dizem"
    assert " ".join(lines) in text_of([*wide, *block])


@pytest.mark.parametrize(
    "line",
    ["Vector operator {} (const Vector &a, int s)", "int add_{} (const vector &a, const int s)"],
)
def test_lines_that_are_alike_are_none(line: str) -> None:
    wide = [(piece(f"{FULL} {FULL}", y=12 * at),) for at in range(3)]
    lines = [line.format(sign) for sign in "abcde"]
    block = [(piece(line, 40, 60 + 12 * at),) for at, line in enumerate(lines)]
    assert "\n\n".join(lines) in text_of([*wide, *block])


def test_an_indented_line_after_a_sentence_begins_a_paragraph() -> None:
    end = f"{FULL[:-4]}fim."
    assert text_of([(piece(end),), (piece("Outra", 15, 12),)]) == f"{end}\n\nOutra"


def test_a_paragraph_goes_on_over_a_page() -> None:
    assert text_of(page(FULL), page("termina.")) == f"{FULL} termina."


def test_a_word_parted_at_the_end_of_a_line_is_made_whole() -> None:
    assert text_of(page(f"{FULL} cam-", "peões da Europa.")) == f"{FULL} campeões da Europa."


def test_a_hyphen_of_its_own_stays() -> None:
    text = text_of(page(f"{FULL} meio-", f"campo {FULL}", "e o meio-campo."))
    assert text == f"{FULL} meio-campo {FULL} e o meio-campo."


def test_a_hyphen_before_a_capital_stays() -> None:
    assert text_of(page(f"{FULL} Saint-", "Germain.")) == f"{FULL} Saint-Germain."


def test_larger_letters_make_headings_by_their_size() -> None:
    large = (piece("Anuário", size=20),)
    smaller = (piece("A final", y=40, size=14),)
    rows: list[Row] = [
        large,
        smaller,
        *[(row[0]._replace(y=row[0].y - 80),) for row in page(FULL, FULL)],
    ]
    assert text_of(rows) == f"# Anuário\n\n## A final\n\n{FULL} {FULL}"


def test_a_bold_line_of_its_own_is_a_heading() -> None:
    rows = [(piece("A final", style=BOLD),), *[(piece(FULL, y=20 + 12 * n),) for n in range(3)]]
    assert blocks_of(lines_and_tables(rows, 0))[0] == Heading(1, "A final")


def test_aligned_pieces_make_a_table() -> None:
    rows = grid(("Fase", "Rival", "Ida"), ("Oitavas", "PSV", "7-1"), ("Final", "", "5-0"))
    assert text_of(rows) == "| Fase | Rival | Ida |\n| Oitavas | PSV | 7-1 |\n| Final | | 5-0 |"


def test_a_cell_of_two_lines_is_one_cell() -> None:
    rows = [*grid(("Fase", "Rival", "Ida"), ("Final", "Paris Saint-", "5-0"), pitch=20)]
    rows.append((piece("Germain", 100, 32),))
    assert text_of(rows).endswith("| Final | Paris Saint-Germain | 5-0 |")


def test_a_word_parted_within_a_cell_is_made_whole() -> None:
    rows = [*grid(("Fase", "Rival", "Ida"), ("Final", "os cam-", "5-0"), pitch=20)]
    rows.append((piece("peões", 100, 32),))
    assert text_of(rows).endswith("| Final | os campeões | 5-0 |")


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    left = [f"na rodada {n} o clube venceu por" for n in range(4)]
    right = [f"em casa {n} vezes e fora uma, e" for n in range(4)]
    text = text_of(grid(*zip(left, right, strict=True), width=190))
    assert text.index("rodada 3") < text.index("casa 0")


@pytest.mark.parametrize(("parts", "is_text"), [("-", True), ("", False)])
def test_a_column_whose_lines_part_words_is_text_beside_a_listing(
    parts: str, is_text: bool
) -> None:
    left = [f"a ponte {n} do vale foi feita de pe{parts}" for n in range(6)]
    left = [line if at % 2 == 0 else f"dra {line[:-3]}do" for at, line in enumerate(left)]
    right = ["para cada linha do arquivo que se lê, por esta ordem:"] * 2
    right += [f"guarda a linha {n} lida" for n in range(4)]
    text = text_of(grid(*zip(left, right, strict=True), width=220))
    assert ("|" not in text) is is_text
    assert ("feita de pedra a ponte" in text) is is_text


def test_columns_whose_lines_stand_at_other_heights_are_columns() -> None:
    left = [(piece("ponte e vale", 0, 12 * n),) for n in range(4)]
    right = [(piece("rio e cidade", 100, 12 * n + 6),) for n in range(4)]
    rows: list[Row] = [row for pair in zip(left, right, strict=True) for row in pair]
    assert text_of(rows).index("ponte") < text_of(rows).rindex("ponte") < text_of(rows).index("rio")


def test_columns_of_a_reference_card_are_tables_of_their_own() -> None:
    card = [
        (*grid((f"copia {n}", f"C-{n}"))[0], *grid(("", "", f"busca {n}", f"M-{n}"))[0])
        for n in range(24)
    ]
    rows = [
        tuple(one._replace(y=-12 * at - (at % 5) * (one.x0 > 150) / 2) for one in row)
        for at, row in enumerate(card)
    ]
    text = text_of(rows)
    assert text.startswith("| copia 0 | C-0 |\n| copia 1 | C-1 |")
    assert text.endswith("| busca 22 | M-22 |\n| busca 23 | M-23 |")


def test_a_long_table_stays_one_table() -> None:
    rows = [(f"clube {n}", f"{n}", f"cidade {n}", f"{n} mil") for n in range(24)]
    assert text_of(grid(*rows)).splitlines()[23] == "| clube 23 | 23 | cidade 23 | 23 mil |"


def test_a_word_parted_at_the_end_of_a_short_column_is_made_whole() -> None:
    assert text_of(page(FULL, "e o time foi cam-"), page("peão.")).endswith("foi campeão.")


def test_a_sentence_goes_on_over_a_page_whose_last_line_is_not_full() -> None:
    end = "o time de fora foi bem, mas não"
    assert text_of(page(FULL, end), page("ganhou.")).endswith("mas não ganhou.")


@pytest.mark.parametrize(
    ("marker", "shown"), [("•", "-"), ("3.", "3."), ("(iv)", "(iv)"), ("§ 5", "§ 5")]
)
def test_items_keep_their_own_markers(marker: str, shown: str) -> None:
    rows = [(piece(marker), piece("item", 30)), (piece(f"{marker} dois", y=12),)]
    blocks = blocks_of(lines_and_tables(rows, 0))
    assert blocks == [Item("item", 0, shown), Item("dois", 0, shown)]


def test_lines_of_one_width_of_letters_are_code_with_its_indent() -> None:
    prose = [(piece(FULL, y=-12 * n - 40),) for n in range(9)]
    code = [
        (piece("if x:", style=MONO),),
        (piece("return", 20, 12, style=MONO), piece("# sim", 70, 12, style=MONO)),
    ]
    assert "```\nif x:\n    return    # sim\n```" in text_of(
        sorted([*prose, *code], key=lambda row: -row[0].y)
    )


def test_a_note_stands_after_the_text_that_refers_to_it() -> None:
    note = Piece("1 Nota ao pé.", 0, 60, -90, 7, 0, is_marked=True)
    rows = [*page(f"{FULL[:-7]} ponte¹", FULL), (note,)]
    assert text_of(rows, page("que termina.")) == (
        f"{FULL[:-7]} ponte [1] {FULL} que termina.\n\n[1] Nota ao pé."
    )


def test_a_power_of_ten_is_no_note() -> None:
    note = Piece("6 Nota ao pé.", 0, 60, -90, 7, 0, is_marked=True)
    assert "10⁶ reais" in text_of([*page("Custou 10⁶ reais.", FULL, FULL), (note,)])


def test_dots_before_a_page_number_are_no_table() -> None:
    rows = grid(("Abertura .......", "3"), ("Final .......", "12"))
    assert text_of(rows) == "Abertura … 3\n\nFinal … 12"


def test_a_line_with_wide_gaps_alone_is_no_table() -> None:
    rows = [*page(FULL), (piece("Nome:", 0, 12), piece("Data:", 200, 12))]
    assert not [item for item in lines_and_tables(rows, 0) if isinstance(item, Table)]

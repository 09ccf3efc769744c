import time

import pytest

from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import Paragraph, Table
from gabarito.ingest.formats.text.plain import blocks_of_text, read
from gabarito.ingest.page import Hints

WRAPPED = (
    "A ponte do vale liga as duas margens do rio e serve o bairro\n"
    "da estação há muitos anos, com passeio para pedestres e para\n"
    "quem vai de bicicleta ao centro."
)
POEM = "No meio do caminho havia uma ponte\nhavia uma ponte no meio do caminho\nhavia uma ponte"


def text(source: str) -> str:
    return render(blocks_of_text(source))


def test_lines_that_ended_for_want_of_room_are_joined() -> None:
    assert text(WRAPPED) == WRAPPED.replace("\n", " ")
    assert text(WRAPPED.replace("\n", "\r\n")) == WRAPPED.replace("\n", " ")


@pytest.mark.parametrize(
    "lines",
    [
        POEM,
        "Rua do Vale, 12\nBairro da Estação\n1000-001 Cidade",
        "- O horário é das nove às dezassete, em todos os dias da\n- semana, menos aos domingos.",
        "Regulamento\n===========",
        "1. Uma regra que ocupa quase toda a linha até ao seu fim\n2. e outra",
    ],
)
def test_lines_that_are_meant_stay(lines: str) -> None:
    assert text(lines) == lines


def test_a_word_parted_by_a_line_is_whole_where_the_text_has_it_whole() -> None:
    source = (
        "A inauguração reuniu a população da cidade na praça da esta-\n"
        "ção, e a banda tocou até à noite para quem veio do guarda-\n"
        "chuva aberto. Fim.\n\nA estação."
    )
    assert "praça da estação, e a banda" in text(source)
    assert "guarda-chuva aberto" in text(source)


def test_a_paragraph_of_thousands_of_lines_is_joined_in_time() -> None:
    line = "as margens do rio e serve o bairro da estação há muitos anos, e é boa"
    source = "\n".join([line] * 4000)
    began = time.process_time()
    assert text(source) == source.replace("\n", " ")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("gap", ["\t", "    "])
def test_columns_are_a_table(gap: str) -> None:
    source = f"Cargo{gap}Dias\nTécnico{gap}20\nAnalista{gap}27"
    rows = (("Cargo", "Dias"), ("Técnico", "20"), ("Analista", "27"))
    assert blocks_of_text(source) == [Table(rows)]


def test_a_file_is_read_paragraph_by_paragraph() -> None:
    page = read(b"Um.\r\n\r\n \r\nDois.\r\nTr\xc3\xaas.", Hints())
    assert page.blocks == [Paragraph("Um."), Paragraph("Dois.\nTrês.")]

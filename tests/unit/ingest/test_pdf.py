import re

import fpdf
import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.pdf import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page

PROSE = "O Paris Saint-Germain venceu a final de 2025 em Munique, diante de 64.327 pessoas. "


def document() -> fpdf.FPDF:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=11)
    return pdf


def text_of(pdf: fpdf.FPDF) -> Page:
    return read(bytes(pdf.output()), Hints())


def test_a_paragraph_comes_out_in_one_line() -> None:
    pdf = document()
    pdf.multi_cell(0, 6, PROSE * 5)
    assert text_of(pdf).text == (PROSE * 5).strip()


def test_a_table_comes_out_in_rows() -> None:
    pdf = document()
    with pdf.table() as table:
        for row in (
            ("Fase", "Rival", "Ida"),
            ("Oitavas", "PSV", "7-1"),
            ("Quartas", "Real", "3-0"),
        ):
            table.row(row)
    assert text_of(pdf).text == (
        "| Fase | Rival | Ida |\n| Oitavas | PSV | 7-1 |\n| Quartas | Real | 3-0 |"
    )


def test_two_columns_of_prose_are_read_one_after_the_other() -> None:
    pdf = document()
    for half in (0, 1):
        pdf.set_xy(10 + 100 * half, 10)
        rounds = range(20 * half, 20 * half + 20)
        pdf.multi_cell(85, 6, "".join(f"Na rodada {n} o clube venceu por um gol. " for n in rounds))
    text = text_of(pdf).text
    assert [int(n) for n in re.findall(r"rodada\s+(\d+)", text)] == list(range(40))


@pytest.mark.parametrize(
    ("given", "title"),
    [("A final", "A final"), ("Microsoft Word - x.doc", ""), ("relatorio.pdf", ""), ("", "")],
)
def test_a_title_that_a_program_made_up_is_none(given: str, title: str) -> None:
    pdf = document()
    pdf.set_title(given)
    assert text_of(pdf).title == title


def test_a_file_that_asks_for_a_password_is_refused() -> None:
    pdf = document()
    pdf.set_encryption(owner_password="dono", user_password="leitor")
    with pytest.raises(Dropped) as caught:
        text_of(pdf)
    assert caught.value.reason == IngestReason.ENCRYPTED


def test_a_file_that_only_forbids_copying_is_read() -> None:
    pdf = document()
    pdf.set_encryption(owner_password="dono")
    pdf.cell(text="aberto a todos")
    assert text_of(pdf).text == "aberto a todos"


def test_damaged_files_are_refused_or_read_but_raise_nothing_else() -> None:
    pdf = document()
    pdf.multi_cell(0, 6, PROSE * 5)
    good = bytes(pdf.output())
    reasons = set()
    for cut in range(0, len(good), 40):
        try:
            read(good[:cut] + b"\xff" * 7 + good[cut + 7 :], Hints())
            read(good[:cut], Hints())
        except Dropped as why:
            reasons.add(why.reason)
    assert reasons == {IngestReason.UNREADABLE}


def test_a_reference_among_the_operators_of_a_page_is_damage() -> None:
    pdf = document()
    pdf.set_compression(False)
    pdf.cell(text="texto")
    good = bytes(pdf.output())
    damaged = re.sub(rb"[\d.]+ Td", lambda found: b"4 0 R".ljust(len(found.group())), good)
    with pytest.raises(Dropped) as caught:
        read(damaged, Hints())
    assert caught.value.reason == IngestReason.UNREADABLE


def test_rows_that_begin_each_page_alike_are_kept() -> None:
    pdf = document()
    for season in range(3):
        pdf.add_page() if season else None
        for row in (("12", "Liverpool", str(21 + season * 5)), ("13", "Arsenal", f"{season}0")):
            for text in row:
                pdf.cell(w=50, h=6, text=text)
            pdf.ln()
    assert re.findall(r"Liverpool \| (\d+)", text_of(pdf).text) == ["21", "26", "31"]

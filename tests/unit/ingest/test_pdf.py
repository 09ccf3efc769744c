import re
import time
import zlib

import fpdf
import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, LeftOut, Omission
from gabarito.ingest.formats.pdf import pdf_bounds
from gabarito.ingest.formats.pdf.letters.accents import composed
from gabarito.ingest.formats.pdf.letters.glyphs import GlyphNames, letters_of_name, macintosh
from gabarito.ingest.formats.pdf.letters.pdf_fonts import DAMAGED, Font, real_letter
from gabarito.ingest.formats.pdf.letters.pdf_words import Letter, LetterRun, WordBuilder
from gabarito.ingest.formats.pdf.pdf import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

PROSE = "O Paris Saint-Germain venceu a final de 2025 em Munique, diante de 64.327 pessoas. "


def document() -> fpdf.FPDF:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=11)
    return pdf


def page_of(pdf: fpdf.FPDF) -> BlockPage:
    return read(bytes(pdf.output()), Hints())


def text_of(pdf: fpdf.FPDF) -> str:
    return render(page_of(pdf).blocks)


def file_of(content: bytes, *more: bytes, page: bytes = b"", filters: bytes = b"") -> bytes:
    """Write a PDF of one page by hand; ``more`` are objects from number 6 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 600 800]>>",
        b"<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 4 0 R>>" + page + b">>>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content),
        *more,
    ]
    parts, places = [b"%PDF-1.7\n"], []
    for number, body in enumerate(objects, 1):
        places.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj%s endobj\n" % (number, body))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = sum(map(len, parts))
    size = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table))
    parts.append(b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (size, start))
    return b"".join(parts)


def shown(content: str, *more: bytes, page: bytes = b"") -> str:
    return render(read(file_of(content.encode("cp1252"), *more, page=page), Hints()).blocks)


def test_a_paragraph_comes_out_in_one_line() -> None:
    pdf = document()
    pdf.multi_cell(0, 6, PROSE * 5)
    assert text_of(pdf) == (PROSE * 5).strip()


def test_a_table_comes_out_in_rows() -> None:
    pdf = document()
    with pdf.table() as table:
        for row in (
            ("Fase", "Rival", "Ida"),
            ("Oitavas", "PSV", "7-1"),
            ("Quartas", "Real", "3-0"),
        ):
            table.row(row)
    assert text_of(pdf) == (
        "| Fase | Rival | Ida |\n| Oitavas | PSV | 7-1 |\n| Quartas | Real | 3-0 |"
    )


def test_two_columns_of_prose_are_read_one_after_the_other() -> None:
    pdf = document()
    for half in (0, 1):
        pdf.set_xy(10 + 100 * half, 10)
        rounds = range(20 * half, 20 * half + 20)
        pdf.multi_cell(85, 6, "".join(f"Na rodada {n} o clube venceu por um gol. " for n in rounds))
    text = text_of(pdf)
    assert [int(n) for n in re.findall(r"rodada\s+(\d+)", text)] == list(range(40))


@pytest.mark.parametrize(
    ("given", "title"),
    [("A final", "A final"), ("Microsoft Word - x.doc", ""), ("relatorio.pdf", ""), ("", "")],
)
def test_a_title_that_a_program_made_up_is_none(given: str, title: str) -> None:
    pdf = document()
    pdf.cell(text="texto")
    pdf.set_title(given)
    assert page_of(pdf).title == title


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
    assert text_of(pdf) == "aberto a todos"


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
    assert reasons == {IngestReason.UNREADABLE, IngestReason.NO_TEXT}


def test_rows_that_begin_each_page_alike_are_kept() -> None:
    pdf = document()
    for season in range(3):
        pdf.add_page() if season else None
        for row in (("12", "Liverpool", str(21 + season * 5)), ("13", "Arsenal", f"{season}0")):
            for text in row:
                pdf.cell(w=50, h=6, text=text)
            pdf.ln()
    assert re.findall(r"Liverpool \| (\d+)", text_of(pdf)) == ["21", "26", "31"]


def test_text_turned_on_its_side_is_read() -> None:
    assert shown("BT /F 12 Tf 0 1 -1 0 300 100 Tm (A ponte do vale) Tj ET") == "A ponte do vale"


def test_text_of_an_included_form_is_read() -> None:
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F 4 0 R>>>>"
    inner = b"BT /F 12 Tf 50 700 Td (A obra) Tj ET"
    form += b"/Length %d>>stream\n%s\nendstream" % (len(inner), inner)
    assert shown("/X Do", form, page=b"/XObject<</X 6 0 R>>") == "A obra"


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("(Custou 10) Tj 8 Tf 5 Ts (6) Tj 0 Ts 12 Tf ( reais) Tj", "Custou 10⁶ reais"),
        ("(H) Tj 8 Tf -3 Ts (2) Tj 0 Ts 12 Tf (O) Tj", "H₂O"),
        ("(fim) Tj 8 Tf 5 Ts (1) Tj 0 Ts 12 Tf (, e) Tj", "fim¹, e"),
        ("(o 3) Tj 8 Tf 5 Ts (o) Tj 0 Ts 12 Tf ( ano) Tj", "o 3º ano"),
    ],
)
def test_raised_and_lowered_letters_stay_apart(text: str, read_as: str) -> None:
    text = text.replace("8 Tf", "/F 8 Tf").replace("12 Tf", "/F 12 Tf")
    assert shown(f"BT /F 12 Tf 50 700 Td {text} ET") == read_as


def test_words_set_apart_by_places_alone_are_words() -> None:
    line = "[(uma) -300 (ponte) -300 (sobr) 20 (e) -300 (o) -300 (rio)] TJ"
    assert shown(f"BT /F 12 Tf 50 700 Td {line} ET") == "uma ponte sobre o rio"


def test_an_accent_drawn_over_its_letter_is_part_of_it() -> None:
    assert shown("BT /F 12 Tf 50 700 Td [(caf) -10 (\xb4) 400 (e)] TJ ET") == "café"


@pytest.mark.parametrize(
    ("drawn", "read_as"),
    [
        ("(mati) Tj 24 0 Td (`) Tj -1.34 0 Td (ere) Tj", "matière"),
        ("(fur die Ponte) Tj 4.5 0.5 Td (\xa8) Tj", "für die Ponte"),
        ("(A) Tj 1 3 Td (\xa8) Tj -1 -3 Td", "Ä"),
        ("(diz `e isto) Tj", "diz `e isto"),
    ],
)
def test_an_accent_goes_into_the_letter_it_stands_over(drawn: str, read_as: str) -> None:
    assert shown(f"BT /F 12 Tf 50 700 Td {drawn} ET") == read_as


def test_letters_and_accents_printed_over_each_other_without_end_take_no_time() -> None:
    run = LetterRun(Font("F", 0), 10.0, 0, 700.0)
    heap = [Letter(text, 50.0, 55.0, run) for text in "e\u00b4" * 4_000]
    start = time.process_time()
    list(composed(heap))
    assert time.process_time() - start < 10


def test_the_raised_letter_of_a_logo_is_no_power() -> None:
    logo = "(L) Tj 8 Tf 4.2 2.6 Td (A) Tj 12 Tf 4.2 -2.6 Td (TEX e mais) Tj"
    logo = logo.replace("8 Tf", "/F 8 Tf").replace("12 Tf", "/F 12 Tf")
    assert shown(f"BT /F 12 Tf 50 700 Td {logo} ET") == "LATEX e mais"


def test_the_lowered_letter_of_a_logo_is_part_of_its_word() -> None:
    assert shown("BT /F 10 Tf 50 700 Td [(T) 167] TJ -2.2 Ts [(E) 125] TJ 0 Ts (Xnical) Tj ET") == (
        "TEXnical"
    )


def test_wide_letters_in_pieces_are_one_word() -> None:
    wide = "2 Tc (ponte) Tj 40 0 Td (s e rios) Tj"
    assert shown(f"BT /F 12 Tf 50 700 Td {wide} ET") == "pontes e rios"


def test_a_letter_of_a_formula_beyond_sixteen_bits_is_that_of_the_alphabet() -> None:
    table = b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange"
    table += b" <00><FF> endcodespacerange 1 beginbfchar <41><D835DC59> endbfchar endcmap end end"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(table), table)
    file = file_of(b"BT /G 12 Tf 50 700 Td (A = 3 AA) Tj ET", font, stream)
    file = file.replace(b"<</F 4 0 R>>", b"<</F 4 0 R/G 6 0 R>>")
    assert render(read(file, Hints()).blocks) == "l = 3 ll"


def test_glyphs_have_the_letters_of_their_names_where_these_say_more_than_a_letter() -> None:
    font = b"<</Type/Font/Subtype/Type1/BaseFont/G/Encoding<</Differences[85/f_f/f_i/U]>>>>"
    file = file_of(b"", font).replace(b"<</F 4 0 R>>", b"<</F 4 0 R/G 6 0 R>>")
    order = GlyphNames(file).order_of(Font("G", 0), 0)
    assert order
    assert [order(code) for code in (85, 86, 87)] == ["ff", "fi", DAMAGED]


def test_damaged_files_have_no_names_of_glyphs() -> None:
    assert GlyphNames(b"%PDF-1.4\nnothing").order_of(Font("G", 0), 0) is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [("f_f_i", "ffi"), ("a.sc", "a"), ("uni00E9", "é"), ("one.oldstyle", "1"), ("g17", "")],
)
def test_the_name_of_a_glyph_tells_its_letters(name: str, letters: str) -> None:
    assert letters_of_name(name) == letters


def test_text_printed_twice_to_look_heavier_is_read_once() -> None:
    twice = "(Aviso) Tj 0.3 0 Td (Aviso) Tj"
    assert shown(f"BT /F 12 Tf 50 700 Td {twice} ET") == "Aviso"


def test_text_beside_the_page_is_hidden() -> None:
    content = b"BT /F 12 Tf 50 700 Td (Visto) Tj 800 0 Td (marca de corte) Tj ET"
    page = read(file_of(content), Hints())
    assert (render(page.blocks), page.left_out) == (
        "Visto",
        [LeftOut(Omission.HIDDEN, 3, "marca de corte")],
    )


def test_a_page_that_is_a_picture_is_told() -> None:
    pdf = document()
    pdf.cell(text="A ponte do vale")
    pdf.add_page()
    for at in range(60):
        pdf.line(10, 10 + at, 90, 20 + at)
    assert page_of(pdf).left_out == [LeftOut(Omission.SCANNED, 1, "pages 2")]


def test_a_file_of_pictures_says_how_many_pages_have_no_text() -> None:
    with pytest.raises(Dropped, match="1 page without a text layer") as caught:
        shown("0 0 m 5 5 l S " * 60)
    assert caught.value.reason == IngestReason.NO_TEXT


def of_glyphs(*texts: str) -> bytes:
    """Write a PDF whose font tells the numbers of its glyphs alone."""
    font = b"<</Type/Font/Subtype/Type0/BaseFont/Fonte/Encoding/Identity-H/DescendantFonts[7 0 R]>>"
    part = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Fonte/CIDSystemInfo"
    part += b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R>>"
    about = b"<</Type/FontDescriptor/FontName/Fonte/Flags 4>>"
    lines = "".join(f"<{text}> Tj 0 -30 Td " for text in texts)
    content = f"BT /G 2 Tf 50 700 Td {lines} ET".encode()
    return file_of(content, font, part, about).replace(b"<</F 4 0 R>>", b"<</G 6 0 R>>")


def test_a_font_that_does_not_name_its_letters_is_told() -> None:
    with pytest.raises(Dropped, match="which letters they draw") as caught:
        read(of_glyphs("017701480103014800550243" * 9), Hints())
    assert caught.value.reason == IngestReason.UNREADABLE


@pytest.mark.parametrize("first", [29, 31, -40])
def test_letters_are_told_by_the_order_of_the_glyphs_where_it_makes_words(first: int) -> None:
    said = "The bridge of the valley joins both banks of the river, and it was opened in 1987."
    page = read(of_glyphs("".join(f"{ord(letter) - first:04x}" for letter in said)), Hints())
    assert render(page.blocks) == said
    assert (len(page.fonts_by_order), page.left_out) == (1, [])


def test_letters_of_cyrillic_bitmap_fonts_are_told() -> None:
    said = "Мост через долину соединяет оба берега, и его не открыли в 1987, но он есть для всех."
    page = read(of_glyphs("".join(f"{code:04x}" for code in said.encode("cp1251"))), Hints())
    assert render(page.blocks) == said


def test_the_standard_order_of_glyphs_has_letters_beyond_ascii() -> None:
    glyphs = (3, 36, 98, 112, 109, 225, 226, 257, 258)
    assert "".join(map(macintosh, glyphs)) == " AÄéãˇŁđ\ufffd"


def test_a_typed_note_is_text_and_a_comment_is_told() -> None:
    pdf = document()
    pdf.cell(text="Texto")
    pdf.free_text_annotation("Vale desde maio", x=20, y=50, w=60, h=10)
    pdf.text_annotation(x=20, y=80, text="rever isto")
    page = page_of(pdf)
    assert "Vale desde maio" in render(page.blocks)
    assert page.left_out == [LeftOut(Omission.COMMENT, 2, "rever isto")]


def test_files_within_the_file_are_told() -> None:
    pdf = document()
    pdf.cell(text="Texto")
    pdf.embed_file(basename="dados.csv", bytes=b"a,b")
    assert page_of(pdf).left_out == [LeftOut(Omission.EMBEDDED, 1, "dados.csv")]


def test_the_value_of_a_form_stands_by_its_name_and_once() -> None:
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(nome)/V(Rosa)/Rect[100 %d 300 %d]>>"
    file = file_of(
        b"BT /F 12 Tf 50 700 Td (Nome:) Tj ET", field % (695, 715), field % (600, 620)
    ).replace(b"/Parent 2 0 R", b"/Parent 2 0 R/Annots[6 0 R 7 0 R]")
    file = file.replace(b"/Pages 2 0 R", b"/Pages 2 0 R/AcroForm<</Fields[6 0 R 7 0 R]>>")
    assert render(read(file, Hints()).blocks) == "Nome: Rosa"


def test_a_list_of_a_form_shows_its_options_and_which_is_chosen() -> None:
    field = b"<</Type/Annot/Subtype/Widget/FT/Ch/T(sala)/V(Rio)/Opt[(Vale)(Rio)(Mar)]"
    file = file_of(b"BT /F 10 Tf 50 710 Td (Sala:) Tj ET", field + b"/Rect[50 640 300 700]>>")
    file = file.replace(b"/Parent 2 0 R", b"/Parent 2 0 R/Annots[6 0 R]")
    file = file.replace(b"/Pages 2 0 R", b"/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>")
    text = render(read(file, Hints()).blocks)
    assert " ".join(text.split()) == "Sala: [ ] Vale [x] Rio [ ] Mar"


def test_a_form_that_is_not_on_its_pages_is_told() -> None:
    file = file_of(
        b"BT /F 12 Tf 50 700 Td (Please wait) Tj ET", b"<</Length 0>>stream\n\nendstream"
    )
    form = b"/Pages 2 0 R/NeedsRendering true/AcroForm<</Fields[]/XFA 6 0 R>>"
    left_out = read(file.replace(b"/Pages 2 0 R", form), Hints()).left_out
    assert [(one.why, one.sample[:13]) for one in left_out] == [(Omission.DAMAGED, "a form in XFA")]


@pytest.mark.parametrize("times", [1, 2])
def test_a_stream_that_unpacks_without_end_is_refused(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_bounds, "MAX_STREAM_BYTES", 1 << 22)
    bomb = b" " * (5 << 20)
    for _ in range(times):
        bomb = zlib.compress(bomb, 9)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]"
    with pytest.raises(Dropped, match="unpacks to more than") as caught:
        read(file_of(bomb, filters=filters), Hints())
    assert caught.value.reason == IngestReason.UNREADABLE


def test_what_stands_after_a_packed_stream_is_not_waited_for() -> None:
    packed = zlib.compress(zlib.compress(b"BT /F 12 Tf 50 700 Td (A obra) Tj ET")) + b"\n" * 40
    file = file_of(packed, filters=b"/Filter[/FlateDecode/FlateDecode]")
    assert render(read(file, Hints()).blocks) == "A obra"


def test_one_bad_page_costs_no_other() -> None:
    pdf = document()
    pdf.cell(text="A ponte")
    pdf.add_page()
    pdf.cell(text="O rio")
    data = bytes(pdf.output())
    first = data.index(b"/Type /Page\n")
    damaged = data[:first] + b"/Type /Pagx\n" + data[first + 12 :]
    assert "O rio" in render(read(damaged, Hints()).blocks)


def test_ligatures_are_letters() -> None:
    assert [real_letter(code, Font("a", 0)) for code in (0xFB01, 0xFB02, 0xFB03)] == [
        "fi",
        "fl",
        "ffi",
    ]


def test_signs_of_the_symbol_font_are_signs_and_unknown_ones_are_told() -> None:
    symbol, other = Font("SymbolMT", 0), Font("Arial", 0)
    assert [real_letter(0xF0B3, symbol), real_letter(0xF0A3, symbol)] == ["≥", "≤"]
    assert real_letter(0xE123, other) == DAMAGED


def test_a_space_that_is_moved_back_over_parts_no_word() -> None:
    # a space of Helvetica is 278 wide; 270 of them are taken back
    assert shown("BT /F 10 Tf 50 700 Td [(neg ) 270 (ative or giv ) 0 (en)] TJ ET") == (
        "negative or giv en"
    )


def test_a_space_written_where_the_next_word_begins_parts_them() -> None:
    run, builder = LetterRun(Font("romana", 0), 10.0, 0, 700.0), WordBuilder()
    for x, letter in ((100.0, "o"), (107.0, " "), (107.0, "r")):
        builder.add(Letter(letter, x, x + 5, run))
    assert [word.text for word in builder.end()[0]] == ["o", "r"]


def test_a_line_whose_longest_word_is_in_small_capitals_is_part_of_its_paragraph() -> None:
    line = "a volta do time ao que era antes de ser visto no"
    mixed = "(no que o) Tj /F 9 Tf ( REGULAMENTO) Tj /F 10 Tf ( diz do que se viu ao)"
    assert shown(
        f"BT /F 10 Tf 50 700 Td ({line}) Tj 0 -12 Td {mixed} Tj 0 -12 Td (fim de tudo.) Tj ET"
    ) == (f"{line} no que o REGULAMENTO diz do que se viu ao fim de tudo.")


@pytest.mark.parametrize(("written", "step"), [("שלום", -10), ("םולש", 10)])
def test_a_word_from_right_to_left_is_read_so_however_its_letters_are_written(
    written: str, step: int
) -> None:
    run, builder = LetterRun(Font("david", 0), 10.0, 0, 700.0), WordBuilder()
    for at, letter in enumerate(written):
        builder.add(Letter(letter, 100.0 + step * at, 109.0 + step * at, run))
    assert [word.text for word in builder.end()[0]] == ["שלום"]


def test_a_vowel_point_does_not_end_its_word() -> None:
    run, builder = LetterRun(Font("david", 0), 10.0, 0, 700.0), WordBuilder()
    signs = (("ר", 20, 26), ("\u05b5", 22, 24), (" ", 22, 22), ("א", 14, 20), ("ש", 4, 10))
    for letter, x0, x1 in signs:
        builder.add(Letter(letter, float(x0), float(x1), run))
    assert [word.text for word in builder.end()[0]] == ["ר\u05b5א", "ש"]


def test_the_letters_of_one_sign_keep_their_order_in_a_word_that_is_turned() -> None:
    run, builder = LetterRun(Font("naskh", 0), 10.0, 0, 700.0), WordBuilder()
    for x, letter in zip((100.0, 110.0, 120.0, 120.0), "مالس", strict=True):
        builder.add(Letter(letter, x, x + 9, run))
    assert [word.text for word in builder.end()[0]] == ["لسام"]

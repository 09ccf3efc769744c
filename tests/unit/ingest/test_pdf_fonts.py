"""Fonts that say of their letters less than a reader needs: TeX's bitmaps, ligatures of Word's."""

from gabarito.ingest.block_text import render
from gabarito.ingest.formats.pdf.letters.pdf_fonts import Font, real_letter
from gabarito.ingest.formats.pdf.letters.pdf_words import Letter, LetterRun, WordBuilder
from gabarito.ingest.formats.pdf.pdf import read
from gabarito.ingest.page import Hints

from .test_pdf import file_of

ADVANCE, SPACE, EM = 21, 14, 41
TALL = "bdfhklt0123456789BCDFGHKLPT"
LIGATURE_FI = "\x0c"


def glyph(letter: str) -> bytes:
    """Draw a box: narrow letters leave much room on both sides, as a typewriter's do."""
    x0, x1 = (7, 14) if letter in "1il" else (2, 19)
    height = 29 if letter in TALL else 18
    box = (x0, x1 - x0, height)
    drawn = b"%d 0 %d 0 %d %d d1 %d 0 %d %d re f" % (ADVANCE, x0, x1, height, *box)
    return b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn)


def printed(*lines: str, called: bytes = b"/#%02x", space: int = SPACE, size: int = 1) -> bytes:
    """Write a PDF of lines in a font without a name, whose glyphs are called by their signs.

    Of ``size`` 1 are fonts that count in dots of a printer; of others the file tells the size.
    """
    letters = sorted(set("".join(lines)) - {" "})
    names = {letter: called % ord(letter) for letter in letters}
    names |= {LIGATURE_FI: b"/#0c"}
    unit = 1.0 if size == 1 else 1 / EM
    first, last = ord(letters[0]), ord(letters[-1])
    procs = b"".join(b"%s %d 0 R" % (names[one], 7 + at) for at, one in enumerate(letters))
    codes = b"".join(b"%d%s" % (ord(one), names[one]) for one in letters)
    widths = b" ".join([b"%d" % ADVANCE] * (last - first + 1))
    font = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 0 0]/FontMatrix[%f 0 0 %f 0 0]" % (unit, unit)
    font += b"/FirstChar %d" % first
    font += b"/LastChar %d/Widths[%s]/CharProcs<<%s>>" % (last, widths, procs)
    font += b"/Encoding<</Type/Encoding/Differences[%s]>>/Resources<<>>>>" % codes
    step = unit * size
    shows = b"".join(_shown(line, -60 * at, space, step) for at, line in enumerate(lines))
    dot = 0.24 if size == 1 else 1.0
    content = b"q %f 0 0 %f 50 700 cm BT /G %d Tf %s ET Q" % (dot, dot, size, shows)
    file = file_of(content, font, *map(glyph, letters))
    return file.replace(b"<</F 4 0 R>>", b"<</G 6 0 R>>")


def _shown(line: str, y: int, space: int, step: float) -> bytes:
    """Write each word where it stands, as programs do that know no space."""
    x, shown = 0, b""
    for word in line.split(" "):
        shown += b"1 0 0 1 %f %f Tm <%s> Tj " % (x * step, y * step, word.encode().hex().encode())
        x += len(word) * ADVANCE + space
    return shown


def text_of(file: bytes) -> str:
    return render(read(file, Hints()).blocks)


def test_signs_that_are_called_by_themselves_are_read() -> None:
    said = "The bridge of 1987, the river (of the valley): 43.5 and 60%."
    assert text_of(printed(said)) == said


def test_a_ligature_that_is_called_by_its_number_is_read() -> None:
    lines = (f"The {LIGATURE_FI}les of the valley", f"and a {LIGATURE_FI}nal bridge")
    assert text_of(printed(*lines)) == "The files of the valley and a final bridge"


def test_narrow_letters_are_no_ends_of_words() -> None:
    said = "All 6100 bills of 1911 will be initialed in it till 2112"
    assert text_of(printed(said)) == said


def test_a_font_of_which_few_glyphs_are_called_by_signs_is_read_by_its_numbers() -> None:
    said = f"The {LIGATURE_FI}les of the valley"
    assert text_of(printed(said, called=b"/c%d")) == "The files of the valley"


def test_words_close_together_are_parted_where_a_font_says_its_size() -> None:
    said = "the bridge of the valley and the river"
    assert text_of(printed(said, space=6, size=10)) == said


def ligatures(name: str, letters: str, numbers: str) -> bytes:
    """Write "affect" with a glyph of a second font, of which a table may say what it is."""
    table = b"1 begincodespacerange <0000><FFFF> endcodespacerange" + letters.encode()
    cmap = b"begincmap %s endcmap" % table
    base = name.encode()
    font = b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H" % base
    font += b"/DescendantFonts[7 0 R]/ToUnicode 9 0 R>>"
    part = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/DW 500/CIDSystemInfo" % base
    part += b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R>>"
    about = b"<</Type/FontDescriptor/FontName/%s/Flags 4>>" % base
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap)
    content = b"BT /G 12 Tf 50 700 Td <%s> Tj ET" % numbers.encode()
    file = file_of(content, font, part, about, stream)
    return file.replace(b"<</F 4 0 R>>", b"<</G 6 0 R>>")


WRONG = " 2 beginbfchar <0041><0061> <019F><019F> endbfchar"


def test_a_number_of_calibri_that_stands_for_a_ligature_is_read() -> None:
    assert text_of(ligatures("ABCDEF+Calibri", WRONG, "0041019f00410041019f0041")) == "atiaatia"
    assert text_of(ligatures("ABCDEF+Other", WRONG, "0041019f00410041019f0041")) == "aƟaaƟa"


def test_a_number_of_calibri_that_no_table_names_is_read() -> None:
    unnamed = " 1 beginbfchar <0041><0061> endbfchar"
    assert text_of(ligatures("ABCDEF+Calibri", unnamed, "0041019f00410041014c0041")) == "atiaafta"


def test_ligatures_of_old_macintosh_fonts_are_read() -> None:
    assert [real_letter(code, Font("Times-Roman", 0)) for code in (0xF0DE, 0xF0DF)] == ["fi", "fl"]


def test_a_word_goes_on_in_the_font_of_its_ligatures() -> None:
    builder = WordBuilder()
    one, two = (LetterRun(Font("Calibri", 0), 10, 0, 700) for _ in range(2))
    made_up = Letter(" ", 0, 0, None)
    for letter in (Letter("a", 50, 55, one), made_up, Letter("tt", 55, 61, two), made_up):
        builder.add(letter)
    builder.add(Letter("o", 60.8, 66, one))
    assert [word.text for word in builder.end()[0]] == ["atto"]

"""The letters of one PDF page as pieces of lines, each with its box, size and weight."""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium

from gabarito.ingest.formats.pdf.letters.accents import composed, has_accent
from gabarito.ingest.formats.pdf.letters.glyphs import Order, order_of
from gabarito.ingest.formats.pdf.letters.pdf_fonts import (
    DAMAGED,
    MIN_LETTERS,
    Font,
    is_gibberish,
    ligature_of,
    real_letter,
)
from gabarito.ingest.formats.pdf.letters.pdf_words import Letter, LetterRun, Word, WordBuilder

MAX_LETTERS = 2_000_000
"""More on one page are no page that somebody reads."""

_SPACE = 0x20
_TEXT_OBJECT = ctypes.cast(
    pdfium.FPDFText_GetTextObject,
    ctypes.CFUNCTYPE(ctypes.c_void_p, pdfium.FPDF_TEXTPAGE, ctypes.c_int),
)
"""Gives the address alone, which is all that most letters need."""

_FIRST_HALVES, _SECOND_HALVES = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
_MAX_COMPOSED = 100_000
"""Accents are put into their letters on pages of so many, which are held at once."""


_MOST = 0.9
"""Share of the glyphs of a font without a name that names must tell: others go by numbers alone."""

NamedOrder = Callable[[Font], Order | None]
"""The letters of a font by their numbers where it gives them names."""


@dataclass
class PageLetters:
    """The words of a page by the angle they are turned by, and what of it could not be read."""

    words: dict[int, list[Word]] = field(default_factory=dict)
    damaged: Counter[str] = field(default_factory=Counter)
    """Letters that cannot be known, by the name of their font."""
    ordered: set[str] = field(default_factory=set)
    """Names of fonts whose letters were told by the order of their glyphs."""

    def leave_out(self, fonts: Set[Font]) -> None:
        """Count the words of fonts as damaged, and keep the others."""
        if not fonts:
            return
        for angle, words in self.words.items():
            self.damaged.update(word.font.name for word in words if word.font in fonts)
            self.words[angle] = [word for word in words if word.font not in fonts]


def letters_of(
    text_page: pdfium.FPDF_TEXTPAGE, known: list[Order], named_order: NamedOrder
) -> PageLetters:
    """Return the words of a page in the order of the file.

    What the numbers of glyphs were found to stand for goes into ``known``, which is of the
    document; the letters of a font that does not say it are told by that, or as it is named.

    Raises:
        ValueError: if the page has more letters than a page can have.
    """
    count = pdfium.FPDFText_CountChars(text_page)
    if count > MAX_LETTERS:
        raise ValueError(f"{count} letters on one page")
    fonts: dict[int, Font] = {}
    found = _words_of(text_page, count, fonts)
    for font in fonts.values():
        order = named_order(font) if font.unnamed else None
        if order and (font.name or _knows_most(order, font)):
            font.order = order
    named = {font for font in fonts.values() if font.order}
    lost = _tell_orders(found, known)
    ordered = {font.name for font in fonts.values() if font.order and font not in named}
    for font in fonts.values():
        font.settle_scale()
    if any(font.is_misread for font in fonts.values()):
        found = _words_of(text_page, count, fonts)
        found.ordered = ordered
    found.leave_out(lost)
    return found


def _words_of(page: pdfium.FPDF_TEXTPAGE, count: int, fonts: dict[int, Font]) -> PageLetters:
    found = PageLetters()
    builder = WordBuilder()
    letters: Iterable[Letter] = _letters(page, count, fonts)
    if count <= _MAX_COMPOSED:
        letters = list(letters)
        letters = composed(letters) if has_accent(letters) else letters
    for letter in letters:
        builder.add(letter)
    found.words = builder.end()
    for word in (word for words in found.words.values() for word in words):
        if DAMAGED in word.text:
            found.damaged[word.font.name] += 1
    return found


def _tell_orders(found: PageLetters, known: list[Order]) -> set[Font]:
    """Return the fonts whose letters cannot be known; find out the order of the others."""
    texts: dict[Font, list[str]] = {}
    for words in found.words.values():
        for word in words:
            if word.font.is_unmapped and not word.font.order:
                texts.setdefault(word.font, []).append(word.text)
    lost: set[Font] = set()
    for font in sorted(texts, key=lambda font: -font.unnamed):
        text = "".join(texts[font])
        if not is_gibberish(text) and not (known and _shows_little(text)):
            continue
        font.order = order_of(font, known)
        if font.order and font.order not in known:
            known.append(font.order)
        if not font.order and is_gibberish(text):
            lost.add(font)
    return lost


def _knows_most(order: Order, font: Font) -> bool:
    """Tell whether the names of its glyphs say more of a font than its numbers do."""
    drawn = [glyph for glyph in font.glyphs if glyph]
    return sum(order(glyph) != DAMAGED for glyph in drawn) >= _MOST * len(drawn)


def _shows_little(text: str) -> bool:
    """Tell whether a text is too short to show whether its letters are right."""
    letters = sum(map(str.isalpha, text))
    return len(text) < MIN_LETTERS or (letters < MIN_LETTERS and not text.isascii())


def _letters(page: pdfium.FPDF_TEXTPAGE, count: int, fonts: dict[int, Font]) -> Iterator[Letter]:
    rect = pdfium.FS_RECTF()
    pointer = ctypes.byref(rect)
    shown, run, first = None, None, 0
    for at in range(count):
        address = _TEXT_OBJECT(page, at)
        if address is None:
            if run is not None and run.font.unnamed:
                run.font.glyphs.append(0)
            yield Letter(" ", 0.0, 0.0, None)
            continue
        if run is None or address != shown:
            shows = ctypes.cast(address, pdfium.FPDF_PAGEOBJECT)
            shown, run = address, _run(page, at, shows, fonts)
        code = pdfium.FPDFText_GetUnicode(page, at)
        if code in _FIRST_HALVES:  # of a letter beyond 16 bits
            first = code
            continue
        if code in _SECOND_HALVES and first:
            code, first = 0x10000 + ((first - 0xD800) << 10) + code - 0xDC00, 0
        is_space = code == _SPACE and not run.font.unnamed
        if not is_space and pdfium.FPDFText_HasUnicodeMapError(page, at) == 1:
            letter = _unnamed(code, run.font)
        else:
            letter = chr(code) if 32 <= code < 0x7F else real_letter(code, run.font)
            run.font.note_named(letter)
        pdfium.FPDFText_GetLooseCharBox(page, at, pointer)
        run.font.note_height(letter, _height(rect, run) / run.size)
        yield Letter(letter, *_extent(rect, run, page, at), run)


def _unnamed(code: int, font: Font) -> str:
    """Return the letter of a font that does not name it; among named ones it is none."""
    if font.order:
        return font.order(code)
    if font.is_calibri and (letters := ligature_of(code)):
        return letters
    letter = real_letter(code, font)
    font.note_unnamed(code)
    return letter if font.is_unmapped else DAMAGED


def _run(
    page: pdfium.FPDF_TEXTPAGE, at: int, shows: pdfium.FPDF_PAGEOBJECT, fonts: dict[int, Font]
) -> LetterRun:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(page, at, ctypes.byref(matrix))
    x, y = _origin(page, at)
    handle = pdfium.FPDFTextObj_GetFont(shows)
    key = ctypes.cast(handle, ctypes.c_void_p).value or 0
    if key not in fonts:
        fonts[key] = Font.of(handle)
    angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
    nearest = round(angle / 90) * 90
    angle = nearest % 360 if abs(angle - nearest) <= 3 else angle
    size = pdfium.FPDFText_GetFontSize(page, at) * math.hypot(matrix.c, matrix.d)
    turn, size = math.radians(angle), abs(size) * fonts[key].scale
    return LetterRun(fonts[key], size or 1.0, angle, y * math.cos(turn) - x * math.sin(turn))


def _origin(page: pdfium.FPDF_TEXTPAGE, at: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(page, at, ctypes.byref(x), ctypes.byref(y))
    return x.value, y.value


def _height(rect: pdfium.FS_RECTF, run: LetterRun) -> float:
    is_upright = run.angle in (90, 270)
    return float(abs(rect.right - rect.left if is_upright else rect.top - rect.bottom))


def _extent(
    rect: pdfium.FS_RECTF, run: LetterRun, page: pdfium.FPDF_TEXTPAGE, at: int
) -> tuple[float, float]:
    match run.angle:
        case 0:
            return min(rect.left, rect.right), max(rect.left, rect.right)
        case 90:
            return min(rect.bottom, rect.top), max(rect.bottom, rect.top)
        case 180:
            return -max(rect.left, rect.right), -min(rect.left, rect.right)
        case 270:
            return -max(rect.top, rect.bottom), -min(rect.top, rect.bottom)
    x, y = _origin(page, at)
    turn = math.radians(run.angle)
    start = x * math.cos(turn) + y * math.sin(turn)
    return start, start + run.size / 2

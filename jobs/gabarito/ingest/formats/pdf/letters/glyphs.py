"""Letters of fonts that tell the numbers of their glyphs alone, by their names or their order.

A glyph may have a name that says more than pdfium knows, such as ``f_i``. Programs keep the
letters of a font in the order of their codes, the first at another number: the standard order of
TrueType's glyphs has "A" at 36, which is 29 less than its code.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any, TypeAlias

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, NameObject, NumberObject

from gabarito.ingest.formats.pdf.letters.pdf_fonts import (
    DAMAGED,
    OF_TEX,
    SUBSET,
    Font,
    is_gibberish,
)
from gabarito.ingest.formats.pdf.pdf_stand_in import DAMAGE
from gabarito.ingest.reading.plausible import little_words_share

Order = Callable[[int], str]
"""The letter that a glyph's number stands for, or DAMAGED."""

_MIN_WORDS = 8
_MIN_SHARE = 0.15
"""Of running text a third is such words; of letters taken for others hardly one in fifty."""

_MAX_UNKNOWN = 0.02
"""Share of the letters of a font that an order which made words elsewhere may not have."""

_MAC_ASCII, _MAC_ROMAN, _MAC_MORE = 3, 98, 226
_BEYOND_MAC_ROMAN = "ŁłŠšŽž¦ÐðÝýÞþ−×¹²³½¼¾₣ĞğİŞşĆćČčđ"

_CYRILLIC_ASCII, _CYRILLIC = range(0x20, 0x7F), range(0xC0, 0x100)
_CYRILLIC_MORE = {0x10: "“", 0x11: "”", 0x15: "–", 0x16: "—", 0x1B: "ff", 0x1C: "fi", 0x1D: "fl"}
_CYRILLIC_MORE |= {0x1E: "ffi", 0x1F: "ffl", 0x7F: "-", 0x9C: "Ё", 0x9D: "№", 0xBC: "ё"}
_CYRILLIC_MORE |= {0xBD: "„", 0xBE: "«", 0xBF: "»"}
_CYRILLIC_WORDS = frozenset(
    "и в не на что с по как это к из от за для или о его но так если до при а у я".split()  # noqa: SIM905
)

_MAX_DEPTH = 50
_MAX_TRIES = 8
"""A font without names on so many pages has none on others either."""

_Object: TypeAlias = Any
"""An object of a PDF; its keys tell what it is."""

_CODE = re.compile(r"u(?:ni)?([0-9A-F]{4,6})")
_FIGURES = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_PLAIN = {"hyphen": "-", "period": ".", "comma": ",", "germandbls": "ß", "dotlessi": "ı"}
_PLAIN |= {name: str(value) for value, name in enumerate(_FIGURES)}


def macintosh(glyph: int) -> str:
    """Return the letter at a place of the standard Macintosh order (OpenType, table post)."""
    if _MAC_ASCII <= glyph < _MAC_ROMAN:
        return chr(glyph + 29)
    if _MAC_ROMAN <= glyph < _MAC_MORE:
        return bytes([glyph + 30]).decode("mac_roman")
    if _MAC_MORE <= glyph < _MAC_MORE + len(_BEYOND_MAC_ROMAN):
        return _BEYOND_MAC_ROMAN[glyph - _MAC_MORE]
    return DAMAGED


def cyrillic(glyph: int) -> str:
    """Return the letter at a place of TeX's Cyrillic encoding (T2A), which bitmap fonts have."""
    if glyph in _CYRILLIC_ASCII:
        return chr(glyph)
    letter = bytes([glyph]).decode("cp1251") if glyph in _CYRILLIC else DAMAGED
    return _CYRILLIC_MORE.get(glyph, letter)


def shifted(by: int) -> Order:
    """Return the order of ASCII whose letters stand ``by`` places before their codes."""
    return lambda glyph: chr(glyph + by) if 0x20 <= glyph + by < 0x7F else DAMAGED


def order_of(font: Font, known: Sequence[Order]) -> Order | None:
    """Return the order that makes words of what a font drew, or None if there is none.

    What other fonts of the document are ordered by is ``known``: it need not make words again,
    as few stand in a heading, only no gibberish.
    """
    for order in known:
        text = _text(font.glyphs, order)
        is_known = text.count(DAMAGED) <= _MAX_UNKNOWN * len(text)
        if is_known and any(map(str.isalnum, text)) and not is_gibberish(text):
            return order
    return next((order for order in _likely(font.glyphs) if _makes_words(font, order)), None)


def _likely(glyphs: Sequence[int]) -> Iterator[Order]:
    """Yield known orders, and those in which the most frequent letter is a frequent one."""
    yield from (macintosh, cyrillic)
    most = Counter(glyph for glyph in glyphs if glyph).most_common(2)
    for glyph, _ in most:
        yield from (shifted(ord(letter) - glyph) for letter in " ea")


def _makes_words(font: Font, order: Order) -> bool:
    text = _text(font.glyphs, order)
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    if len(words) < _MIN_WORDS or is_gibberish(text):
        return False
    in_cyrillic = sum(word.casefold() in _CYRILLIC_WORDS for word in words) / len(words)
    return max(little_words_share(words), in_cyrillic) >= _MIN_SHARE


def _text(glyphs: Sequence[int], order: Order) -> str:
    return "".join(order(glyph) if glyph else " " for glyph in glyphs)


class GlyphNames:
    """What the fonts of a document call their glyphs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._reader: PdfReader | None = None
        self._fonts: dict[str, dict[int, str]] = {}
        self._tries: Counter[str] = Counter()

    def order_of(self, font: Font, page: int) -> Order | None:
        """Return the letters of a font of a page by their numbers, or None if it names none."""
        letters = self._fonts.setdefault(font.name, {})
        if not letters and self._tries[font.name] < _MAX_TRIES:
            self._tries[font.name] += 1
            with suppress(*DAMAGE):  # what was read before is right
                self._look_up(font.name, page)
        return (lambda code: letters.get(code, DAMAGED)) if letters else None

    def _look_up(self, name: str, number: int) -> None:
        self._reader = self._reader or PdfReader(BytesIO(self._data))
        page = _page(self._reader.root_object["/Pages"], number)  # its list of all is slow to make
        while "/Resources" not in page and "/Parent" in page:
            page = page["/Parent"]
        for font in page["/Resources"]["/Font"].values():
            told = font.get_object()
            if SUBSET.sub("", str(told.get("/BaseFont", "")).removeprefix("/")) == name:
                names = self._fonts[name]
                for code, letters in _names(told):
                    names[code] = letters if names.get(code, letters) == letters else DAMAGED


def _page(pages: _Object, number: int, depth: int = 0) -> _Object:
    """Return a page by its number among those below a node of the page tree."""
    for kid in pages["/Kids"] if depth < _MAX_DEPTH else ():
        node = kid.get_object()
        if "/Kids" not in node:
            if number == 0:
                return node
            number -= 1
        elif number < node["/Count"]:
            return _page(node, number, depth + 1)
        else:
            number -= node["/Count"]
    raise IndexError(number)


def letters_of_name(name: str) -> str:
    """Return the letters of a glyph's name (Adobe Glyph List, 2): parts joined, no style.

    TeX's bitmap fonts call a glyph by the sign that has its number, be it a comma or an unprintable
    one, which is a ligature's.
    """
    if len(name) == 1:
        return name if name.isprintable() else OF_TEX.get(ord(name), "")
    return "".join(map(_letter, name.partition(".")[0].split("_")))


def _letter(name: str) -> str:
    if found := _CODE.fullmatch(name):
        return chr(min(int(found[1], 16), 0x10FFFF))
    if len(name) == 1 or name in ("ff", "fi", "fl", "ffi", "ffl"):
        return name
    return _PLAIN.get(name, "")


def _names(font: _Object) -> Iterator[tuple[int, str]]:
    """Yield the numbers whose names are not a letter, and the letters of these."""
    code = 0
    encoding = font.get("/Encoding")
    told = encoding.get_object() if encoding is not None else None
    for one in told.get("/Differences", ()) if isinstance(told, DictionaryObject) else ():
        if isinstance(one, NumberObject):
            code = int(one)
        elif isinstance(one, NameObject):
            is_known = len(one) == 2 and one[1:].isalpha()
            if not is_known and (letters := letters_of_name(one[1:])):
                yield code, letters
            code += 1

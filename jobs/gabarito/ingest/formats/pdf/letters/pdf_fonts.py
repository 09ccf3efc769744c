"""What a font of a PDF says of its letters: which they are, and how heavy they look."""

import ctypes
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium

BOLD, MONO = 1, 2

DAMAGED = "\ufffd"
"""Stands for a letter that cannot be known."""

MIN_LETTERS = 8
"""Fewer of a font do not show whether they are letters."""

_FIXED_PITCH = 1
_BOLD_WEIGHT = 600
_ASCENDER, _TALLEST = 0.7, 1.3
"""How tall letters with an ascender are in parts of a font's size, and none is."""
_MAX_GLYPHS = 4000
"""So many tell what the numbers of a font stand for."""

_BOLD_NAME = re.compile(r"bold|black|heavy|semibold|demi(?!l)|[-,]bd|^cmb|^sfbx|^ecbx|cmssbx", re.I)
_MONO_NAME = re.compile(r"mono|courier|consol|typewriter|^cmtt|^sftt|^ectt|menlo|nimbusmonl", re.I)
SUBSET = re.compile(r"^[A-Z]{6}\+")
"""The mark of the part of a font that a document holds."""

_SYMBOLS = dict(
    zip(
        range(0xF020, 0xF0FF),
        " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
        "\u00afαβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼" + "\ufffd" * 33 + "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…"
        "\ufffd\ufffd↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑",
        strict=False,
    )
)
"""The Symbol font by its numbers, as programs write them in the private area (PDF 32000, D.5)."""

_BULLETS = frozenset("\uf0a7\uf0b7\uf0d8\uf0fc\uf06c\uf06e\uf071\uf076\uf0a8\uf02d")
OF_TEX = {0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl", 0x7B: "–", 0x5C: "“"}
"""Ligatures of TeX's own encoding, which its bitmap fonts do not name."""

_OF_CALIBRI = {"ī": "ff", "Į": "fi", "ĸ": "ffi", "Ň": "fl", "Ō": "ft"}
_OF_CALIBRI |= {"ƞ": "tf", "Ɵ": "ti", "Ʃ": "tt", "ƫ": "tti"}
"""Ligatures of Calibri, whose numbers stand in files where their letters should."""
_NEVER_OF_CALIBRI = frozenset("ƟƩƫ")
"""Those of them that no text has as letters."""
_OF_MACINTOSH = {0xF0DE: "fi", 0xF0DF: "fl"}
"""Ligatures by their numbers in Mac OS Roman, in the private area."""

_VOWELS = frozenset("aeiouyAEIOUYаеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄ")
_FIRST_FROM_RIGHT = "\u0590"
_LIGATURES = re.compile(r"[\ufb00-\ufb06]")
_MATHEMATICAL = range(0x1D400, 0x1D800)
"""Letters of formulas, which are those of the alphabet in another style (Unicode, 22.2)."""


@dataclass(eq=False)
class Font:
    """A font of a document."""

    name: str
    style: int
    named: int = 0
    """How many letters it was seen to name."""
    unnamed: int = 0
    """How many it was seen to draw without saying which: what is read are its own numbers."""
    glyphs: list[int] = field(default_factory=list)
    """The beginning of these numbers, 0 where a space was made up between them."""
    has_numbers: bool = False
    """Whether numbers of its ligatures were seen among its letters."""
    order: Callable[[int], str] | None = None
    """What its numbers stand for, where that was found out."""
    tallest: float = 0.0
    """The height of its tallest letter, in parts of the size that the file gives it."""
    scale: float = 1.0
    """How many times larger it is than the file says: pictures of letters have their own units."""

    @classmethod
    def of(cls, handle: pdfium.FPDF_FONT) -> "Font":
        """Read what a font says of itself."""
        size = pdfium.FPDFFont_GetBaseFontName(handle, None, 0)
        buffer = ctypes.create_string_buffer(min(max(size, 1), 4096))
        pdfium.FPDFFont_GetBaseFontName(handle, buffer, len(buffer))
        name = SUBSET.sub("", buffer.value.decode("utf-8", "replace"))
        is_bold = bool(_BOLD_NAME.search(name)) or (
            pdfium.FPDFFont_GetWeight(handle) >= _BOLD_WEIGHT and "regular" not in name.lower()
        )
        flags = pdfium.FPDFFont_GetFlags(handle)
        is_mono = bool(_MONO_NAME.search(name)) or (flags > 0 and bool(flags & _FIXED_PITCH))
        return cls(name, BOLD * is_bold | MONO * is_mono)

    def note_named(self, letter: str) -> None:
        """Count a letter that it names; a space parts those that it does not name."""
        self.named += letter != " "
        if letter in _NEVER_OF_CALIBRI and self.is_calibri:
            self.has_numbers = True
        if letter == " " and self.unnamed:
            self.glyphs.append(0)

    @property
    def is_calibri(self) -> bool:
        """Tell whether it is one of the fonts that Word has set text in since 2007."""
        return "calibri" in self.name.lower()

    def note_unnamed(self, glyph: int) -> None:
        """Count a letter that it draws without saying which."""
        self.unnamed += 1
        if len(self.glyphs) < _MAX_GLYPHS:
            self.glyphs.append(glyph)

    @property
    def is_of_pictures(self) -> bool:
        """Tell whether its letters are pictures, as TeX's bitmap fonts hold: such have no name."""
        return not self.name

    @property
    def is_scaled(self) -> bool:
        """Tell whether it is larger than the file says."""
        return self.scale != 1

    def note_height(self, letter: str, height: float) -> None:
        """Note how tall one of its letters is, in parts of its size, if that shows its scale."""
        if self.is_of_pictures and letter.isalnum():
            self.tallest = max(self.tallest, height)

    def settle_scale(self) -> None:
        """Find out how large it really is, by its tallest letter."""
        if self.tallest > _TALLEST:
            self.scale = self.tallest / _ASCENDER

    @property
    def is_misread(self) -> bool:
        """Tell whether its letters are other ones, or larger, than they were first taken for."""
        return self.order is not None or self.is_scaled or self.has_numbers

    @property
    def is_unmapped(self) -> bool:
        """Tell whether it does not say which letters it draws."""
        return self.unnamed > self.named


def real_letter(code: int, font: Font) -> str:
    """Return the letter that a number stands for; more than one for a ligature."""
    if code >= 0xE000:
        return _private(code, font)
    if code in (2, 0xAD):  # so pdfium, and some encodings, write a hyphen that is seen
        return "-"
    if font.is_unmapped and code in OF_TEX:
        return OF_TEX[code]
    if code < 32 or 0xD800 <= code < 0xE000:
        return DAMAGED if code and not chr(code).isspace() else ""
    return ligature_of(code) or chr(code) if font.has_numbers else chr(code)


def ligature_of(glyph: int) -> str:
    """Return the letters of a ligature of Calibri by its number, or an empty text."""
    return _OF_CALIBRI.get(chr(glyph), "")


def _private(code: int, font: Font) -> str:
    letter = chr(code) if code < 0x110000 else DAMAGED
    if _LIGATURES.match(letter) or code in _MATHEMATICAL:
        return unicodedata.normalize("NFKC", letter)
    if 0xF000 <= code <= 0xF0FF:
        if "symbol" in font.name.lower():
            return _SYMBOLS.get(code, DAMAGED)
        if code in _OF_MACINTOSH:
            return _OF_MACINTOSH[code]
        if letter in _BULLETS:
            return "•"
        return chr(code - 0xF000) if 0xF020 < code < 0xF07F and "ding" not in font.name else DAMAGED
    is_letter = code < 0xF0000 and not 0xE000 <= code < 0xF900 and code not in (0xFFFE, 0xFFFF)
    return letter if is_letter else DAMAGED


def is_from_right(letter: str) -> bool:
    """Tell whether a letter is of a script that is read from right to left."""
    return letter > _FIRST_FROM_RIGHT and unicodedata.bidirectional(letter[0]) in ("R", "AL")


def is_gibberish(text: str) -> bool:
    """Tell whether letters of a font that does not name them are none: numbers shown as letters.

    TeX's bitmap fonts name nothing either, but number their letters as ASCII does.
    """
    letters = [letter for letter in text if letter.isalpha()]
    odd = sum(letter == DAMAGED or letter in "\\^`@$" for letter in text)
    if odd > 0.03 * len(text):
        return True
    if len(letters) < MIN_LETTERS:
        return False
    vowels = sum(letter in _VOWELS for letter in letters) / len(letters)
    lower = sum(letter.islower() for letter in letters) / len(letters)
    return not (0.2 <= vowels <= 0.65 and lower > 0.5)

"""Letters, in the order of a file, joined to words."""

import unicodedata
from typing import NamedTuple

from gabarito.ingest.formats.pdf.letters.pdf_fonts import Font, is_from_right

_WORD_GAP = 0.2
"""A gap wider than this, in parts of the size, parts words even where no space is written."""

_PICTURE_GAP = 0.28
"""The same where letters are pictures in units of their own: only their ink is known, not the room
they take."""

_NO_GAP = 0.05
"""What is less parts nothing, in parts of the size."""

_RAISED = (0.12, 0.75)
"""How far a raised or lowered letter stands from its line, in parts of the line's size."""

_SMALLER = 0.87

_TAKEN_BACK = 0.3
"""A letter that stands within this part of the space before it was moved back over it."""


class Word(NamedTuple):
    """Letters without a space among them; ``y`` is the line they stand on, upwards.

    ``rise`` is 1 for raised letters, -1 for lowered ones.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: Font
    rise: int
    is_spaced: bool
    """A space stands before it."""


class LetterRun(NamedTuple):
    """What the letters that one operator shows have in common."""

    font: Font
    size: float
    angle: int
    y: float


class Letter(NamedTuple):
    """A letter with its extent along its line; without a run it is a made-up space."""

    text: str
    x0: float
    x1: float
    run: LetterRun | None


class WordBuilder:
    """Joins letters, in the order of the file, to words."""

    def __init__(self) -> None:
        self._found: dict[int, list[Word]] = {}
        self._text: list[str] = []
        self._run: LetterRun | None = None
        self._x0 = self._x1 = self._last_x0 = self._y = self._size = 0.0
        self._rise = 0
        self._steps = 0
        """How many of its letters stand right of the one before, less those left of it."""
        self._gap = 0.0
        """How far its last letter stands from the one before."""
        self._space: Letter | None = None
        """The space written last, if no letter was since."""
        self._is_spaced = self._will_be_spaced = self._may_be_spaced = False

    def add(self, letter: Letter) -> None:
        """Take one more letter."""
        text, x0, x1, run = letter
        if run is None:
            self._may_be_spaced = True
            return
        if text.isspace():
            if x0 < x1 or not self._ends_in_point():
                self._will_be_spaced, self._space = True, self._space or letter
            return
        if not text:
            return
        gap = x0 - self._x1
        is_close = gap < _WORD_GAP / 4 * run.size and not self._may_be_spaced
        if self._space and is_close and _is_taken_back(self._space, letter):
            self._will_be_spaced = False
        if self._may_be_spaced and not self._is_between_letters(gap, run):
            self._will_be_spaced = True
        if self._run is None or not self._goes_on(text, x0, x1, run):
            self._begin(x0, x1, run)
            gap = 0.0
        self._append(text, x0)
        self._x0, self._x1, self._gap = min(self._x0, x0), max(self._x1, x1), gap
        self._run, self._will_be_spaced, self._may_be_spaced = run, False, False
        self._space = None

    def _is_between_letters(self, gap: float, run: LetterRun) -> bool:
        """Tell whether a made-up space is as wide as what parts letters, and so is none."""
        if run.font.is_scaled:
            return -_PICTURE_GAP * run.size < gap < _PICTURE_GAP * run.size
        return 0 < gap < 1.3 * self._gap or self._is_font_of_ligatures(gap, run)

    def _is_font_of_ligatures(self, gap: float, run: LetterRun) -> bool:
        """Tell whether a font of the same name goes on in the line, with nothing between."""
        above = self._run
        if above is None or run.font is above.font or run.font.name != above.font.name:
            return False
        return abs(run.y - above.y) < 0.1 * run.size and abs(gap) < _NO_GAP * run.size

    def _ends_in_point(self) -> bool:
        """Tell whether a vowel point came last, behind which pdfium makes up spaces.

        It stands within its letter, and so off the next one.
        """
        last = self._text[-1][-1] if self._text else " "
        return bool(unicodedata.combining(last)) and is_from_right(self._text[0])

    def _append(self, text: str, x0: float) -> None:
        """Put a letter behind the others of its word; those of one sign stay together."""
        is_mark = unicodedata.category(text[0]) == "Mn"
        if self._text and (is_mark or x0 == self._last_x0):
            self._text[-1] += text
            return
        self._steps += (1 if x0 > self._last_x0 else -1) if self._text else 0
        self._text.append(text)
        self._last_x0 = x0

    def _goes_on(self, letter: str, x0: float, x1: float, run: LetterRun) -> bool:
        above = self._run
        if self._will_be_spaced or above is None or run.angle != above.angle:
            return False
        if is_from_right(letter) != is_from_right(self._text[-1]) and letter.isalpha():
            return False
        if run is not above and (run.font is not above.font or abs(run.y - above.y) > 0.05):
            if run.font.style != above.font.style or self._is_off_line(run, x0 - self._x1):
                return False
            if not 0.8 < run.size / above.size < 1.25:
                return False
        gap = max(x0 - self._x1, self._x0 - x1)
        return gap < (_PICTURE_GAP if run.font.is_scaled else _WORD_GAP) * run.size

    def _is_off_line(self, run: LetterRun, gap: float) -> bool:
        """Tell whether letters stand on another line; those of a logo overlap, as in TeX's name."""
        assert self._run is not None
        off = abs(run.y - self._run.y) / run.size
        return off > 0.1 and not (off < 0.3 and -0.4 < gap / run.size < -0.05)

    def _begin(self, x0: float, x1: float, run: LetterRun) -> None:
        """Begin a word; small letters that stand off the line beside them are on that line."""
        before, y, rise = self._run, run.y, 0
        is_near = before is not None and before.angle == run.angle
        if before is not None and is_near and self._text:
            off = run.y - self._y
            gap = x0 - self._x1
            large = max(self._size, run.size)
            low, high = _RAISED
            if low * large < abs(off) < high * large and -0.4 * large < gap < 0.45 * large:
                if run.size < _SMALLER * self._size:
                    y, rise = self._y, (1 if off > 0 else -1)
                elif self._size < _SMALLER * run.size and not self._rise:
                    self._y, self._rise = run.y, (1 if off < 0 else -1)
        is_first_large = len(self._text) == 1 and self._size > 1.8 * run.size
        is_first_large = is_near and is_first_large and self._text[0].isalpha()
        if is_first_large and y - self._y > 0 and x0 - self._x1 < self._size / 2:
            self._y, self._size, self._rise, self._x0 = y, run.size, 0, self._x1
            return
        spaced, size = self._will_be_spaced, run.size
        self._put()
        self._text, self._x0, self._x1, self._steps = [], x0, x1, 0
        self._y, self._rise, self._size, self._is_spaced = y, rise, size, spaced

    def end(self) -> dict[int, list[Word]]:
        """Return all words by their angle, the one so far among them."""
        self._put()
        return self._found

    def _put(self) -> None:
        """Put the word so far among those of its angle."""
        if not self._text or self._run is None:
            return
        if self._steps > 0 and is_from_right(self._text[0]):
            self._text.reverse()  # LuaTeX, for one, writes them as they are seen
        word = Word(
            "".join(self._text), self._x0, self._x1, self._y, self._size, self._run.font,
            self._rise, self._is_spaced,
        )  # fmt: skip
        self._found.setdefault(self._run.angle, []).append(word)
        self._text = []


def _is_taken_back(space: Letter, letter: Letter) -> bool:
    """Tell whether a letter stands where the space before it does, as groff sets kerned pairs."""
    width = space.x1 - space.x0
    is_on_line = space.run is not None and letter.run is not None and space.run.y == letter.run.y
    return is_on_line and -0.1 * width < letter.x0 - space.x0 < _TAKEN_BACK * width

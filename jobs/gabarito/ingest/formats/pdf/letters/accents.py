"""Accents that were drawn over a letter as signs of their own, as TeX does, put into it.

Where an accent stands in the file says little: before its letter, behind it, or after the line.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

from gabarito.ingest.formats.pdf.letters.pdf_words import Letter

_ACCENTS = {
    "´": "\u0301", "ˆ": "\u0302", "˜": "\u0303", "`": "\u0300", "ˋ": "\u0300",
    "¨": "\u0308", "¸": "\u0327", "˚": "\u030a", "ˇ": "\u030c", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "˝": "\u030b", "˛": "\u0328",
}  # fmt: skip
_WITHOUT_DOT = {"ı": "i", "ȷ": "j"}
_CELL = 8.0
"""Letters are looked up in squares of this width, in points."""
_MAX_IN_SQUARE = 32
"""More letters printed over each other are no text, and take long to look through."""

_Place = tuple[int, int, int]


def has_accent(letters: Sequence[Letter]) -> bool:
    """Tell whether an accent stands among letters as a sign of its own."""
    return any(letter.text in _ACCENTS for letter in letters)


def composed(letters: Sequence[Letter]) -> Iterator[Letter]:
    """Yield letters, those under an accent with it, and without the signs that went into them."""
    bases = _bases(letters)
    changed: dict[int, str] = {}
    gone: set[int] = set()
    for at, letter in enumerate(letters):
        if letter.run and letter.text in _ACCENTS:
            base = _base(letters, at, bases)
            if base is not None and base not in changed:
                changed[base] = _over(letters[base].text, letter.text)
                gone |= {at, *_made_up(letters, at)}
    for at, letter in enumerate(letters):
        if at not in gone:
            yield letter._replace(text=changed[at]) if at in changed else letter


def _bases(letters: Sequence[Letter]) -> dict[_Place, list[int]]:
    """Return where letters stand that an accent may go into."""
    bases: dict[_Place, list[int]] = defaultdict(list)
    for at, letter in enumerate(letters):
        if letter.run and letter.text.isalpha() and letter.text not in _ACCENTS:
            there = bases[_place(letter, 0, 0)]
            if len(there) < _MAX_IN_SQUARE:
                there.append(at)
    return bases


def _place(letter: Letter, right: int, up: int) -> _Place:
    assert letter.run is not None
    x = int((letter.x0 + letter.x1) / 2 / _CELL)
    return letter.run.angle, x + right, int(letter.run.y / _CELL) + up


def _base(letters: Sequence[Letter], at: int, bases: dict[_Place, list[int]]) -> int | None:
    """Return the letter that stands under an accent."""
    accent = letters[at]
    assert accent.run is not None
    middle, size = (accent.x0 + accent.x1) / 2, accent.run.size
    rows = range(-int(size / _CELL) - 1, 2)
    near = (
        base for up in rows for right in (-1, 0, 1) for base in bases[_place(accent, right, up)]
    )
    best, nearest = None, 0.5 * size
    for base in near:
        letter = letters[base]
        assert letter.run is not None
        is_under = -0.15 * size < accent.run.y - letter.run.y < 0.7 * size
        is_over = letter.x0 <= middle <= letter.x1 and len(_over(letter.text, accent.text)) == 1
        distance = abs((letter.x0 + letter.x1) / 2 - middle)
        if is_under and is_over and distance < nearest:
            best, nearest = base, distance
    return best


def _over(letter: str, accent: str) -> str:
    return unicodedata.normalize("NFC", _WITHOUT_DOT.get(letter, letter) + _ACCENTS[accent])


def _made_up(letters: Sequence[Letter], at: int) -> Iterator[int]:
    """Yield the made-up spaces beside an accent: what is left tells by its place if one is."""
    yield from (
        near
        for near in (at - 1, at + 1)
        if letters[near : near + 1] and near >= 0 and letters[near].run is None
    )

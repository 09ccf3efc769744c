"""Numbers of lists as a document counts them, and how a number is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gabarito.ingest.formats.figures.number_words import CHINESE_STYLES, chinese, in_words

BULLET = "-"
MAX_LEVELS = 9

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN = 3999
_MAX_REPEATED_LETTERS = 30
_SIGNS = ("*", "†", "‡", "§")


def roman(number: int) -> str:
    """Return a number in small Roman numerals, where it has some."""
    if not 0 < number <= _MAX_ROMAN:
        return str(number)
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def letters_of_columns(number: int) -> str:
    """Return a number as a letter: a to z, then aa, ab as the columns of a sheet count on."""
    text = ""
    while number > 0:
        number, at = divmod(number - 1, 26)
        text = chr(ord("a") + at) + text
    return text or "0"


def letters(number: int) -> str:
    """Return a number as a letter: a to z, then aa, bb as Word counts on."""
    times, at = divmod(number - 1, 26)
    if number < 1 or times >= _MAX_REPEATED_LETTERS:
        return str(number)
    return chr(ord("a") + at) * (times + 1)


def _english(number: int) -> str:
    tens, ones = divmod(number % 100, 10)
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def _ordinal(number: int, language: str) -> str:
    match language[:2]:
        case "en":
            return _english(number)
        case "pt" | "es" | "it" | "gl" | "":
            return f"{number}º"
        case "fr":
            return f"{number}{'er' if number == 1 else 'e'}"
    return f"{number}."


def _alphabet(signs: str) -> Callable[[int], str]:
    return lambda number: signs[number - 1] if 0 < number <= len(signs) else str(number)


_WRITTEN: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerLetterColumns": letters_of_columns,
    "upperLetterColumns": lambda number: letters_of_columns(number).upper(),
    "hex": lambda number: f"{number:X}",
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "numberInDash": lambda number: f"- {number} -",
    "chicago": lambda number: _SIGNS[(number - 1) % 4] * ((number - 1) // 4 % 9 + 1),
    **dict.fromkeys(
        ("decimalEnclosedCircle", "decimalEnclosedCircleChinese"),
        _alphabet("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    ),
    "decimalEnclosedParen": _alphabet("⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇"),
    "decimalEnclosedFullstop": _alphabet("⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛"),
    "hebrew2": _alphabet("אבגדהוזחטיכלמנסעפצקרשת"),
    "arabicAlpha": _alphabet("أبتثجحخدذرزسشصضطظعغفقكلمنهوي"),
    "ganada": _alphabet("가나다라마바사아자차카타파하"),
    "chosung": _alphabet("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
    **dict.fromkeys(
        ("aiueo", "aiueoFullWidth"),
        _alphabet(
            "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
        ),
    ),
    **dict.fromkeys(
        ("iroha", "irohaFullWidth"),
        _alphabet(
            "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
        ),
    ),
    "ideographTraditional": _alphabet("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _alphabet("子丑寅卯辰巳午未申酉戌亥"),
    **dict.fromkeys(CHINESE_STYLES, chinese),
    "russianLower": _alphabet("абвгдежзиклмнопрстуфхцчшщыэюя"),
    "russianUpper": _alphabet("АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ"),
}


def number_text(number: int, style: str, language: str = "") -> str:
    """Return a number as a list writes it.

    ``style`` is a ``numFmt`` of Word, ``lowerLetterColumns``, or as many zeros as it has digits.
    """
    if style == "none":
        return ""
    if style == "ordinal":
        return _ordinal(number, language)
    if style in {"cardinalText", "ordinalText"}:
        return in_words(number, style, language)
    if style.startswith("0"):
        return str(number).zfill(len(style))
    return _WRITTEN.get(style, str)(number)


@dataclass(frozen=True)
class Level:
    """How a level of a list is numbered: ``text`` has ``%1`` for the number of the first level.

    ``restart`` is the level, counted from one, after which it begins again; 0 for never.
    """

    style: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    is_legal: bool = False
    paragraph_style: str = ""


@dataclass
class Counter:
    """The numbers of one list as they stand now.

    With ``fills`` an item of a level that nothing stands above counts as the first of that one,
    too, as it is in OpenDocument; so the next one there is the second.
    """

    language: str = ""
    fills: bool = False
    now: list[int | None] = field(default_factory=lambda: [None] * MAX_LEVELS)

    def count(self, levels: Sequence[Level], at: int) -> str:
        """Count one more item of level ``at`` and return its marker."""
        level = levels[at]
        before = self.now[at]
        self.now[at] = level.start if before is None else before + 1
        for above, skipped in enumerate(levels[:at] if self.fills else ()):
            self.now[above] = skipped.start if self.now[above] is None else self.now[above]
        for deeper in range(at + 1, min(len(levels), MAX_LEVELS)):
            restart = levels[deeper].restart
            if restart is None or at < restart:
                self.now[deeper] = None
        return self._marker(levels, at)

    def set(self, at: int, before: int) -> None:
        """Let the next item of a level have the number after ``before``."""
        self.now[at] = before

    def _marker(self, levels: Sequence[Level], at: int) -> str:
        level = levels[at]
        if level.style == "bullet":
            return BULLET
        text = level.text
        for place, shown in enumerate(levels[: at + 1]):
            if f"%{place + 1}" in text:
                now = self.now[place]
                number = shown.start if now is None else now
                style = "decimal" if level.is_legal else shown.style
                text = text.replace(f"%{place + 1}", number_text(number, style, self.language))
        return " ".join(text.split())

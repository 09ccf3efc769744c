"""Numbers as the format codes of a workbook show them (ECMA-376, part 1, 18.8.31).

``0.125`` with ``0.0%`` is ``12.5%``, ``1234.5`` with ``#,##0.00 "€"`` is ``1,234.50 €``. A code
that is not wholly understood shows nothing: the number itself is then better than a wrong one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import NamedTuple

MAX_CODE_CHARS = 255
"""The longest code that a spreadsheet program takes; places and digits are bounded with it."""

_MAX_EXPONENT = 30
_DIGITS = 15
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.(?P<space>)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)(?:-(?P<locale>[0-9A-Fa-f]+))?[^\]]*\]"
    r"|\[(?P<elapsed>h+|m+|s+)\]"
    r"|\[(?P<condition>(?:[<>]=?|=|<>)-?\d+(?:\.\d+)?)\]"
    r"|\[(?P<colour>black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\]"
    r"|(?P<general>general)|(?P<date>am/pm|a/p|y+|m+|d+|h+|s+(?:\.0+)?|e+(?![+-]))"
    r"|(?P<exponent>E[+-])|(?P<place>[0#?.,])|(?P<percent>%)|(?P<text>@)|(?P<end>;)"
    r"|(?P<plain>[^\[\]A-Za-z/\"\\_*]|/(?![\d?#]))",
    re.IGNORECASE | re.DOTALL,
)
_RUN = re.compile(r"(?P<group>#,##)?0(?:\.(?P<broken>0+))?")
_TESTS = {
    "<": Decimal.__lt__,
    "<=": Decimal.__le__,
    ">": Decimal.__gt__,
    ">=": Decimal.__ge__,
    "=": Decimal.__eq__,
    "<>": Decimal.__ne__,
}


class Token(NamedTuple):
    """A piece of a code: what it is, and its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Section:
    """One of the parts of a code between semicolons."""

    tokens: tuple[Token, ...]
    condition: str = ""

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Return what occurs in it."""
        return frozenset(token.kind for token in self.tokens)

    @cached_property
    def is_date(self) -> bool:
        """Tell whether it shows a date, a time or a duration."""
        return bool({"date", "elapsed"} & self.kinds)

    @cached_property
    def plain_digits(self) -> tuple[str, str, str, Decimal] | None:
        """Return what stands around digits in one run, their mark of thousands, the last place.

        Nearly all codes are so, and what is worked out once for a code need not be for a number.
        """
        texts = [token.text if token.kind == "place" else "" for token in self.tokens]
        run = _RUN.fullmatch("".join(texts))
        places = [at for at, text in enumerate(texts) if text]
        is_whole = bool(places) and places[-1] - places[0] == len(places) - 1
        if not run or not is_whole or not self.kinds <= {"plain", "place", "percent"}:
            return None
        before, after = self.tokens[: places[0]], self.tokens[places[-1] + 1 :]
        before_text, after_text = ("".join(one.text for one in part) for part in (before, after))
        last = Decimal(1).scaleb(-len(run["broken"] or ""))
        return before_text, after_text, "," if run["group"] else "", last


@lru_cache(maxsize=1024)
def sections(code: str) -> tuple[Section, ...]:
    """Return the sections of a format code; none if it is not understood."""
    found: list[list[Token]] = [[]]
    conditions = [""]
    at = 0
    while at < len(code) <= MAX_CODE_CHARS:
        match = _TOKEN.match(code, at)
        if match is None:
            return ()
        at = match.end()
        kind = next(name for name, value in match.groupdict().items() if value is not None)
        if kind == "end":
            found.append([])
            conditions.append("")
        elif kind == "condition":
            conditions[-1] = match["condition"]
        elif kind != "colour" and match["fill"] in {None, " "}:
            found[-1].append(_token(kind, match))
    if at < len(code) or len(found) > 4:
        return ()
    return tuple(Section(tuple(each), test) for each, test in zip(found, conditions, strict=True))


def _token(kind: str, match: re.Match[str]) -> Token:
    if kind in {"quoted", "escaped", "plain", "currency"}:
        return Token("plain", match[kind])
    if kind in {"space", "fill"}:
        return Token("plain", " ")
    return Token(kind, match[kind].lower())


def number_as_shown(value: float, code: str) -> str | None:
    """Return a number as a cell shows it; nothing where the code is not understood."""
    parts = sections(code)
    exact = Decimal(f"{value:.{_DIGITS}g}")
    chosen = _chosen(parts, exact) if exact.is_finite() else None
    if chosen is None or chosen.is_date:
        return None
    if exact < 0 and any(part.condition for part in parts):
        return None  # programs differ in where the sign stands then
    try:
        shown = _shown(chosen, abs(exact))
    except InvalidOperation:  # more digits than are counted with
        return None
    if shown is None:
        return None
    is_negative = exact < 0 and chosen is parts[0] and any(map(shown.__contains__, "123456789"))
    return " ".join(f"{'-' if is_negative else ''}{shown}".split())


def text_as_shown(text: str, code: str) -> str:
    """Return a text as a cell shows it; the section for texts may add to it or hide it."""
    parts = sections(code)
    last = parts[-1] if parts else Section(())
    if len(parts) == 4 or "text" in last.kinds:
        return "".join(text if one.kind == "text" else one.text for one in last.tokens)
    return text


def _chosen(parts: Sequence[Section], value: Decimal) -> Section | None:
    """Return the section for a number; the fourth is for texts, and so is one with ``@``."""
    if len(parts) > 1 and "text" in parts[-1].kinds:
        parts = parts[:-1]
    parts = parts[:3]
    if not parts or any("text" in part.kinds for part in parts):
        return None
    if any(part.condition for part in parts):
        return next((part for part in parts if _holds(part.condition, value)), None)
    if value < 0 and len(parts) > 1:
        return parts[1]
    return parts[2] if value == 0 and len(parts) > 2 else parts[0]


def _holds(condition: str, value: Decimal) -> bool:
    if not condition:
        return True
    sign = condition.rstrip("-.0123456789")
    return bool(_TESTS[sign](value, Decimal(condition[len(sign) :])))


def _shown(section: Section, value: Decimal) -> str | None:
    """Write a number that is not negative by a section."""
    tokens, kinds = section.tokens, [token.kind for token in section.tokens]
    if "percent" in section.kinds:
        value *= 100 ** kinds.count("percent")
    if section.plain_digits:
        before, after, group, last = section.plain_digits
        return f"{before}{value.quantize(last, ROUND_HALF_UP):{group}f}{after}"
    if "general" in kinds:
        number = f"{value.normalize():f}"
        return "".join(number if one.kind == "general" else one.text for one in tokens)
    if "exponent" in kinds:
        return _scientific(tokens, value)
    return _fixed(tokens, value)


def _fixed(tokens: Sequence[Token], value: Decimal) -> str | None:
    places = [at for at, token in enumerate(tokens) if token.kind == "place"]
    points = [at for at in places if tokens[at].text == "."]
    if len(points) > 1:
        return None
    point = points[0] if points else len(tokens)
    whole = [at for at in places if at < point and tokens[at].text != ","]
    broken = [at for at in places if at > point and tokens[at].text != ","]
    commas = [at for at in places if tokens[at].text == ","]
    last = (broken or whole or [-1])[-1]
    scaling = [at for at in commas if at > (whole[-1] if whole else -1)]
    if any(at < point and not points and at < last for at in scaling):
        return None
    value = (value / 1000 ** len(scaling)).quantize(Decimal(1).scaleb(-len(broken)), ROUND_HALF_UP)
    digits, _, decimals = f"{value:f}".partition(".")
    is_grouped = any(at < whole[-1] for at in commas) if whole else False
    written = _whole_places(tokens, whole, digits, "," if is_grouped else "")
    written |= _decimal_places(tokens, broken, decimals)
    if points and any(map(written.get, broken)):
        written[point] = "."
    return "".join(
        written.get(at, "") if token.kind == "place" else token.text
        for at, token in enumerate(tokens)
    )


def _whole_places(
    tokens: Sequence[Token], places: Sequence[int], digits: str, group: str
) -> dict[int, str]:
    """Return what stands in the places before the point; the first takes all that is left."""
    left = digits.lstrip("0")
    written = {}
    count = 0
    for at in reversed(places):
        taken = left if at == places[0] else left[-1:]
        left = left[: len(left) - len(taken)]
        taken = taken or {"0": "0", "?": " "}.get(tokens[at].text, "")
        text = ""
        for digit in reversed(taken):
            text = digit + (group if count and count % 3 == 0 and digit != " " else "") + text
            count += 1
        written[at] = text
    return written


def _decimal_places(
    tokens: Sequence[Token], places: Sequence[int], decimals: str
) -> dict[int, str]:
    written = {}
    is_needed = False
    for at, digit in reversed(list(zip(places, decimals, strict=False))):
        is_needed = is_needed or digit != "0" or tokens[at].text == "0"
        written[at] = digit if is_needed else ""
    return written


def _scientific(tokens: Sequence[Token], value: Decimal) -> str | None:
    """Write a number with its power of ten, for codes of one place before the point."""
    at = next(at for at, token in enumerate(tokens) if token.kind == "exponent")
    before, after = tokens[:at], tokens[at + 1 :]
    texts = "".join(token.text for token in before if token.kind == "place")
    whole, _, broken = texts.partition(".")
    if whole not in {"0", "#"} or "," in broken or {"0"} != {one.text for one in after}:
        return None
    exponent = value.adjusted() if value else 0
    unit = Decimal(1).scaleb(-len(broken))
    mantissa = value.scaleb(-exponent).quantize(unit, ROUND_HALF_UP)
    if mantissa >= 10:
        exponent += 1
        mantissa = value.scaleb(-exponent).quantize(unit, ROUND_HALF_UP)
    if abs(exponent) > _MAX_EXPONENT * 10:
        return None
    shown = _fixed(before, mantissa)
    sign = "-" if exponent < 0 else "+" if tokens[at].text.endswith("+") else ""
    return None if shown is None else f"{shown}E{sign}{abs(exponent):0{len(after)}d}"

"""Numbers up to a hundred and ordinals, spelled in Portuguese or English without accents."""

import re
from collections.abc import Sequence


def values_of(rows: Sequence[str], first: int, step: int = 1) -> dict[str, int]:
    """Return the value of each word; the words of one row share it."""
    return {word: first + step * n for n, row in enumerate(rows) for word in row.split()}


def any_of(words: dict[str, int]) -> str:
    """Return a pattern that matches each of these words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


_UNITS = (
    "um uma one", "dois duas two", "tres three", "quatro four", "cinco five", "seis six",
    "sete seven", "oito eight", "nove nine",
)  # fmt: skip
_TEENS = (
    "dez ten", "onze eleven", "doze twelve", "treze thirteen", "catorze quatorze fourteen",
    "quinze fifteen", "dezesseis dezasseis sixteen", "dezessete dezassete seventeen",
    "dezoito eighteen", "dezenove dezanove nineteen",
)  # fmt: skip
_TENS = (
    "vinte twenty", "trinta thirty", "quarenta forty", "cinquenta fifty", "sessenta sixty",
    "setenta seventy", "oitenta eighty", "noventa ninety",
)  # fmt: skip
_ORDINAL_UNITS = (
    "primeiro primeira first", "segundo segunda second", "terceiro terceira third",
    "quarto quarta fourth", "quinto quinta fifth", "sexto sexta sixth",
    "setimo setima seventh", "oitavo oitava eighth", "nono nona ninth",
)  # fmt: skip
_ORDINAL_TEENS = (
    "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
    "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
_ORDINAL_TENS = (
    "decimo decima", "vigesimo vigesima twentieth", "trigesimo trigesima thirtieth",
    "quadragesimo quadragesima fortieth", "quinquagesimo quinquagesima fiftieth",
)  # fmt: skip

_ONES = values_of(_UNITS, 1)
_ROUND = values_of(_TENS, 20, 10)
_CARDINALS = (
    {"zero": 0} | _ONES | values_of(_TEENS, 10) | _ROUND | dict.fromkeys(("cem", "cento"), 100)
)
_ORDINAL_ONES = values_of(_ORDINAL_UNITS, 1)
_ORDINAL_ROUND = values_of(_ORDINAL_TENS, 10, 10)
_ORDINALS = _ORDINAL_ONES | values_of(_ORDINAL_TEENS, 10) | _ORDINAL_ROUND

CARDINAL = re.compile(
    rf"\b(?:(?P<tens>{any_of(_ROUND)}) (?:e )?(?P<ones>{any_of(_ONES)})"
    rf"|(?P<hundred>(?:one |a )?hundred)|(?P<word>{any_of(_CARDINALS)}))\b"
)
ORDINAL = re.compile(
    rf"\b(?:(?P<tens>{any_of(_ORDINAL_ROUND | _ROUND)}) (?P<ones>{any_of(_ORDINAL_ONES)})"
    rf"|(?P<word>{any_of(_ORDINALS)}))\b"
)
FIGURES = re.compile(r"\d+(?:[.,]\d+)+")


def cardinal(found: re.Match[str]) -> str:
    """Return a spelled number in digits."""
    if found["hundred"]:
        return "100"
    if found["tens"]:
        return str(_ROUND[found["tens"]] + _ONES[found["ones"]])
    return str(_CARDINALS[found["word"]])


def ordinal(found: re.Match[str]) -> str:
    """Return a spelled ordinal as ``7o``."""
    if found["tens"]:
        tens = (_ORDINAL_ROUND | _ROUND)[found["tens"]]
        return f"{tens + _ORDINAL_ONES[found['ones']]}o"
    return f"{_ORDINALS[found['word']]}o"


def figures(found: re.Match[str]) -> str:
    """Return ``1.234.567,8`` and ``1,234,567.8`` as ``1234567.8``."""
    text = found[0]
    groups, signs = re.split(r"[.,]", text), re.findall(r"[.,]", text)
    if len(set(signs)) == 1 and _is_grouped(groups):
        return "".join(groups)
    if len(signs) == 1 or (len(set(signs)) == 2 and signs.count(signs[-1]) == 1):
        return f"{''.join(groups[:-1])}.{groups[-1]}"
    return text


def _is_grouped(groups: list[str]) -> bool:
    first, *others = groups
    return len(first) <= 3 and not first.startswith("0") and all(len(g) == 3 for g in others)

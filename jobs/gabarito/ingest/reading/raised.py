"""Raised and lowered text on one line, so that 10⁶ is not read as 106 nor 1987¹ as 19871."""

import re

_RAISED = dict(
    zip("0123456789+-−=()niabcdefghjklmoprstuvwxyz",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)
)  # fmt: skip
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_LETTERS_THAT_COUNT = frozenset("ni")
"""Letters that stand for numbers more often than for words."""

_ALREADY = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀-₉ªº°™℠®©*†‡§′″]+")
_ORDINALS = {"o": "º", "a": "ª"}
_UNITS = frozenset("hms")
_SIGNS = {"tm": "™", "sm": "℠"}
_ENDINGS = frozenset(
    "os as st nd rd th e er re ère ème me mme lle mes lles".split()  # noqa: SIM905
)
"""Endings of ordinals and shortened words, which are read the same on the line."""

_MARK = re.compile(r"\[?\s*([0-9]{1,3}|[a-z]{1,2}|[*†‡§]{1,3})\s*\]?", re.IGNORECASE)
_MAX_CHARS = 24


def superscript(text: str, before: str) -> str:
    """Return what is raised behind ``before`` as it is written on the line."""
    body, is_plain = _plain(text, before)
    if body.startswith("[") and body.endswith("]"):
        return note_mark(body)
    if is_plain:
        return body
    if not _is_base(before):
        return note_mark(body) if _MARK.fullmatch(body) and not body.isalpha() else body
    as_letters = _letters(body, before)
    if as_letters:
        return as_letters
    return "".join(map(_RAISED.__getitem__, body)) if _is_number(body) else f"^({body})"


def _letters(body: str, before: str) -> str:
    """Return raised letters that are the end of a word, a unit or a sign; else nothing."""
    low, last = body.lower(), before[-1]
    if low in _SIGNS:
        return _SIGNS[low]
    if low in _ORDINALS and (last.isdigit() or last in "nNM"):
        return _ORDINALS[low]
    is_unit = low in _UNITS and last.isdigit()
    is_ending = low in _ENDINGS and (len(low) > 1 or last.isdigit() or last.isupper())
    return body if is_unit or is_ending else ""


def _is_number(body: str) -> bool:
    return all(
        char in _RAISED and (not char.isalpha() or char in _LETTERS_THAT_COUNT) for char in body
    )


def subscript(text: str, before: str) -> str:
    """Return what is lowered behind ``before`` as it is written on the line."""
    body, is_plain = _plain(text, before)
    if is_plain or not _is_base(before):
        return body
    if all(char in _LOWERED for char in body):
        return "".join(_LOWERED[char] for char in body)
    return f"_({body})"


def note_mark(text: str) -> str:
    """Return the mark of a note, set apart so that it is no part of a figure."""
    return f" [{text.strip().strip('[]()').strip()}]"


def _plain(text: str, before: str) -> tuple[str, bool]:
    """Return the text folded, and whether it is one that needs no sign to be read."""
    body = " ".join(text.split())
    if not body or _ALREADY.fullmatch(body):
        return body, True
    if len(body) > _MAX_CHARS:
        return f" {body} " if _is_base(before) else body, True
    return body, False


def _is_base(before: str) -> bool:
    return before[-1:].isalnum() or before[-1:] in tuple(")]}%°′″ªº")

r"""Equations of EQ fields on one line: ``EQ \f(1,2)`` is ``1/2``, ``EQ \r(3,x)`` is ``∛(x)``.

What stands in the switches of a function beside its brackets says only how large it is set.
"""

import re
from collections.abc import Sequence

from gabarito.ingest.formats.figures.numbering import number_text
from gabarito.ingest.reading.raised import subscript, superscript

MAX_CHARS = 2_000
MAX_DEPTH = 20

_FUNCTION = re.compile(r"\\([a-z])((?:\s*\\(?:[lrb]c\\.|[a-z]+-?\d*))*)\s*\(", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\(),;])")
_ROOTS = {"2": "√", "3": "∛", "4": "∜"}
_RINGS = "○◯"


def equation(instruction: str) -> str:
    """Return what the instruction of an EQ field displays, nothing where it is not understood."""
    code = instruction.strip()[2:].strip()
    return _written(code, 0) or "" if len(code) <= MAX_CHARS else ""


def _written(code: str, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return None
    written: list[str] = []
    at = 0
    while at < len(code):
        if found := _FUNCTION.match(code, at):
            arguments, at = _arguments(code, found.end())
            parts = [_written(one, depth + 1) for one in arguments]
            said = _said(found[1].lower(), found[2].lower(), [part or "" for part in parts])
            if None in parts or said is None or at < 0:
                return None
            written.append(said)
        elif escaped := _ESCAPED.match(code, at):
            written.append(escaped[1])
            at = escaped.end()
        elif code[at] == "\\":
            return None
        else:
            written.append(code[at])
            at += 1
    return "".join(written).strip()


def _arguments(code: str, at: int) -> tuple[list[str], int]:
    """Return what stands in the brackets that are open, and where it ends; -1 for nowhere."""
    arguments = [""]
    is_open = 1
    while at < len(code):
        char = code[at]
        if char == "\\":
            char = code[at : at + 2]
            at += 1
        is_open += (char == "(") - (char == ")")
        at += 1
        if not is_open:
            return arguments, at
        if char in {",", ";"} and is_open == 1:
            arguments.append("")
        else:
            arguments[-1] += char
    return arguments, -1


def _said(name: str, switches: str, parts: Sequence[str]) -> str | None:
    match name, parts:
        case "f", [over, under]:
            return f"{_grouped(over)}/{_grouped(under)}"
        case "i", [below, above, inside]:
            return f"∫_({below})^({above}) {inside}"
        case "l", _:
            return ", ".join(parts)
        case "o", [ring, number] if ring in _RINGS and number.isdecimal():
            return number_text(int(number), "decimalEnclosedCircle")
        case "r", [degree, inside]:
            return f"{_ROOTS.get(degree) or superscript(degree, 'x') + '√'}({inside})"
        case _, [inside]:
            return _around(name, switches, inside)
    return None


def _around(name: str, switches: str, inside: str) -> str | None:
    """Return what a function of one part displays."""
    match name:
        case "b" if not switches.strip():
            return f"({inside})"
        case "r":
            return f"√({inside})"
        case "s" if "\\up" in switches:
            return superscript(inside, "x")
        case "s" if "\\do" in switches:
            return subscript(inside, "x")
        case "x":
            return inside
    return None


def _grouped(text: str) -> str:
    return text if text.isalnum() or len(text) == 1 else f"({text})"

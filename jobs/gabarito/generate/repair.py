"""Objects that are nearly JSON: read as far as their meaning is beyond doubt."""

import ast
import json
import re
from collections.abc import Callable
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟", '"'))
_PYTHON_WORDS = {"true": "True", "false": "False", "null": "None"}


def object_at(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    """Return the object that begins with the brace at ``start``, and where it ends.

    None if it cannot be read or has no end.
    """
    value, end = _read(text, start)
    return (value, end) if isinstance(value, dict) else None


def _read(text: str, start: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError):
        end = _end_of_object(text, start)
        return (_repaired(text[start:end]) if end else None), end


def _end_of_object(text: str, start: int) -> int:
    """Return the place after the brace that closes the one at ``start``, or 0."""
    depth, place = 0, start
    while place < len(text):
        string = _STRING.match(text, place) if text[place] == '"' else None
        if string:
            place = string.end()
            continue
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        place += 1
        if not depth:
            return place
    return 0


def _repaired(text: str) -> object:
    plain = _outside_strings(text, lambda piece: re.sub(r",(\s*[}\]])", r"\1", piece))
    for candidate in (plain, plain.translate(_DOUBLE_QUOTES)):
        try:
            return _DECODER.decode(candidate)
        except (json.JSONDecodeError, RecursionError):
            continue
    return _literal(plain)


def _literal(text: str) -> object:
    """Read single quotes as Python does: only literals, nothing is run."""
    words = re.compile(r"\b(?:true|false|null)\b")
    source = _outside_strings(
        text, lambda piece: words.sub(lambda word: _PYTHON_WORDS[word[0]], piece)
    )
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _outside_strings(text: str, change: Callable[[str], str]) -> str:
    parts, place = [], 0
    for string in _STRING.finditer(text):
        parts += [change(text[place : string.start()]), string[0]]
        place = string.end()
    return "".join([*parts, change(text[place:])])

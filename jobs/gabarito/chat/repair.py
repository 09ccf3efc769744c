"""Objects that are nearly JSON: read as far as their meaning is beyond doubt.

The work grows with the text's length and no faster: a reply may be a hundred thousand braces.
"""

import ast
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

MAX_DEPTH = 10
"""Objects within each other: each that cannot be read is tried on its own, so that their work is
this times the text's length; a fact in two wrappers is the third."""

MAX_PASSES = 16
"""A text is gone through once for its braces, and again only from a brace that seemed to stand
within a string; a text with many of these is no nearly-JSON."""

_DECODER = json.JSONDecoder(strict=False)
_STRINGS = {
    quote: re.compile(rf"{quote}(?:[^{quote}\\]++|\\.)*+{quote}", re.DOTALL) for quote in "\"'"
}
_BRACES = re.compile(r"[{}]")
_BRACES_AND_QUOTES = re.compile(r'[{}"]')
_QUOTE = re.compile(r'(?P<before>[{\[,:\\]\s*)?"(?=(?P<after>\s*[,:}\]])?)')
_FULL_WIDTH = str.maketrans("：，｛｝［］", ":,{}[]")
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟", '"'))
_PYTHON_WORDS = {"true": "True", "false": "False", "null": "None"}


class Objects:
    """The objects of a text, by the places of their first braces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = MAX_PASSES * len(text)
        self._ends: dict[int, tuple[int, int]] = {}

    def at(self, start: int) -> tuple[dict[str, Any], int] | None:
        """Return the object that begins with the brace at ``start``, and where it ends.

        None if it cannot be read, has no end or is nested too deep.
        """
        if start not in self._ends and self._left > 0:
            self._measure(start)
        end, depth = self._ends.get(start, (0, 0))
        value = _read(self._text[start:end]) if end and depth <= MAX_DEPTH else None
        return (value, end) if isinstance(value, dict) else None

    def _measure(self, start: int) -> None:
        """Note where a brace and those within it are closed, or 0, and how deep each goes."""
        place, depth = start, 0
        opened: list[tuple[int, int]] = []
        pattern = _BRACES_AND_QUOTES
        while found := pattern.search(self._text, place):
            sign, place = found[0], found.end()
            if sign == '"':
                string = _STRINGS[sign].match(self._text, place - 1)
                if string:
                    place = string.end()
                else:  # and so no later one is closed either
                    pattern = _BRACES
            elif sign == "{":
                opened.append((place - 1, depth))
                depth = 0
            else:
                first, beside = opened.pop()
                self._ends[first] = (place, depth + 1)
                depth = max(depth + 1, beside)
                if not opened:
                    break
        self._ends.update((first, (0, 0)) for first, _ in opened)
        self._left -= (len(self._text) if opened else place) - start


def _read(text: str) -> object:
    """Return the value of JSON, of nearly JSON, or None."""
    unreadable = (ValueError, RecursionError)  # ValueError: also a number of thousands of digits
    with suppress(*unreadable):
        return _DECODER.decode(text)
    plain = _outside_strings(text, _plain_signs)
    for candidate in (plain, plain.translate(_DOUBLE_QUOTES), _with_inner_quotes(plain)):
        with suppress(*unreadable):
            return _DECODER.decode(candidate)
    # Single quotes are read as Python does: only literals that JSON has too, nothing is run.
    words = re.compile(r"\b(?:true|false|null)\b")
    source = _outside_strings(
        plain, lambda piece: words.sub(lambda word: _PYTHON_WORDS[word[0]], piece)
    )
    with suppress(*unreadable, TypeError, SyntaxError, MemoryError):
        return json.loads(json.dumps(ast.literal_eval(source)))
    return None


def _with_inner_quotes(text: str) -> str:
    """Escape the quotes that neither begin nor end a string: those beside no other sign."""
    return _QUOTE.sub(lambda found: found[0] if found["before"] or found["after"] else r"\"", text)


def _plain_signs(text: str) -> str:
    """Return signs between strings as JSON has them: in ASCII, no comma before a bracket."""
    return re.sub(r",(\s*[}\]])", r"\1", text.translate(_FULL_WIDTH))


def _outside_strings(text: str, change: Callable[[str], str]) -> str:
    """Change what is in no string; after a quote that is never closed, none of its kind is."""
    parts, done, place, quotes = [], 0, 0, "\"'"
    while quotes and (found := re.compile(f"[{quotes}]").search(text, place)):
        string = _STRINGS[found[0]].match(text, found.start())
        place = (string or found).end()
        if string:
            parts += [change(text[done : string.start()]), string[0]]
            done = place
        else:
            quotes = quotes.replace(found[0], "")
    return "".join([*parts, change(text[done:])])

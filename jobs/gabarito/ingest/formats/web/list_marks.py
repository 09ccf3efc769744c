"""Marks of list items in web pages: the numbers and letters that a reader sees."""

import re

from gabarito.ingest.formats.element import Element

_NUMBER = re.compile(r"\s*[+-]?\d{1,9}\b")
_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?(lower-alpha|lower-latin|upper-alpha|"
                    r"upper-latin|lower-roman|upper-roman|decimal-leading-zero|none)")  # fmt: skip
_TYPE_OF_STYLE = {"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A",
                  "lower-roman": "i", "upper-roman": "I", "none": "-"}  # fmt: skip
_ROMAN = [(1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")]  # fmt: skip
_MAX_ROMAN = 3999
BULLET = "-"


class ListMarks:
    """Counts the items of one list."""

    def __init__(self, element: Element) -> None:
        self.only_sets_in = element.tag == "dl" and next(element.iter("dt"), None) is None
        """Whether it has no terms, as where wikis set a formula in from the margin."""
        self._is_counted = element.tag == "ol"
        self._type = _type(element, "1")
        self._step = 1 if element.get("reversed") is None else -1
        first = 1 if self._step > 0 else sum(1 for _ in element.iterchildren("li"))
        self._next = _number(element.get("start"), first)

    def mark(self, item: Element) -> str:
        """Return the mark of the next item."""
        if not self._is_counted:
            return BULLET
        number = _number(item.get("value"), self._next)
        self._next = number + self._step
        kind = _type(item, self._type)
        return BULLET if kind == BULLET else f"{_written(number, kind)}."


def _number(value: str | None, otherwise: int) -> int:
    found = _NUMBER.match(value or "")
    return int(found.group()) if found else otherwise


def _type(element: Element, otherwise: str) -> str:
    styled = _STYLE.search(element.get("style", "").lower())
    if styled:
        return _TYPE_OF_STYLE.get(styled.group(1), "1")
    kind: str = element.get("type", "")
    return kind if kind in ("1", "a", "A", "i", "I") else otherwise


def _written(number: int, kind: str) -> str:
    if kind in "aA" and number > 0:
        letters = ""
        while number > 0:
            number, place = divmod(number - 1, 26)
            letters = chr(ord(kind) + place) + letters
        return letters
    if kind in "iI" and 0 < number <= _MAX_ROMAN:
        letters = ""
        for value, sign in _ROMAN:
            letters += sign * (number // value)
            number %= value
        return letters if kind == "i" else letters.upper()
    return str(number)

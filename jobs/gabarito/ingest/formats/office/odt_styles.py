"""Styles and lists of an OpenDocument text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import MAX_LEVELS, Counter, Level

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE = f"{{{_OASIS}:office:1.0}}"
TEXT = f"{{{_OASIS}:text:1.0}}"
TABLE = f"{{{_OASIS}:table:1.0}}"
DRAW = f"{{{_OASIS}:drawing:1.0}}"
STYLE = f"{{{_OASIS}:style:1.0}}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"

_PATTERN = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}num-list-format"
_PLACE = re.compile(r"%(\d)%")

_FORMATS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman"}
_FORMATS |= {"I": "upperRoman", "": "none", "1st": "ordinal"}
_LEVELS = (
    f"{TEXT}list-level-style-number",
    f"{TEXT}list-level-style-bullet",
    f"{TEXT}list-level-style-image",
    f"{TEXT}outline-level-style",
)


def whole(text: str | None, default: int) -> int:
    """Return a whole number of an attribute, of at most nine digits."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= MAX_LEVELS
    return int(text) if is_number and text else default


@dataclass(frozen=True)
class OdtStyle:
    """What a style says; empty leaves it to the style that it is based on."""

    name: str = ""
    parent: str = ""
    script: str = ""
    list_name: str = ""
    outline: int = 0
    hidden: bool = False
    struck: bool = False


class OdtStyles:
    """The styles and list styles of a document."""

    def __init__(self, *roots: Element) -> None:
        self._own: dict[str, OdtStyle] = {}
        self._lists: dict[str, list[Level]] = {}
        self.outline: list[Level] = [Level("none")] * MAX_LEVELS
        for root in roots:
            for node in () if root is None else root.iter(f"{STYLE}style"):
                self._own[node.get(f"{STYLE}name", "")] = _style(node)
            for node in () if root is None else root.iter(f"{TEXT}list-style"):
                self._lists[node.get(f"{STYLE}name", "")] = _levels(node)
            for node in () if root is None else root.iter(f"{TEXT}outline-style"):
                self.outline = _levels(node)

    def get(self, name: str) -> OdtStyle:
        """Return a style as it works out, with the name of the one that people chose."""
        style = self._own.get(name, OdtStyle(name))
        for base in self._bases(style, name):
            style = replace(
                style,
                name=base.name if style.name == name and style.name[:1] in "PT" else style.name,
                script=style.script or base.script,
                list_name=style.list_name or base.list_name,
                outline=style.outline or base.outline,
                hidden=style.hidden or base.hidden,
                struck=style.struck or base.struck,
            )
        return style

    def names(self, name: str) -> list[str]:
        """Return the names of a style and of all those that it is based on."""
        return [name, *(base.name for base in self._bases(self._own.get(name, OdtStyle()), name))]

    def _bases(self, style: OdtStyle, name: str) -> Iterator[OdtStyle]:
        seen = {name}
        while style.parent and style.parent not in seen:
            seen.add(style.parent)
            style = self._own.get(style.parent, OdtStyle(style.parent))
            yield style

    def levels(self, list_name: str) -> list[Level]:
        """Return the levels of a list style; bullets where there is none of that name."""
        return self._lists.get(list_name) or [Level("bullet")] * MAX_LEVELS


def _style(node: Element) -> OdtStyle:
    about = node.find(f"{STYLE}text-properties")
    position = "" if about is None else about.get(f"{STYLE}text-position", "")
    raise_by = position.split(" ")[0]
    is_lowered = raise_by.startswith(("-", "sub"))
    line = "none" if about is None else about.get(f"{STYLE}text-line-through-style", "none")
    return OdtStyle(
        name=node.get(f"{STYLE}name", ""),
        parent=node.get(f"{STYLE}parent-style-name", ""),
        script="" if raise_by in {"", "0%"} else "subscript" if is_lowered else "superscript",
        list_name=node.get(f"{STYLE}list-style-name", ""),
        outline=whole(node.get(f"{STYLE}default-outline-level"), 0),
        hidden=about is not None and about.get(f"{TEXT}display") == "none",
        struck=line not in {"none", ""},
    )


def _levels(node: Element) -> list[Level]:
    levels = [Level("none")] * MAX_LEVELS
    numbered = {
        whole(child.get(f"{TEXT}level"), 1)
        for child in node.iterchildren(*_LEVELS)
        if child.tag not in _LEVELS[1:3] and child.get(f"{STYLE}num-format")
    }
    for child in node.iterchildren(*_LEVELS):
        at = whole(child.get(f"{TEXT}level"), 1) - 1
        if not 0 <= at < MAX_LEVELS:
            continue
        if child.tag in _LEVELS[1:3]:
            levels[at] = Level("bullet")
            continue
        style = _FORMATS.get(child.get(f"{STYLE}num-format", ""), "decimal")
        if "Letter" in style and child.get(f"{STYLE}num-letter-sync") != "true":
            style += "Columns"
        shown = min(max(whole(child.get(f"{TEXT}display-levels"), 1), 1), at + 1)
        places = range(at + 1 - shown, at + 1)
        # A level without a number is left out, and its point with it.
        numbers = ".".join(f"%{place + 1}" for place in places if place + 1 in numbered)
        before, after = (child.get(f"{STYLE}num-{end}", "") for end in ("prefix", "suffix"))
        text = f"{before}{numbers if style != 'none' else ''}{after}"
        if pattern := child.get(_PATTERN):  # says more than the parts around one number can
            text = _PLACE.sub(r"%\1", pattern)
        levels[at] = Level(style, text, whole(child.get(f"{TEXT}start-value"), 1))
    return levels


@dataclass
class OdtLists:
    """Counts the items of lists, each with the list that it goes on."""

    styles: OdtStyles
    _counters: dict[str, Counter] = field(default_factory=dict)
    _of_list: dict[str, Counter] = field(default_factory=dict)
    headings: Counter = field(default_factory=lambda: Counter(fills=True))

    def open(self, node: Element, style: str) -> Counter:
        """Return the counter of an outermost list: a new one, unless it goes on another."""
        goes_on = node.get(f"{TEXT}continue-numbering") == "true"
        other = node.get(f"{TEXT}continue-list")
        counter = self._of_list.get(other) if other else None
        if counter is None and goes_on:
            counter = self._counters.get(style)
        counter = counter or Counter(fills=True)
        self._counters[style] = counter
        name = node.get("{http://www.w3.org/XML/1998/namespace}id")
        if name:
            self._of_list[name] = counter
        return counter

"""What the shapes of a slide are: where they stand, what they hold, how their points are marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import MAX_LEVELS, number_text
from gabarito.ingest.formats.office.drawing import A
from gabarito.ingest.formats.office.linear_math import M, linear
from gabarito.ingest.reading.raised import subscript, superscript

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"

_NUMBERED = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
    **dict.fromkeys(("ea1Chs", "ea1Cht", "ea1JpnChs", "ea1JpnKor"), "chineseCounting"),
}
_MARKS = ("buNone", "buAutoNum", "buChar", "buBlip")
_AUTO = re.compile(
    r"(alphaLc|alphaUc|romanLc|romanUc|arabicDb|arabic|circleNum|ea1Chs|ea1Cht|ea1JpnChs|ea1JpnKor)"
    r"(ParenBoth|ParenR|Period|Plain|DbPlain|WdBlackPlain|WdWhitePlain|DbPeriod)"
)
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "DbPeriod": "{}."}


def all_text(root: Element) -> str:
    """Return all text in an element."""
    return " ".join("".join(t.text or "" for t in p.iter(f"{A}t")) for p in root.iter(f"{A}p"))


def _placeholder(shape: Element) -> Element:
    return shape.find(f"./*/{P}nvPr/{P}ph")


def is_placeholder(shape: Element) -> bool:
    """Tell whether a shape is one that the layout of the slide has a place for."""
    return _placeholder(shape) is not None


def kind_of(shape: Element) -> str:
    """Return the kind of a placeholder, such as ``title``; empty for other shapes."""
    found = _placeholder(shape)
    return "" if found is None else found.get("type", "")


def key_of(shape: Element) -> str:
    """Return the name of a placeholder in its layout."""
    found = _placeholder(shape)
    return "" if found is None else f"#{found.get('idx', '')}"


def place_of(shape: Element) -> tuple[float, float] | None:
    """Return where a shape stands by itself: from the top, from the left."""
    offset = next(shape.iter(f"{A}off"), None)
    if offset is None:
        return None
    try:
        return float(offset.get("y", "")), float(offset.get("x", ""))
    except ValueError:
        return None


def places_of(layout: Element) -> dict[str, tuple[float, float]]:
    """Return where the placeholders of a layout stand, by name and by kind."""
    places = {}
    for shape in layout.iter(f"{P}sp"):
        if is_placeholder(shape) and (place := place_of(shape)):
            places[key_of(shape)] = place
            places.setdefault(kind_of(shape), place)
    return places


def list_styles(*shapes: Element) -> list[Element]:
    """Return how the levels of a shape are marked, by the first that says so of each level."""
    levels: list[Element] = [None] * MAX_LEVELS
    for shape in shapes:
        styles = None if shape is None else shape.find(f"{P}txBody/{A}lstStyle")
        for at in range(MAX_LEVELS):
            found = None if styles is None else styles.find(f"{A}lvl{at + 1}pPr")
            says = found is not None and any(found.find(A + mark) is not None for mark in _MARKS)
            levels[at] = found if levels[at] is None and says else levels[at]
    return levels


@dataclass
class PointCounter:
    """The numbers of the points of one shape as they stand now, and the kind of each level's."""

    styles: Sequence[Element]
    is_list: bool = False
    now: list[int] = field(default_factory=lambda: [0] * MAX_LEVELS)
    kinds: list[str] = field(default_factory=lambda: [""] * MAX_LEVELS)

    def marker(self, own: Element, depth: int) -> str:
        """Return the marker of a paragraph, counted where it has a number."""
        about = own
        if own is None or not any(own.find(A + mark) is not None for mark in _MARKS):
            about = self.styles[depth]
        auto = about.find(f"{A}buAutoNum") if about is not None else None
        self.now[depth + 1 :] = [0] * (MAX_LEVELS - depth - 1)
        if auto is None:
            self.now[depth] = 0
            if about is not None and about.find(f"{A}buNone") is not None:
                return ""
            return "-" if self.is_list or about is not None else ""
        kind = auto.get("type", "")
        start = auto.get("startAt", "1")
        first = int(start) if start.isdecimal() and len(start) < MAX_LEVELS else 1
        goes_on = self.now[depth] and self.kinds[depth] == f"{kind} {first}"
        self.now[depth] = self.now[depth] + 1 if goes_on else first
        self.kinds[depth] = f"{kind} {first}"
        return _numbered(self.now[depth], kind)


def _numbered(number: int, kind: str) -> str:
    found = _AUTO.match(kind)
    style, around = found.groups() if found else ("arabic", "Period")
    return _AROUND.get(around, "{}").format(number_text(number, _NUMBERED.get(style, "decimal")))


def is_struck(run: Element) -> bool:
    """Tell whether a run of text is struck out."""
    about = run.find(f"{A}rPr")
    return about is not None and about.get("strike", "noStrike") != "noStrike"


def text_of(paragraph: Element) -> str:
    """Return the text of a paragraph of a drawing, without what is struck out."""
    text = ""
    for node in paragraph.iter(f"{A}r", f"{A}br", f"{A}fld", f"{M}oMath"):
        if node.tag == f"{A}br":
            text += "\n"
        elif node.tag == f"{M}oMath":
            text += linear(node)
        elif not (node.tag == f"{A}fld" and node.get("type") == "slidenum"):
            if is_struck(node) or next(node.iterancestors(f"{M}oMath"), None) is not None:
                continue
            about = node.find(f"{A}rPr")
            raise_by = "" if about is None else about.get("baseline", "")
            said = node.findtext(f"{A}t", "")
            if raise_by.strip("-0%"):
                script = subscript if raise_by.startswith("-") else superscript
                said = script(said, text)
            text += said
    return text

"""What stands in a line of a web page and is no text: pictures, formulas, fields."""

import re
from collections.abc import Sequence
from itertools import islice

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.block_writer import BLOCKS
from gabarito.ingest.formats.web.mathml import formula, plain_tex
from gabarito.ingest.formats.web.seen import beginning, text_in

_OFTEN_APART = frozenset({("a", "span"), ("a", "time"), ("span", "time"), ("span", "a")})
_FEW = 8
_TEXT_TYPES = """
    text search email url tel number date time month week datetime-local range color
"""
FIELDS_OF_TEXT = frozenset(_TEXT_TYPES.split())
_FILE_NAME = re.compile(r"(?:\S+\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)|(?:img|dsc|image)[_-]?\d+)",
                        re.IGNORECASE)  # fmt: skip
_NEAR_CHARS = 500
_NEAR_PARTS = 60
_SAYS_NOTHING = frozenset({"image", "imagem", "logo", "icon", "photo", "foto", "picture"})
_LETTERS = re.compile(r"\w")
PICTURE = "[picture: "
REPLACED = frozenset(
    ["img", "math", "input", "select", "textarea", "svg", "script", "picture", "area"]
)


def replacement(node: Element, *, in_cell: bool = False) -> str:
    """Return what a person reads where an element of ``REPLACED`` stands."""
    match node.tag:
        case "img" | "area":
            return _picture(node, in_cell=in_cell)
        case "math":
            return formula(node)
        case "script":
            is_tex = node.get("type", "").lower().startswith("math/tex")
            return plain_tex(node.text or "") if is_tex else ""
        case "input":
            return _field(node)
        case "textarea":
            return node.text or ""
        case "select":
            chosen = [
                text_in(one) for one in node.iter("option") if one.get("selected") is not None
            ]
            return ", ".join(chosen)
        case "svg":
            return " ".join(filter(None, map(text_in, node.iter("text"))))
    return ""


def _picture(node: Element, *, in_cell: bool) -> str:
    alt = " ".join(node.get("alt", "").split())
    if not alt or _FILE_NAME.fullmatch(alt) or alt.casefold() in _SAYS_NOTHING:
        return ""
    if not _LETTERS.search(alt):
        return alt  # a sign, such as ✓
    if alt.startswith(("{\\displaystyle", "{\\textstyle")):
        return "" if _stands_by_its_formula(node) else plain_tex(alt)
    if _is_said_beside(node, alt):
        return ""
    return alt if in_cell else f"{PICTURE}{alt}]"


def _stands_by_its_formula(node: Element) -> bool:
    above = node.getparent()
    near = () if above is None else islice(above.iter("*"), _NEAR_PARTS)
    return any(part.tag == "math" for part in near)


def _is_said_beside(node: Element, alt: str) -> bool:
    """Tell whether the words of a picture stand beside it, in its link or as its caption."""
    said = alt.casefold().strip("[]")
    for above, _ in zip(node.iterancestors(), range(4), strict=False):
        if above.tag in ("a", "figure", "th", "td", "tr"):
            if said in beginning(above, _NEAR_CHARS).casefold():
                return True
            if above.tag in ("figure", "tr"):
                return False
    return False


def _field(node: Element) -> str:
    kind = node.get("type", "text").lower()
    if kind in ("checkbox", "radio"):
        return "[x] " if node.get("checked") is not None else "[ ] "
    return node.get("value", "") if kind in FIELDS_OF_TEXT else ""


def set_before(node: Element, line: Sequence[str]) -> str:
    """Return what a style alone sets before an element: a space, or a colon after a term."""
    if "classifier" in node.get("class", "").split():  # so docutils names what a term is
        return "" if "".join(line[-2:]).rstrip().endswith(":") else ": "
    return " " if _is_set_apart(node, line) else ""


def _is_set_apart(node: Element, line: Sequence[str]) -> bool:
    """Tell whether only a style sets an element apart from the one before it."""
    before, above = node.getprevious(), node.getparent()
    if before is None or before.tail or above.tag not in BLOCKS:
        return False
    if before.tag != node.tag and (before.tag, node.tag) not in _OFTEN_APART:
        return False
    last, first = ("".join(line[-3:]) or " ")[-1], (node.text or " ")[:1]
    if not last.isalnum() or not first.isalnum():
        return False
    is_same = before.tag == node.tag
    if is_same and node.tag in ("a", "button"):
        return True
    is_joint = last.isdigit() or first.isdigit() or (last.islower() and first.isupper())
    if (above.text or "").strip() or not is_joint:
        return False
    beside = islice(above.iterchildren("span"), _FEW)
    kinds = {part.get("class") for part in beside} - {None}
    return not is_same or (node.tag == "span" and len(kinds) > 1)

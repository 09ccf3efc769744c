"""Code in web pages: its spaces and lines as they are, and the language that it is marked with."""

import re

from lxml.etree import iterwalk

from gabarito.ingest.blocks import Code
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.seen import text_in

_TAGS = frozenset({"pre", "listing", "xmp", "plaintext"})
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight-source|highlight)-|brush:\s*|sourceCode\s+)"
    r"([A-Za-z][\w+#-]*)"
)
_NO_LANGUAGE = frozenset(["default", "text", "none", "plain", "plaintext", "notranslate", "source"])
_NUMBERS = re.compile(r"(?:^|[\s_-])(?:line-?no|line-?num|gutter|rouge-gutter|ln)", re.IGNORECASE)
_UNSELECTED = re.compile(r"user-select:\s*none", re.IGNORECASE)
_NO_CODE = frozenset({"ttc", "viewcode-back"})
"""What Doxygen shows where a name is pointed at, and Sphinx's link from a source to its page."""
_ABOVE = 2


def is_verbatim(node: Element) -> bool:
    """Tell whether an element is code: by its tag, or set line by line as Doxygen does it."""
    if node.tag in _TAGS:
        return True
    if node.tag != "div" or "fragment" not in (node.get("class") or "").split():
        return False
    first = next(node.iterchildren("*"), None)
    return first is not None and first.get("class") in ("line", "foldopen")


def numbers_lines(node: Element) -> bool:
    """Tell whether an element only numbers the lines of the code beside it."""
    near = [node, *(above for above, _ in zip(node.iterancestors(), range(_ABOVE), strict=False))]
    if not any(_NUMBERS.search(part.get("class") or "") or _is_aside(part) for part in near):
        return False
    return all(number.isdecimal() for number in text_in(node).split())


def _is_aside(part: Element) -> bool:
    """Tell whether a page keeps it out of what is copied, or out of what a search shows of it."""
    is_unselected = _UNSELECTED.search(part.get("style") or "") is not None
    return is_unselected or part.get("data-nosnippet") is not None


def code_of(node: Element) -> Code:
    """Return a verbatim element as code, without the numbers of its lines and its buttons."""
    parts: list[str] = []
    walker = iterwalk(node, events=("start", "end", "comment", "pi"))
    for event, part in walker:
        if event == "start":
            if _is_no_code(part):
                walker.skip_subtree()
            else:
                parts.append("\n" if part.tag == "br" else part.text or "")
        elif part is not node:
            parts.append(_line_end(part) + (part.tail or ""))
    return Code("".join(parts).replace("\xa0", " "), _language(node))


def _is_no_code(part: Element) -> bool:
    """Tell whether it is a button, a number of a line, a way back, or what shows on pointing."""
    name = part.get("class") or ""
    if part.tag == "button" or name in _NO_CODE:
        return True
    return (_NUMBERS.search(name) is not None or _is_aside(part)) and numbers_lines(part)


def _line_end(part: Element) -> str:
    is_line = part.tag == "div" and part.get("class") == "line"
    return "\n" if is_line and not (part.tail or "").startswith("\n") else ""


def _language(node: Element) -> str:
    near = [*node.iterchildren("code"), node]
    near += [above for above, _ in zip(node.iterancestors(), range(_ABOVE), strict=False)]
    for part in near:
        found = _LANGUAGE.search(part.get("class") or "")
        if found and found.group(1).lower() not in _NO_LANGUAGE:
            return found.group(1)
    return ""

"""Formulas of web pages on one line: their own TeX, or MathML written out."""

import re

from lxml.etree import iterwalk

from gabarito.ingest.formats.element import Element
from gabarito.ingest.reading.raised import subscript, superscript

_STYLE = re.compile(r"^\{?\s*\\(?:displaystyle|textstyle)\s*(.*?)\}?$", re.DOTALL)
_SILENT = frozenset({"annotation", "annotation-xml"})


def formula(math: Element) -> str:
    """Return a ``math`` element as the TeX that it carries, or else written out."""
    for note in math.iter("annotation"):
        if "tex" in note.get("encoding", "").lower() and note.text and note.text.strip():
            return plain_tex(note.text)
    if math.get("alttext", "").strip():
        return plain_tex(math.get("alttext"))
    return _written(math)


def plain_tex(tex: str) -> str:
    """Return TeX on one line, without what only says how large it is set."""
    body = " ".join(tex.split())
    styled = _STYLE.match(body)
    return styled.group(1).strip() if styled else body


def _written(math: Element) -> str:
    """Write a tree from its leaves up, since it may nest deeper than calls can."""
    open_parts: list[list[str]] = [[]]
    walker = iterwalk(math, events=("start", "end"))
    for event, node in walker:
        if node.tag in _SILENT:
            if event == "start":
                walker.skip_subtree()
        elif event == "start":
            open_parts.append([" ".join((node.text or "").split())])
        else:
            parts = [part for part in open_parts.pop() if part]
            open_parts[-1].append(_joined(node.tag, parts))
    return "".join(open_parts[0])


def _joined(tag: str, parts: list[str]) -> str:
    match tag, parts:
        case "msup" | "mover", [base, high]:
            return base + superscript(high, base)
        case "msub" | "munder", [base, low]:
            return base + subscript(low, base)
        case "msubsup" | "munderover", [base, low, high]:
            return f"{base}{subscript(low, base)}{superscript(high, base)}"
        case "mfrac", [over, under]:
            return f"{_grouped(over)}/{_grouped(under)}"
        case "msqrt", _:
            return f"√({''.join(parts)})"
        case "mroot", [base, degree]:
            return f"{superscript(degree, 'x')}√({base})"
        case "mtr", _:
            return "; ".join(parts) + "\n"
    return "".join(parts)


def _grouped(text: str) -> str:
    return text if len(text) == 1 or text.isalnum() else f"({text})"

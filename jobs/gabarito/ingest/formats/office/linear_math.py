"""Formulas of Office (OMML) as a line of text: ``(a+b)/2``, ``x²``, ``√(2)``, ``∑_(i=1)^(n) i``."""

from gabarito.ingest.formats.element import Element
from gabarito.ingest.reading.raised import subscript, superscript

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_DELETED = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}del"
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}


def linear(node: Element) -> str:
    """Return a formula as text.

    It calls itself on what is inside: the parser of XML refuses more than 256 levels.
    """
    kind = str(node.tag).removeprefix(M)
    if kind == "t":
        return node.text or ""
    if kind.endswith("Pr") or node.tag == _DELETED:
        return ""
    written = _KINDS.get(kind)
    return written(node) if written else _inside(node)


def _inside(node: Element) -> str:
    return "".join(map(linear, node.iterchildren("*")))


def _part(node: Element, name: str) -> str:
    found = node.find(M + name)
    return "" if found is None else linear(found).strip()


def _set(node: Element, path: str, default: str) -> str:
    found = node.find("/".join(M + name for name in path.split("/")))
    return default if found is None else (found.get(f"{M}val") or "")


def _grouped(text: str) -> str:
    return text if text.isalnum() or len(text) == 1 else f"({text})"


def _fraction(node: Element) -> str:
    return f"{_grouped(_part(node, 'num'))}/{_grouped(_part(node, 'den'))}"


def _scripts(node: Element) -> str:
    base, below, above = (_part(node, name) for name in ("e", "sub", "sup"))
    text = base + (subscript(below, base) if below else "")
    return text + (superscript(above, base) if above else "")


def _before(node: Element) -> str:
    base, below, above = (_part(node, name) for name in ("e", "sub", "sup"))
    return f"{subscript(below, 'x')}{superscript(above, 'x')}{base}"


def _root(node: Element) -> str:
    degree = _part(node, "deg")
    sign = _ROOTS.get(degree) or f"{superscript(degree, 'x')}√"
    return f"{sign}({_part(node, 'e')})"


def _sum(node: Element) -> str:
    below, above = _part(node, "sub"), _part(node, "sup")
    limits = (f"_({below})" if below else "") + (f"^({above})" if above else "")
    return f"{_set(node, 'naryPr/chr', '∫')}{limits} {_part(node, 'e')}"


def _brackets(node: Element) -> str:
    inside = _set(node, "dPr/sepChr", "|").join(linear(e) for e in node.iterchildren(f"{M}e"))
    return f"{_set(node, 'dPr/begChr', '(')}{inside}{_set(node, 'dPr/endChr', ')')}"


def _matrix(node: Element) -> str:
    rows = node.iterchildren(f"{M}mr")
    return "[" + "; ".join(", ".join(map(linear, row.iterchildren(f"{M}e"))) for row in rows) + "]"


def _limit(node: Element) -> str:
    return f"{_part(node, 'e')}_({_part(node, 'lim')})"


def _upper_limit(node: Element) -> str:
    return f"{_part(node, 'e')}^({_part(node, 'lim')})"


def _function(node: Element) -> str:
    return f"{_part(node, 'fName')} {_part(node, 'e')}"


def _accent(node: Element) -> str:
    return _part(node, "e") + _set(node, "accPr/chr", "\u0302")


def _lines(node: Element) -> str:
    return "; ".join(map(linear, node.iterchildren(f"{M}e")))


_KINDS = {
    "acc": _accent,
    "d": _brackets,
    "eqArr": _lines,
    "f": _fraction,
    "func": _function,
    "limLow": _limit,
    "limUpp": _upper_limit,
    "m": _matrix,
    "nary": _sum,
    "rad": _root,
    "sPre": _before,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sSup": _scripts,
}

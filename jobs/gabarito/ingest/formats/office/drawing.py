"""Texts of drawings in Office formats: charts, diagrams, and what pictures are said to be."""

import re
from collections.abc import Iterator

from gabarito.ingest.blocks import Block, Item
from gabarito.ingest.formats.element import Element

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
PIC = "{http://schemas.openxmlformats.org/drawingml/2006/picture}"
VML = "{urn:schemas-microsoft-com:vml}"

_NAMES_NOTHING = re.compile(
    r"\S+\.(?:png|jpe?g|gif|emf|wmf|bmp|tiff?|svg|webp)|\W*"
    r"|(?:image|picture|imagem|figura|figure|foto|photo|graphic|gráfico|bild|shape|forma)\W*\d*",
    re.IGNORECASE,
)


_WRITTEN_BY_PROGRAM = re.compile(
    r"\.?\s*(?:description automatically generated(?: with \w+ confidence)?"
    r"|descrição gerada automaticamente(?: com \w+ confiança)?"
    r"|descripción generada automáticamente(?: con confianza \w+)?)\s*$",
    re.IGNORECASE,
)


def described(words: str) -> str:
    """Return the text that stands for a picture; empty if its description says nothing."""
    line = _WRITTEN_BY_PROGRAM.sub("", " ".join(words.split()))
    return "" if _NAMES_NOTHING.fullmatch(line) else f"[picture: {line}]"


def picture_id(node: Element) -> str:
    """Return the id of the part that holds a picture, or an empty text."""
    if node.tag == f"{VML}imagedata":
        return str(node.get(f"{R}id", ""))
    blip = next(node.iter(f"{A}blip"), None)
    return "" if blip is None else str(blip.get(f"{R}embed", ""))


def diagram(root: Element) -> Iterator[Block]:
    """Yield the texts of a SmartArt diagram as items, each under the one it belongs to."""
    points = {
        node.get("modelId", ""): node
        for node in root.iter(f"{DGM}pt")
        if node.get("type", "node") in {"node", "asst", "doc"}
    }
    under: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(f"{DGM}cxn"):
        if link.get("type", "parOf") == "parOf" and link.get("destId") in points:
            order = link.get("srcOrd", "0")
            place = int(order) if order.isdigit() and len(order) < len(str(2**63)) else 0
            under.setdefault(link.get("srcId", ""), []).append((place, link.get("destId", "")))
    tops = [key for key, node in points.items() if node.get("type") == "doc"]
    stack = [(key, -1) for key in [*reversed(points), *reversed(tops)]]
    seen = set()
    while stack:
        key, depth = stack.pop()
        if key in seen:
            continue
        seen.add(key)
        if text := paragraphs_of(points[key]):
            yield Item(text, max(depth, 0))
        children = sorted(under.get(key, ()), reverse=True)
        stack += [(child, depth + 1) for _, child in children]


def paragraphs_of(node: Element) -> str:
    """Return the paragraphs of a text in a drawing, each on a line."""
    lines = ("".join(t.text or "" for t in p.iter(f"{A}t")) for p in node.iter(f"{A}p"))
    return "\n".join(filter(None, map(str.strip, lines)))

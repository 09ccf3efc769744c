"""The text of a paragraph of an OpenDocument text."""

from dataclasses import dataclass, field

from gabarito.ingest.blocks import Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.office.drawing import described
from gabarito.ingest.formats.office.odt_styles import (
    DRAW,
    OFFICE,
    SVG,
    TEXT,
    OdtStyle,
    OdtStyles,
    whole,
)
from gabarito.ingest.formats.office.package import Package
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.reading.raised import subscript, superscript

_HREF = "{http://www.w3.org/1999/xlink}href"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_MAX_SPACES = 100
_SHAPES = frozenset(
    DRAW + name for name in ("rect", "custom-shape", "ellipse", "line", "connector", "path")
)

_SIGNS = {"s": " ", "tab": "\t", "line-break": "\n"}
_LEFT_OUT = {
    "hidden-text": Omission.HIDDEN,
    "hidden-paragraph": Omission.HIDDEN,
    f"{OFFICE}annotation": Omission.COMMENT,
}


@dataclass
class OdtInline:
    """A paragraph's text, its notes, and the boxes and pictures in it."""

    parts: list[str] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    pictures: list[tuple[Element, bool]] = field(default_factory=list)
    """Frames of pictures, and whether words stand for each."""

    def text(self) -> str:
        """Return the text."""
        return "".join(self.parts)


class OdtTexts:
    """Reads paragraphs: spans, spaces, notes, pictures and formulas."""

    def __init__(self, package: Package, styles: OdtStyles, tally: Tally) -> None:
        self._package = package
        self._styles = styles
        self._tally = tally

    def read(self, paragraph: Element, style: OdtStyle) -> OdtInline:
        """Return what a paragraph says."""
        inline = OdtInline()
        self._walk(paragraph, style, inline)
        return inline

    def _walk(self, node: Element, style: OdtStyle, inline: OdtInline) -> None:
        self._say(node.text or "", style, inline)
        for child in node.iterchildren("*"):
            self._child(child, style, inline)
            self._say(child.tail or "", style, inline)

    def _child(self, node: Element, style: OdtStyle, inline: OdtInline) -> None:
        name = str(node.tag).removeprefix(TEXT)
        if name == "note":
            inline.notes.append(node)
            inline.parts.append(f" [{citation_of(node)}]")
        elif name in _SIGNS:
            times = whole(node.get(f"{TEXT}c"), 1) if name == "s" else 1
            inline.parts.append(_SIGNS[name] * min(times, _MAX_SPACES))
        elif name == "span":
            self._walk(node, self._styles.get(node.get(f"{TEXT}style-name", "")), inline)
        elif name == "ruby-text":
            inline.parts.append(f"({''.join(node.itertext())})")
        elif name in _LEFT_OUT:
            self._tally.add(_LEFT_OUT[name], " ".join(node.itertext()))
        elif name.startswith(DRAW) and name != f"{DRAW}a":
            self.draw(node, inline)
        else:
            self._walk(node, style, inline)

    def _say(self, text: str, style: OdtStyle, inline: OdtInline) -> None:
        text = text.replace("\n", " ")
        if not text:
            return
        if style.hidden:
            self._tally.add(Omission.HIDDEN, text)
        elif style.struck:
            self._tally.add(Omission.DELETED, text)
        elif style.script:
            before = next((part for part in reversed(inline.parts) if part), "")
            script = superscript if style.script == "superscript" else subscript
            inline.parts.append(script(text, before))
        else:
            inline.parts.append(text)

    def draw(self, node: Element, inline: OdtInline) -> None:
        """Read a frame or a shape: its text box, its formula, or what its picture is said to be."""
        words = [node.findtext(SVG + name, "") for name in ("title", "desc")]
        said = described(" – ".join(dict.fromkeys(filter(None, words))))
        boxes = list(node.iter(f"{DRAW}text-box"))
        objects = list(node.iter(f"{DRAW}object"))
        formula = next(filter(None, (self._object(one, inline) for one in objects)), "")
        if node.tag in _SHAPES:
            boxes.append(node)
        inline.boxes += [box for box in boxes if box.getparent() is node or box is node]
        if formula:
            inline.parts.append(formula)
        elif said:
            inline.parts.append(f" {said} ")
        if node.find(f"{DRAW}image") is not None and not boxes and not objects:
            inline.pictures.append((node, bool(said)))
        for child in node.iterchildren(f"{DRAW}frame", f"{DRAW}g", *_SHAPES):
            self.draw(child, inline)

    def _object(self, node: Element, inline: OdtInline) -> str:
        """Return a formula as its author typed it; a chart is a box with its title and figures."""
        root = node.find(f"{_MATH}math")
        if root is None:
            name = node.get(_HREF, "").removeprefix("./").strip("/")
            part = f"{name}/content.xml"
            root = self._package.xml(part) if name else None
        chart = None if root is None else next(root.iter(f"{_CHART}chart"), None)
        if chart is not None:
            inline.boxes += [*chart.iterchildren(f"{_CHART}title", f"{_CHART}subtitle"), chart]
            return ""
        if root is None or not str(root.tag).startswith(_MATH):
            self._tally.count(Omission.EMBEDDED, 1, node.get(_HREF, ""))
            return ""
        typed = root.find(f".//{_MATH}annotation")
        text = "".join(root.itertext()) if typed is None else typed.text or ""
        return " ".join(text.split())


def open_picture(package: Package, frame: Element) -> bytes | None:
    """Return the picture in a frame: of several forms the first that lies in the file."""
    links = (image.get(_HREF, "") for image in frame.iter(f"{DRAW}image"))
    found = (package.picture(link.removeprefix("./")) for link in links)
    return next((data for data in found if data), None)


def citation_of(note: Element) -> str:
    """Return the mark of a note, as it stands in the text."""
    found = note.find(f"{TEXT}note-citation")
    return "" if found is None else "".join(found.itertext()).strip()

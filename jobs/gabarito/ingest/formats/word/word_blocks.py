"""What the elements of a Word document are: its main part, its paragraphs, rows and cells."""

from collections.abc import Iterator

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, Code, Heading, Item, Paragraph, Quote
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import BULLET
from gabarito.ingest.formats.office.package import MC, Package
from gabarito.ingest.formats.word.word_inline import Inline
from gabarito.ingest.formats.word.word_styles import (
    Style,
    W,
    heading_level,
    is_code,
    is_on,
    is_quote,
)
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold

WRAPPERS = frozenset(
    {
        *(W + name for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")),
        f"{MC}AlternateContent",
        f"{MC}Choice",
        f"{MC}Fallback",
    }
)


def main_part(package: Package) -> str:
    """Return the name of the part that holds the body.

    Raises:
        Dropped: if this is no Word document.
    """
    names = package.related("", "officeDocument") or package.names("word/document.xml")
    if not names:
        raise Dropped(IngestReason.UNREADABLE, "is not a Word file: no main part")
    start = package.data(names[0])[:4096]
    if b"wordprocessingml" not in start.replace(b"\0", b""):
        raise Dropped(IngestReason.UNREADABLE, f"is not a Word file: its main part is {names[0]!r}")
    return names[0]


def parts(parent: Element, name: str) -> Iterator[Element]:
    """Yield rows or cells, out of what only wraps them."""
    stack = list(reversed(parent))
    while stack:
        node = stack.pop()
        if node.tag == W + name:
            yield node
        elif node.tag in WRAPPERS:
            stack += reversed(list(node))


def runs_on(about: Element) -> bool:
    """Tell whether the next paragraph goes on in this one.

    So it does after an initial that stands out, and if the end of this one is deleted or hidden.
    """
    frame = about.find(f"{W}framePr") if about is not None else None
    if frame is not None and frame.get(f"{W}dropCap", "none") != "none":
        return True
    mark = about.find(f"{W}rPr") if about is not None else None
    if mark is None:
        return False
    gone = any(mark.find(W + name) is not None for name in ("del", "moveFrom"))
    return gone or bool(is_on(mark, "vanish")) or bool(is_on(mark, "specVanish"))


def line_by_line(text: str) -> str:
    """Return text with what stands on a line of its own so, and nothing else between lines."""
    return "\n".join(filter(None, map(fold, text.splitlines())))


def block_of(
    inline: Inline,
    style: Style,
    marker: tuple[str, int] | None,
    about: Element,
    above: Block | None,
) -> Heading | Paragraph | Item | Code | Quote:
    """Return a paragraph as the block that its style and its number make of it."""
    text = inline.text()
    if is_code(style):
        return Code(text)
    text = line_by_line(text)
    level = heading_level(style, about)
    if level is not None:
        sign = marker[0] if marker and marker[0] != BULLET else ""
        return Heading(level, f"{sign} {text}" if text else "")
    if marker and marker[0]:
        return Item(text, marker[1], marker[0])
    if style.name.startswith("List"):
        if style.name.startswith(("List Bullet", "List Number")):
            return Item(text)
        if isinstance(above, Item):
            return Item(text, above.depth, "")
    return Quote(text) if is_quote(style) else Paragraph(text)

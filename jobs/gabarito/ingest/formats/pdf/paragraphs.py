"""Lines of printed pages as blocks: paragraphs, headings, items, code, notes."""

import re
from collections.abc import Iterable, Iterator, Sequence

from gabarito.ingest.blocks import Block, Code, Heading, Item, Note, Paragraph, Table
from gabarito.ingest.formats.pdf.drafts import (
    HYPHENATED,
    NOTE,
    Draft,
    TypeStyle,
    drafts_of,
    is_large,
    is_note,
    rounded,
)
from gabarito.ingest.formats.pdf.layout import MARKER, TextLine
from gabarito.ingest.formats.pdf.letters.pdf_fonts import BOLD
from gabarito.ingest.reading.raised import superscript

MAX_HEADING_CHARS = 180

_BULLET = re.compile(r"^[^\w(§]\s+")
_WORD = re.compile(r"[\w-]+")
_NOTE_REACH = 80
"""A note belongs to one of so many blocks before it."""


def blocks_of(stream: Iterable[TextLine | Table]) -> list[Block]:
    """Return the blocks of a document."""
    items = list(stream)
    lines = [item for item in items if isinstance(item, TextLine)]
    look = TypeStyle.of(lines)
    drafts = list(drafts_of(items, look))
    _place_notes(drafts, look)
    return list(_blocks(drafts, look))


def _place_notes(drafts: list[Draft | Table], look: TypeStyle) -> None:
    """Put notes with the text that refers to them, where it can be found."""
    for at, draft in enumerate(drafts):
        if not isinstance(draft, Draft) or not is_note(draft.lines[0], look):
            continue
        found = NOTE.match(draft.lines[0].text)
        if not found:
            continue
        before = drafts[max(at - _NOTE_REACH, 0) : at]
        owner = _refer(before, found.group(1), draft.lines[0].page)
        if owner:
            text = _text(draft.lines, look)[found.end() :]
            owner.notes.append(Note(text, found.group(1)))
            draft.lines.clear()


def _refer(drafts: Sequence[Draft | Table], marker: str, page: int) -> Draft | None:
    sign = superscript(marker, "x")
    mark = re.compile(rf"(?<![⁰¹²³⁴-⁹]){re.escape(sign)}(?![⁰¹²³⁴-⁹])")
    for draft in reversed(drafts):
        for at, line in enumerate(draft.lines if isinstance(draft, Draft) else ()):
            found = mark.search(line.text) if line.page == page else None
            if found and found.start() and not line.text[: found.start()].endswith("10"):
                text = f"{line.text[: found.start()]} [{marker}]{line.text[found.end() :]}"
                draft.lines[at] = line._replace(text=text)  # type: ignore[union-attr]
                return draft  # type: ignore[return-value]
    return None


def _blocks(drafts: Iterable[Draft | Table], look: TypeStyle) -> Iterator[Block]:
    depths: list[float] = []
    for draft in drafts:
        if isinstance(draft, Table):
            yield draft
        elif draft.lines:
            block = _block(draft, look, depths)
            if not isinstance(block, Item):
                depths.clear()
            yield block
            yield from draft.notes


def _block(draft: Draft, look: TypeStyle, depths: list[float]) -> Block:
    first = draft.lines[0]
    if draft.is_code and not look.is_mono:
        return Code(_code(draft.lines))
    text = _text(draft.lines, look)
    if level := _level(draft, text, look):
        return Heading(level, text)
    if is_note(first, look) and (found := NOTE.match(text)):
        return Note(text[found.end() :], found.group(1))
    marker = MARKER.match(text)
    if not marker or marker.end() == len(text):
        return Paragraph(text)
    while depths and first.x0 < depths[-1] - 0.5 * first.size:
        depths.pop()
    if not depths or first.x0 > depths[-1] + 0.5 * first.size:
        depths.append(first.x0)
    sign = marker.group() if any(map(str.isalnum, marker.group())) else "-"
    return Item(text[marker.end() :].lstrip(), min(len(depths) - 1, 5), sign)


def _level(draft: Draft, text: str, look: TypeStyle) -> int:
    """Return the level of a heading, or 0 for what is none."""
    lines = draft.lines
    if len(text) > MAX_HEADING_CHARS or not any(map(str.isalpha, text)) or _BULLET.match(text):
        return 0
    sizes = [size for size in look.sizes if size]
    if all(is_large(line, look) for line in lines):
        size = rounded(lines[0].size)
        return min(sizes.index(size) + 1, 6) if size in sizes else min(len(sizes) + 1, 6)
    is_bold = all(line.style & BOLD for line in lines) and not look.is_bold
    is_size = lines[0].size > 0.9 * look.size
    if is_bold and is_size and len(lines) <= 2 and text[-1] not in ".,;:!" and len(text) > 2:
        return min(len(sizes) + 1, 6)
    return 0


def _code(lines: Sequence[TextLine]) -> str:
    parts: list[str] = []
    for line in lines:
        if parts and line.distance > 1.6:
            parts.append("")
        parts.append(line.text)
    return "\n".join(parts)


def _text(lines: Sequence[TextLine], look: TypeStyle) -> str:
    parts = [lines[0].text]
    for line in lines[1:]:
        above = parts[-1]
        if not HYPHENATED.search(above):
            parts += [" ", line.text]
            continue
        whole = "".join([*_WORD.findall(above)[-1:], *_WORD.findall(line.text)[:1]])
        goes_on = "".join(_WORD.findall(line.text)[:1])
        keeps_hyphen = (
            not line.text[:1].islower() or "-" in goes_on.rstrip("-") or whole in look.compounds
        )
        parts[-1:] = [above if keeps_hyphen else above[:-1], line.text]
    return "".join(parts)

"""Blocks as the text that a teacher reads.

Headings begin with ``#``, items with their marker, rows of tables stand between ``|``, code is
fenced. A line of another block that would begin like one of these is escaped by a backslash, so
that ``# a comment`` is no heading.
"""

import re
from collections.abc import Iterator, Sequence

from gabarito.ingest.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Note,
    Paragraph,
    PictureText,
    Quote,
    Table,
)
from gabarito.ingest.page import fold, table_text, tidy

INDENT = "  "

_LOOKS_MARKED = re.compile(r"^(?=#{1,6}\s|\||```)", re.MULTILINE)
_FENCE = re.compile(r"^`{3,}", re.MULTILINE)


def render(blocks: Sequence[Block]) -> str:
    """Return blocks as text: apart by a blank line, items of one list without."""
    parts: list[str] = []
    above: Block | None = None
    for block, text in _written(blocks):
        if parts:
            parts.append("\n" if isinstance(block, Item) and isinstance(above, Item) else "\n\n")
        parts.append(text)
        above = block
    return "".join(parts)


def _written(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    for block in blocks:
        if text := written(block):
            yield block, text


def written(block: Block) -> str:
    """Return one block as text; empty where nothing stands in it."""
    match block:
        case Heading(level, text):
            line = fold(tidy(text))
            return f"{'#' * min(max(level, 1), 6)} {line}" if line else ""
        case Paragraph(text) | Quote(text) | PictureText(text):
            return _plain(text)
        case Item(text, depth, marker):
            return _item(_plain(text), depth, marker)
        case Code(text, language):
            fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(text)), default=0))
            body = text.rstrip().strip("\n")
            named = fold(language.replace("`", ""))  # one would make the fence a line of text
            return f"{fence}{named}\n{body}\n{fence}" if body.strip() else ""
        case Table(rows, caption):
            return "\n\n".join(filter(None, (_plain(fold(caption)), table_text(rows))))
        case Note(text, marker):
            line = fold(_plain(text))
            return f"[{marker}] {line}" if marker and line else line


def _plain(text: str) -> str:
    return _LOOKS_MARKED.sub(r"\\", tidy(text))


def _item(text: str, depth: int, marker: str) -> str:
    """Return an item; what runs on below its first line stands under its text."""
    if not text:
        return ""
    indent = INDENT * depth
    first, *others = text.split("\n")
    below = "".join(f"\n{indent}{INDENT}{line}" for line in others if line)
    return f"{indent}{marker} {first}{below}" if marker else f"{indent}{INDENT}{first}{below}"

"""Passages: documents cut where a reader would cut them.

A cut falls before a heading if it can, else between paragraphs, between the rows of a table
(each part gets the table's header again), between sentences, and between words at the worst.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gabarito.core.markdown_blocks import Block, above, blocks_of
from gabarito.core.records import Document, digest_of

_RULE = re.compile(r"[\s:|-]*")
_NOT_SPACE = re.compile(r"\S")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+")


@dataclass(frozen=True)
class Passage:
    """A part of a document, and the headings under which it stands."""

    id: str
    document: Document
    headings: tuple[str, ...]
    text: str


def passages_of(document: Document, max_chars: int) -> Iterator[Passage]:
    """Cut a document into passages of at most ``max_chars`` characters."""
    trail: list[Block] = []
    for group in _groups(_fitting(blocks_of(document.text), max_chars), max_chars):
        if not all(block.level for block in group):
            headings = tuple(block.text for block in above(trail, group[0]))
            text = "\n\n".join(_as_written(block) for block in group)
            name = digest_of(document.title, *headings, text)
            yield Passage(name, document, headings, text)
        for heading in (block for block in group if block.level):
            trail = [*above(trail, heading), heading]


def cut_all(documents: Iterable[Document], max_chars: int) -> Iterator[Passage]:
    """Cut every document, in order."""
    for document in documents:
        yield from passages_of(document, max_chars)


def _as_written(block: Block) -> str:
    return f"{'#' * block.level} {block.text}" if block.level else block.text


def _groups(blocks: Iterable[Block], max_chars: int) -> Iterator[list[Block]]:
    """Group blocks into passages."""
    group: list[Block] = []
    length = 0
    for block in blocks:
        size = _length([block])
        while group and length + 2 + size > max_chars:
            place = _place_to_cut(group)
            yield group[:place]
            group = group[place:]
            length = _length(group)
        length = length + 2 + size if group else size
        group.append(block)
    if group:
        yield group


def _place_to_cut(group: list[Block]) -> int:
    """Return how many blocks stay: headings at the end go with what follows them.

    So does a section that begins in the second half.
    """
    half = _length(group) / 2
    for place in range(len(group) - 1, 0, -1):
        if not group[place].level or group[place - 1].level:
            continue
        if all(block.level for block in group[place:]) or _length(group[:place]) >= half:
            return place
    return len(group)


def _length(group: list[Block]) -> int:
    return sum(len(_as_written(block)) + 2 for block in group) - 2


def _fitting(blocks: Iterable[Block], max_chars: int) -> Iterator[Block]:
    """Split the blocks that are longer than a passage may be."""
    for block in blocks:
        if len(_as_written(block)) <= max_chars:
            yield block
        elif block.kind == "table":
            yield from _rows(block.text.splitlines(), max_chars)
        elif block.kind == "code":
            yield from _lines_of_code(block.text.splitlines(), max_chars)
        else:
            lines = block.text.splitlines()
            sentences = [piece for line in lines for piece in _SENTENCE.split(line)]
            yield from (Block("text", part) for part in _packed(sentences, max_chars, " "))


def _rows(lines: list[str], max_chars: int) -> Iterator[Block]:
    """Split a table into parts that all begin with its header."""
    is_ruled = len(lines) > 1 and "-" in lines[1] and _RULE.fullmatch(lines[1])
    header = lines[: 2 if is_ruled else 1]
    room = max_chars - sum(len(line) + 1 for line in header)
    if 2 * room < max_chars:
        header, room = [], max_chars
    for part in _packed(lines[len(header) :], room, "\n"):
        yield Block("table", "\n".join([*header, part]))


def _lines_of_code(lines: list[str], max_chars: int) -> Iterator[Block]:
    """Split code into parts that all have its fences."""
    first, last = lines[0], lines[-1]
    room = max(1, max_chars - len(first) - len(last) - 2)
    for part in _packed(lines[1:-1], room, "\n"):
        yield Block("code", "\n".join([first, part, last]))


def _packed(parts: Iterable[str], room: int, between: str) -> Iterator[str]:
    """Join parts as long as they fit; a part that never fits is cut between words."""
    held = ""
    for part in (piece for whole in parts for piece in _pieces(whole, room)):
        if held and len(held) + len(between) + len(part) > room:
            yield held
            held = ""
        held = f"{held}{between}{part}" if held else part
    if held:
        yield held


def _pieces(text: str, room: int) -> Iterator[str]:
    start = 0
    while len(text) - start > room:
        space = text.rfind(" ", start + 1, start + room + 1)
        place = space if space > 0 else start + room
        yield text[start:place].rstrip()
        following = _NOT_SPACE.search(text, place)
        start = following.start() if following else len(text)
    if start < len(text):
        yield text[start:]

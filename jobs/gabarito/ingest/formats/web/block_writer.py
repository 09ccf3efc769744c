"""Open lines and open elements to blocks: headings, items with their marks, quotes, paragraphs."""

from collections.abc import Sequence
from dataclasses import dataclass

from gabarito.ingest.blocks import Block, Heading, Item, Note, Paragraph, Quote
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.list_marks import BULLET, ListMarks
from gabarito.ingest.page import fold

LEVELS = {f"h{level}": level for level in range(1, 7)}
LISTS = frozenset({"ol", "ul", "menu", "dir", "dl"})
_BLOCK_TAGS = """
    address article aside blockquote body caption center dd details dialog div dt fieldset
    figcaption figure footer form header hgroup hr html legend li main nav optgroup p search
    section summary table tbody td tfoot th thead tr
"""
BLOCKS = LISTS.union(LEVELS, _BLOCK_TAGS.split())
"""What stands on lines of its own."""

BREAK = "\x1e"
_MAX_HEADING_CHARS = 250
_MAX_DEPTH = 12
"""Deeper items stand as deep, since each depth is written out in every line."""

_LEVELS_SAID = frozenset("123456")


@dataclass
class _Place:
    """An open element that says what the text in it is."""

    node: Element
    kind: str
    level: int = 0
    mark: str = ""
    lead: str = ""
    count: int = 0


class BlockWriter:
    """Collects blocks; an open line takes what is in it until a block begins or ends."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.line: list[str] = []
        self.refs: list[Element] = []
        """Notes that the open line refers to."""
        self.notes: dict[Element, Note] = {}
        self._noted_at: dict[Element, int] = {}
        self._places: list[_Place] = []
        self._lists: list[tuple[Element, ListMarks]] = []
        self._term = ""

    def begin(self, node: Element) -> None:
        """Begin an element that may say what the text in it is."""
        depth = self._depth()
        if node.tag in LEVELS or node.get("role") == "heading":
            self._places.append(_Place(node, "heading", _level(node)))
        elif node.tag in LISTS:
            self._end_term()
            self._end_lead()
            self._lists.append((node, ListMarks(node)))
        elif node.tag == "li":
            self._places.append(_Place(node, "item", depth, self.mark(node)))
        elif node.tag == "dt":
            self._end_term()
            self._places.append(_Place(node, "term", depth))
        elif node.tag == "dd" and not (self._lists and self._lists[-1][1].only_sets_in):
            mark = BULLET if self._term else ""
            self._places.append(_Place(node, "item", depth, mark, self._term))
            self._term = ""
        elif node.tag == "blockquote":
            self._places.append(_Place(node, "quote"))

    def mark(self, item: Element) -> str:
        """Return the mark of the next item of the innermost list."""
        return self._lists[-1][1].mark(item) if self._lists else BULLET

    def end(self, node: Element) -> None:
        """End an element."""
        if self._places and self._places[-1].node is node:
            self._end_lead()
            self._places.pop()
        if self._lists and self._lists[-1][0] is node:
            self._end_term()
            self._lists.pop()

    def close_line(self) -> None:
        """End the open line; an empty line in it sets paragraphs apart."""
        if not self.line:
            return
        lines = [fold(line) for line in "".join(self.line).split(BREAK)]
        self.line = []
        for part in _parts(lines):
            self._say("\n".join(part))

    def add(self, block: Block) -> None:
        """Add a block, which the notes that its line refers to will follow."""
        if not isinstance(block, Item):
            self._end_lead()
        self.blocks.append(block)
        for target in self.refs:
            self._noted_at.setdefault(target, len(self.blocks) - 1)
        self.refs = []

    def finished(self) -> list[Block]:
        """Return the blocks, each with the notes after it that it is the first to refer to."""
        self.close_line()
        self._end_term()
        after: dict[int, list[Note]] = {}
        for node, note in self.notes.items():
            after.setdefault(self._noted_at.get(node, len(self.blocks) - 1), []).append(note)
        blocks: list[Block] = [*after.get(-1, ())]
        for at, block in enumerate(self.blocks):
            blocks += [block, *after.get(at, ())]
        return blocks

    def _say(self, text: str) -> None:
        place = self._places[-1] if self._places else None
        if place is None:
            self.add(Paragraph(text))
        elif place.kind == "heading":
            self._say_heading(place, fold(text))
        elif place.kind == "term":
            self._term = f"{self._term} {fold(text)}".strip()
        elif place.kind == "quote":
            self.add(Quote(text))
        else:
            lead, mark = place.lead, place.mark
            place.lead = place.mark = ""
            whole = f"{lead}{' ' if lead.endswith(':') else ': '}{text}" if lead else text
            self.add(Item(whole, place.level, mark))

    def _say_heading(self, place: _Place, text: str) -> None:
        """Add to a heading; what is too long for one is a paragraph, since it was left open."""
        above = self.blocks[-1] if self.blocks and place.count else None
        if len(text) > _MAX_HEADING_CHARS:
            self.add(Paragraph(text))
        elif isinstance(above, Heading) and len(above.text) + len(text) < _MAX_HEADING_CHARS:
            self.blocks[-1] = Heading(place.level, f"{above.text} {text}")
        else:
            self.add(Heading(place.level, text))
        place.count += 1

    def _end_lead(self) -> None:
        """Write a term or number that no text of its own follows, but a table or a list."""
        place = self._places[-1] if self._places else None
        if place and place.kind == "item" and (place.lead or place.mark not in ("", BULLET)):
            text, mark = (place.lead, place.mark) if place.lead else (place.mark, "")
            place.lead = place.mark = ""
            self.blocks.append(Item(text, place.level, mark))

    def _depth(self) -> int:
        return min(max(len(self._lists) - 1, 0), _MAX_DEPTH)

    def _end_term(self) -> None:
        if self._term:
            term, self._term = self._term, ""
            self.blocks.append(Item(term, self._depth()))


def _level(node: Element) -> int:
    said = node.get("aria-level", "2")
    return LEVELS.get(node.tag) or (int(said) if said in _LEVELS_SAID else 2)


def _parts(lines: Sequence[str]) -> list[list[str]]:
    """Return lines in parts, which an empty line sets apart."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line:
            parts[-1].append(line)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]

"""A tree of HTML to blocks: what a person sees of it, in the order it is read in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml.etree import iterwalk

from gabarito.ingest.blocks import Block, Item, LeftOut, Note, Omission, Table
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.block_writer import BLOCKS, BREAK, BlockWriter
from gabarito.ingest.formats.web.html_table import Shape, grid, shapes_of
from gabarito.ingest.formats.web.in_line import PICTURE, REPLACED, replacement, set_before
from gabarito.ingest.formats.web.list_marks import BULLET
from gabarito.ingest.formats.web.notes import Notes, find_notes, without_marks
from gabarito.ingest.formats.web.seen import spaced_text, text_in, why_unseen
from gabarito.ingest.formats.web.verbatim import code_of, is_verbatim, numbers_lines
from gabarito.ingest.page import join_lines
from gabarito.ingest.reading.raised import note_mark, subscript, superscript

_SILENT_TAGS = """
    audio canvas datalist embed head iframe noscript object rp style template title video
"""
_SILENT = frozenset(_SILENT_TAGS.split())
_SPANNED = frozenset({"sup", "sub", "q", "rt"})


@dataclass
class _Facts:
    """What is known of a whole tree before it is walked over."""

    letters: int
    shapes: dict[Element, Shape] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    left_out: list[LeftOut] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)
    """What has been said of pictures: a gallery shows each of them several times."""
    read_picture: Callable[[Element], list[Block]] = lambda _: []


def blocks_of(
    element: Element,
    left_out: list[LeftOut] | None = None,
    read_picture: Callable[[Element], list[Block]] = lambda _: [],
) -> list[Block]:
    """Return the blocks of an element; what is not taken of it is added to ``left_out``.

    ``read_picture`` returns what is written in the picture of an ``img``: it follows its line.
    """
    facts = _Facts(len(text_in(element)), shapes_of(element), find_notes(element))
    facts.read_picture = read_picture
    walker = _Walker(facts)
    walker.walk(element)
    if left_out is not None:
        left_out += facts.left_out
    return walker.out.finished()


def line_of(element: Element) -> str:
    """Return the text of an element on one line; ``;`` sets off what had lines of its own."""
    return _line_of(element, _Facts(len(text_in(element))), [])


def _line_of(element: Element, facts: _Facts, refs: list[Element]) -> str:
    walker = _Walker(facts, refs)
    walker.walk(element)
    return join_lines([line for part in walker.out.finished() for line in _text(part).split("\n")])


def _text(block: Block) -> str:
    match block:
        case Item(text, _, mark) if mark not in (BULLET, ""):
            return f"{mark} {text}"
        case Table():
            return ""
    return block.text


class _Walker:
    """Walks over a tree and hands on what it meets.

    Within a cell of a table, which has the list of its table's references, nothing is marked
    and a table inside is read cell by cell.
    """

    def __init__(self, facts: _Facts, cell_refs: list[Element] | None = None) -> None:
        self.out = BlockWriter()
        self._facts = facts
        self._cell_refs = cell_refs
        self._raised: list[tuple[Element, int]] = []
        self._written: list[Block] = []
        """What is written in the pictures of the open line."""

    def walk(self, tree: Element) -> None:
        """Walk over a tree; by events, since pages may nest deeper than calls can."""
        walker = iterwalk(tree, events=("start", "end", "comment", "pi"))
        for event, node in walker:
            if event == "start":
                if not self._begin(node, is_root=node is tree):
                    walker.skip_subtree()
                continue
            if event == "end":
                self._end(node)
            if node is not tree:
                self.out.line.append(node.tail or "")
        self._close()

    def _begin(self, node: Element, *, is_root: bool) -> bool:
        """Begin an element and tell whether what is in it is still to be walked over."""
        if node.tag in _SILENT or (not is_root and self._is_left_out(node)):
            return False
        if node.tag in BLOCKS or is_verbatim(node):
            self._close()
        if node.tag in REPLACED:
            self.out.line.append(self._replacement(node))
            return bool(node.tag == "picture")
        if self._cell_refs is None and self._is_whole(node, is_root=is_root):
            return False
        if node in self._facts.notes.marks:
            self._refer(node)
        else:
            self._open(node)
        return node not in self._facts.notes.marks

    def _replacement(self, node: Element) -> str:
        in_cell = self._cell_refs is not None
        text = replacement(node, in_cell=in_cell)
        self._written += self._facts.read_picture(node) if node.tag == "img" else ()
        if in_cell or not text.startswith(PICTURE):
            return text
        is_new = text not in self._facts.pictures
        self._facts.pictures.add(text)
        return text if is_new else ""

    def _is_whole(self, node: Element, *, is_root: bool) -> bool:
        """Tell whether an element was taken as a whole: a note, code, a table."""
        if not is_root and self._take_note(node):
            return True
        if is_verbatim(node):
            if not numbers_lines(node):
                self.out.add(code_of(node))
            return True
        return node.tag == "table" and self._take_table(node)

    def _open(self, node: Element) -> None:
        if node.tag == "br":
            self.out.line.append(BREAK)
        elif node.tag in _SPANNED:
            self._raised.append((node, len(self.out.line)))
        elif node.tag in BLOCKS:
            self.out.begin(node)
        else:
            self.out.line.append(set_before(node, self.out.line))
        self.out.line.append(node.text or "")

    def _end(self, node: Element) -> None:
        if node.tag in BLOCKS:
            self._close()
        if self._raised and self._raised[-1][0] is node:
            self._end_raised(node, self._raised.pop()[1])
        self.out.end(node)

    def _close(self) -> None:
        self._raised = []
        self.out.close_line()
        written, self._written = self._written, []
        for block in written:
            self.out.add(block)

    def _end_raised(self, node: Element, at: int) -> None:
        line = self.out.line
        text, before = "".join(line[at:]), "".join(line[max(at - 4, 0) : at])[-4:]
        del line[at:]
        match node.tag:
            case "q":
                text = f"“{text.strip()}”"
            case "rt":
                text = f"({text.strip()})" if text.strip() else ""
            case "sup" if BREAK not in text and not text.startswith(" ["):
                text = superscript(text, before)
            case "sub" if BREAK not in text:
                text = subscript(text, before)
        line.append(text)

    def _is_left_out(self, node: Element) -> bool:
        if node in self._facts.notes.back:
            return True
        why = why_unseen(node)
        if why is None:
            return False
        text = text_in(node)
        if why is not Omission.NAVIGATION and 2 * len(text) > self._facts.letters:
            return False  # it is the text itself
        if any(map(str.isalnum, text)):
            self._facts.left_out.append(LeftOut.of(why, spaced_text(node)))
        return True

    def _take_note(self, node: Element) -> bool:
        notes = self._facts.notes
        mark = notes.notes.get(node)
        if mark is None:
            return False
        text = without_marks(_line_of(node, self._facts, []), mark)
        following = node.getnext()
        if not text and node.tag == "dt" and following is not None and following.tag == "dd":
            notes.notes.setdefault(following, mark)
            notes.same[following] = node
            return True
        if node.tag == "li":
            self.out.mark(node)
        self.out.notes[notes.same.get(node, node)] = Note(text, mark)
        return True

    def _refer(self, link: Element) -> None:
        mark, target = self._facts.notes.marks[link], self._facts.notes.target_of.get(link)
        if target is None:
            self._facts.left_out.append(LeftOut.of(Omission.NAVIGATION, mark))
            return
        line = self.out.line
        if line and line[-1].endswith("["):
            line[-1] = line[-1][:-1]
        line.append(note_mark(mark))
        refs = self.out.refs if self._cell_refs is None else self._cell_refs
        refs.append(target)
        if target.getparent() is link:
            self._take_note(target)

    def _take_table(self, node: Element) -> bool:
        shape = self._facts.shapes[node]
        if shape.arranges:
            return False
        refs: list[Element] = []
        rows = grid(shape, lambda cell: _line_of(cell, self._facts, refs))
        caption = "" if shape.caption is None else _line_of(shape.caption, self._facts, refs)
        self.out.refs += refs
        self.out.add(Table(rows, caption))
        return True

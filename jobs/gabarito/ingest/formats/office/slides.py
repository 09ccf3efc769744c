"""Presentations (pptx): slide by slide, its title, then what stands from top to bottom."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import Block, BlockPage, Heading, Item, Note, Omission, Paragraph, Table
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.drawing import DGM, A, R, described, diagram, picture_id
from gabarito.ingest.formats.office.grid import Grid, Repeats, frozen
from gabarito.ingest.formats.office.office_charts import CX, C, chart
from gabarito.ingest.formats.office.package import DAMAGE, Package, one_alternative, properties
from gabarito.ingest.formats.office.slide_shapes import (
    P,
    PointCounter,
    all_text,
    is_placeholder,
    is_struck,
    key_of,
    kind_of,
    list_styles,
    place_of,
    places_of,
    text_of,
)
from gabarito.ingest.formats.office.tally import Tally, lines_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold, join_lines

_TITLES = frozenset({"title", "ctrTitle"})
_LISTS = frozenset({"body", "obj", ""})
_REPEATED = frozenset({"sldNum", "ftr", "dt", "hdr"})
"""What a layout repeats on each slide: it is read once, except for numbers of slides."""

_SHAPES = frozenset({P + name for name in ("sp", "pic", "graphicFrame", "cxnSp")})
_FRAMED = (f"{A}tbl", f"{C}chart", f"{CX}chart", f"{DGM}relIds", f"{P}oleObj")
_LINE_HEIGHT = 200_000
"""Shapes whose tops are nearer than this (0.2 inches, in EMU) stand on one line."""


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the blocks of all slides that are shown, each followed by its notes.

    Raises:
        Dropped: if it is no presentation, damaged or encrypted.
    """
    try:
        package = Package(data)
        tally, pictures = Tally(), PicturesWithin(hints)
        blocks = list(_blocks(package, tally, pictures))
        about = properties(package)
    except DAMAGE as error:
        raise Dropped.by_library(error) from error
    headings = (block.text for block in blocks if isinstance(block, Heading))
    title = about.title or fold(next(headings, ""))
    left_out = [*tally.left_out(), *pictures.left_out, *package.left_out]
    return BlockPage(
        blocks, title=title, date=about.date, left_out=left_out, by_ocr=pictures.by_ocr
    )


def _blocks(package: Package, tally: Tally, pictures: PicturesWithin) -> Iterator[Block]:
    main = next(iter(package.related("", "officeDocument")), "ppt/presentation.xml")
    root = package.xml(main)
    if root is None or root.tag != f"{P}presentation":
        raise Dropped(IngestReason.UNREADABLE, "is not a presentation")
    relations = package.relations(main)
    deck = _Deck(package, tally, pictures)
    for entry in root.iter(f"{P}sldId"):
        relation = relations.get(entry.get(f"{R}id"))
        slide = package.xml(relation.target) if relation else None
        if relation is None or slide is None:
            tally.count(Omission.DAMAGED, 1, f"slide {entry.get('id')}")
            continue
        if slide.get("show") in {"0", "false"}:
            parts = [slide, *deck.parts_of(relation.target, "notesSlide")]
            tally.add(Omission.HIDDEN, " ".join(map(all_text, parts)))
            continue
        yield from _Slide(deck, relation.target).blocks(slide)


@dataclass(frozen=True)
class _Deck:
    """What all slides of a presentation share while they are read."""

    package: Package
    tally: Tally
    pictures: PicturesWithin
    repeats: Repeats = field(default_factory=Repeats)
    said: set[str] = field(default_factory=set)
    """Footers that have been read."""

    def parts_of(self, slide: str, kind: str) -> list[Element]:
        """Return the parts of one kind that belong to a slide."""
        found = map(self.package.xml, self.package.related(slide, kind))
        return [part for part in found if part is not None]


@dataclass(frozen=True)
class _Placed:
    """A shape and where it stands; one of a group stands where the group does."""

    top: float
    left: float
    shape: Element


class _Slide:
    """A slide being read."""

    def __init__(self, deck: _Deck, name: str) -> None:
        package = deck.package
        self._deck = deck
        self._package = package
        self._name = name
        self._tally = deck.tally
        self._repeats = deck.repeats
        self._relations = package.relations(name)
        layouts = package.related(name, "slideLayout")
        layout = package.xml(layouts[0]) if layouts else None
        self._layout = {} if layout is None else places_of(layout)
        shapes = () if layout is None else layout.iter(f"{P}sp")
        self._placeholders = {key_of(shape): shape for shape in shapes if is_placeholder(shape)}

    def blocks(self, root: Element) -> Iterator[Block]:
        """Yield the blocks of the slide: its title, its shapes, its notes."""
        shapes = list(one_alternative(root).iter(*_SHAPES))
        titles = [shape for shape in shapes if kind_of(shape) in _TITLES]
        for shape in titles:
            level = 1 if kind_of(shape) == "ctrTitle" else 2
            yield Heading(level, fold(" ".join(lines_of(self._texts(shape)))))
        for placed in self._in_order([shape for shape in shapes if shape not in titles]):
            yield from self._shape(placed.shape)
        for notes in self._deck.parts_of(self._name, "notesSlide"):
            yield from self._notes(notes)
        for comments in self._deck.parts_of(self._name, "comments"):
            self._tally.add(Omission.COMMENT, " ".join(comments.itertext()))

    def _in_order(self, shapes: list[Element]) -> list[_Placed]:
        placed = []
        top = left = 0.0
        for shape in shapes:
            groups = list(shape.iterancestors(f"{P}grpSp"))
            place = (
                place_of(groups[-1] if groups else shape)
                or self._layout.get(key_of(shape))
                or self._layout.get(kind_of(shape))
            )
            top, left = place or (top, left)  # what has no place stands after what is before it
            placed.append(_Placed(top // _LINE_HEIGHT, left, shape))
        return sorted(placed, key=lambda one: (one.top, one.left))

    def _shape(self, shape: Element) -> Iterator[Block]:
        about = shape.find(f"./*/{P}cNvPr")
        if about is not None and about.get("hidden") in {"1", "true"}:
            self._tally.add(Omission.HIDDEN, all_text(shape))
            return
        if kind_of(shape) in _REPEATED and not self._is_said_first(shape):
            self._tally.add(Omission.REPEATED, all_text(shape))
            return
        if shape.tag == f"{P}graphicFrame":
            yield from self._frame(shape)
        else:
            yield from self._texts(shape)
        said = described(about.get("descr") or "") if about is not None else ""
        if said:
            yield Paragraph(said)
        if shape.tag == f"{P}pic":
            relation = self._relations.get(picture_id(shape))
            data = self._package.picture(relation.target) if relation else None
            name = (about.get("name") or "") if about is not None else ""
            yield from self._deck.pictures.blocks(data, name, is_told=bool(said))

    def _is_said_first(self, shape: Element) -> bool:
        """Tell whether a footer says something that none before it said; a number does not."""
        text = fold(" ".join(lines_of(self._texts(shape))))
        typed = "".join(run.findtext(f"{A}t", "") for run in shape.iter(f"{A}r"))
        is_words = any(map(str.isalnum, typed)) and kind_of(shape) != "sldNum"
        is_new = is_words and text not in self._deck.said
        self._deck.said.add(text)
        return is_new

    def _frame(self, frame: Element) -> Iterator[Block]:
        for node in frame.iter(*_FRAMED):
            if node.tag == f"{A}tbl":
                yield Table(frozen(self._rows(node)))
            elif node.tag == f"{P}oleObj":
                self._tally.count(Omission.EMBEDDED, 1, node.get("progId") or "")
            else:
                is_chart = node.tag != f"{DGM}relIds"
                relation = self._relations.get(node.get(f"{R}id" if is_chart else f"{R}dm"))
                root = self._package.xml(relation.target) if relation else None
                if root is not None:
                    yield from chart(root) if is_chart else diagram(root)
                else:
                    self._tally.count(Omission.DAMAGED, 1, f"drawing of {self._name}")

    def _rows(self, table: Element) -> list[list[str]]:
        rows = [row.findall(f"{A}tc") for row in table.iterchildren(f"{A}tr")]
        grid = Grid(max(map(len, rows), default=0), self._repeats)
        for row in rows:
            grid.begin_row()
            spanning = ""
            for cell in row:
                text = join_lines(lines_of(self._texts(cell)))
                if cell.get("hMerge") in {"1", "true"}:
                    text = spanning if self._repeats.allow(spanning) else ""
                elif cell.get("vMerge") in {"1", "true"}:
                    text = grid.above(len(grid.rows[-1]))
                spanning = text
                grid.place(text)
            merged = sum(cell.get("hMerge") in {"1", "true"} for cell in row)
            grid.end_row(is_one_cell=merged == len(row) - 1)
        return grid.rows

    def _texts(self, shape: Element) -> Iterator[Block]:
        """Yield the paragraphs of a shape or a cell; those of the main texts are items."""
        body = shape.find(f"{P}txBody")
        body = shape.find(f"{A}txBody") if body is None else body
        is_list = shape.tag == f"{P}sp" and is_placeholder(shape) and kind_of(shape) in _LISTS
        styles = list_styles(shape, self._placeholders.get(key_of(shape)))
        counter = PointCounter(styles, is_list=is_list)
        for paragraph in () if body is None else body.iterchildren(f"{A}p"):
            text = text_of(paragraph)
            struck = filter(is_struck, paragraph.iter(f"{A}r"))
            self._tally.add(Omission.DELETED, " ".join(run.findtext(f"{A}t", "") for run in struck))
            about = paragraph.find(f"{A}pPr")
            level = "0" if about is None else about.get("lvl", "0")
            depth = int(level) if level in set("012345678") else 0
            if not text.strip():
                continue
            marker = counter.marker(about, depth)
            yield Item(text, depth, marker) if marker else Paragraph(text)

    def _notes(self, root: Element) -> Iterator[Block]:
        for shape in root.iter(f"{P}sp"):
            if kind_of(shape) == "body":
                for line in lines_of(self._texts(shape)):
                    yield Note(line)
            elif kind_of(shape) in _REPEATED:
                self._tally.add(Omission.REPEATED, all_text(shape))

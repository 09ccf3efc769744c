"""Word documents: paragraphs, lists with their own numbers, tables, notes and drawings in order.

All tracked changes are read as accepted. What calls itself on what is inside an element can do so,
since the parser refuses XML of more than 256 levels.
"""

import posixpath
from collections.abc import Iterable, Iterator

from gabarito.ingest.blocks import Block, BlockPage, Code, Heading, Note, Omission, Paragraph
from gabarito.ingest.formats import reader_of
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.drawing import DGM, R, diagram, picture_id
from gabarito.ingest.formats.office.linear_math import M
from gabarito.ingest.formats.office.office_charts import CX, C, chart
from gabarito.ingest.formats.office.package import DAMAGE, Package, one_alternative, properties
from gabarito.ingest.formats.office.tally import Tally, joined_code, lines_of
from gabarito.ingest.formats.word.word_blocks import (
    WRAPPERS,
    block_of,
    line_by_line,
    main_part,
    runs_on,
)
from gabarito.ingest.formats.word.word_inline import Inline, Reference
from gabarito.ingest.formats.word.word_styles import Lists, Styles, W, val
from gabarito.ingest.formats.word.word_tables import Tables
from gabarito.ingest.formats.word.word_text import PICTURES, Texts, name_of_picture, words_of
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, fold
from gabarito.ingest.reading.decode import decode

_CHUNK_FORMATS = {".htm": "html", ".html": "html", ".xhtml": "html", ".mht": "html"}
_CHUNK_FORMATS |= {".mhtml": "html"}
_INLINE = frozenset({f"{W}p", f"{W}r", f"{W}hyperlink", f"{M}oMath", f"{M}oMathPara"})


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return the blocks of the body; headers, footers and comments are left out.

    Raises:
        Dropped: if it is no Word document, damaged or encrypted.
    """
    return _read(data, hints, is_inside=False)


def _read(data: bytes, hints: Hints, *, is_inside: bool) -> BlockPage:
    try:
        package = Package(data)
        document = _WordDocument(package, hints, is_inside=is_inside)
        blocks = document.read()
        if document.is_mostly_struck:  # then it is the text itself
            package = Package(data)
            document = _WordDocument(package, hints, is_inside=is_inside)
            document.texts.keeps_struck = True
            blocks = document.read()
        about = properties(package)
    except DAMAGE as error:
        raise Dropped.by_library(error) from error
    headings = (block.text for block in blocks if isinstance(block, Heading))
    title = about.title or fold(next(headings, ""))
    pictures = document.pictures
    left_out = [*document.tally.left_out(), *pictures.left_out, *package.left_out]
    return BlockPage(
        blocks, title=title, date=about.date, left_out=left_out, by_ocr=pictures.by_ocr
    )


class _WordDocument:
    """A Word document being read."""

    def __init__(self, package: Package, hints: Hints, *, is_inside: bool) -> None:
        self._package = package
        self._hints = hints
        self._is_inside = is_inside
        self.tally = Tally()
        self.pictures = PicturesWithin(hints)
        self._main = main_part(package)
        self._relations = package.relations(self._main)
        self._styles = Styles(self._part("styles"))
        self._lists = Lists(self._part("numbering"), self._styles)
        settings = self._part("settings")
        note_styles = {
            "footnote": val(settings, "footnotePr/numFmt", "decimal"),
            "endnote": val(settings, "endnotePr/numFmt", "lowerRoman"),
        }
        self.texts = Texts(self._styles, self.tally, note_styles)
        self._notes = {kind: self._notes_of(kind) for kind in note_styles}
        self._diagrams = package.related(self._main, "diagramData")
        self._tables = Tables(self._blocks, self.tally)

    def read(self) -> list[Block]:
        """Return all blocks of the body."""
        pieces = map(one_alternative, self._package.pieces(self._main, f"{W}body"))
        blocks = joined_code(self._blocks(pieces))
        for notes in self._notes.values():
            for note in notes.values():
                self.tally.add(Omission.HIDDEN, words_of(note))
        for kind, why in (
            ("header", Omission.REPEATED),
            ("footer", Omission.REPEATED),
            ("comments", Omission.COMMENT),
        ):
            for name in self._package.related(self._main, kind):
                if (part := self._package.xml(name)) is not None:
                    self.tally.add(why, words_of(part))
        self._said = sum(len(line.split()) for line in lines_of(blocks))
        return blocks

    @property
    def is_mostly_struck(self) -> bool:
        """Tell whether more of the document is struck or deleted than not."""
        return self.tally.words(Omission.DELETED) > self._said and not self.texts.keeps_struck

    def _part(self, kind: str) -> Element:
        names = self._package.related(self._main, kind)
        return self._package.xml(names[0]) if names else None

    def _notes_of(self, kind: str) -> dict[str, Element]:
        root = self._part(f"{kind}s")
        found = () if root is None else one_alternative(root).iterchildren(W + kind)
        return {
            note.get(f"{W}id", ""): note
            for note in found
            if note.get(f"{W}type", "normal") == "normal"
        }

    def _blocks(self, nodes: Iterable[Element]) -> Iterator[Block]:
        before = Inline()
        above: Block | None = None
        for node in self._unwrapped(nodes):
            if node.tag in _INLINE:
                properties_ = node.find(f"{W}pPr")
                style_id = val(properties_, "pStyle", self._styles.default) or self._styles.default
                style = self._styles.get(style_id)
                inline = before.followed_by(self.texts.read(node, style))
                before = Inline()
                if runs_on(properties_):
                    before = inline
                    continue
                marker = self._lists.marker(properties_, style_id)
                block = block_of(inline, style, marker, properties_, above)
                if isinstance(block, Code) or block.text:
                    yield block
                    above = block
                yield from self._around(inline)
            else:
                above = None
                yield from self._tables.read(node) if node.tag == f"{W}tbl" else self._chunk(node)
        if before.pieces or before.inner:
            yield Paragraph(line_by_line(before.text()))
            yield from self._around(before)

    def _unwrapped(self, nodes: Iterable[Element]) -> Iterator[Element]:
        """Yield paragraphs, tables and chunks, out of what only wraps them."""
        for top in nodes:
            stack = [top]
            while stack:
                node = stack.pop()
                if node.tag in WRAPPERS:
                    stack += reversed(list(node))
                elif node.tag == f"{W}del":
                    self.tally.add(Omission.DELETED, words_of(node))
                elif node.tag == f"{W}p" and not len(node):
                    continue  # a blank line; there may be millions
                elif node.tag in _INLINE or node.tag in {f"{W}tbl", f"{W}altChunk"}:
                    yield node

    def _around(self, inline: Inline) -> Iterator[Block]:
        """Yield what belongs to a paragraph and follows it: its notes, boxes and drawings."""
        for reference in inline.references:
            yield from self._note(reference)
        for node in inline.inner:
            if node.tag == f"{W}txbxContent":
                yield from self._blocks(node)
            elif node.tag in PICTURES:
                name, is_told = name_of_picture(node)
                data = self._package.picture(self._target(picture_id(node)))
                yield from self.pictures.blocks(data, name, is_told=is_told)
            else:
                yield from self._drawing(node)

    def _note(self, reference: Reference) -> Iterator[Block]:
        note = self._notes[reference.kind].pop(reference.note_id, None)
        if note is None:
            return
        self.texts.takes_notes = False
        lines = lines_of(list(self._blocks(note)))
        self.texts.takes_notes = True
        yield Note(" ".join(map(fold, lines)), reference.marker)

    def _drawing(self, node: Element) -> Iterator[Block]:
        shown = next(node.iterchildren(f"{C}chart", f"{CX}chart"), None)
        ids = node.find(f"{DGM}relIds")
        if shown is not None:
            target, reader = self._target(shown.get(f"{R}id")), chart
        elif node.get("uri", "").endswith("/diagram"):
            target = self._target(ids.get(f"{R}dm")) if ids is not None else ""
            target, reader = target or next(iter(self._diagrams), ""), diagram
        else:
            self.tally.count(Omission.PICTURE, 1, node.get("uri", ""))
            return
        self._diagrams = [name for name in self._diagrams if name != target]
        root = self._package.xml(target) if target else None
        if root is None:
            self.tally.count(Omission.DAMAGED, 1, f"drawing {target}")
        else:
            yield from reader(root)

    def _target(self, relation_id: str) -> str:
        relation = self._relations.get(relation_id)
        return "" if relation is None or relation.is_outside else relation.target

    def _chunk(self, node: Element) -> Iterator[Block]:
        """Yield what a part in a format of its own holds."""
        name = self._target(node.get(f"{R}id"))
        ending = posixpath.splitext(name)[1].lower()
        try:
            data = self._package.data(name)
            if ending in _CHUNK_FORMATS:
                reader = reader_of(_CHUNK_FORMATS[ending])
                yield from self._inside(reader.read(data, self._hints))
            elif ending == ".txt":
                for text in decode(data, self._hints).split("\n\n"):
                    yield Paragraph(text)
            elif ending in {".docx", ".docm", ".dotx"} and not self._is_inside:
                yield from self._inside(_read(data, self._hints, is_inside=True))
            else:
                self.tally.count(Omission.EMBEDDED, 1, name)
        except (*DAMAGE, Dropped) as error:
            self.tally.count(Omission.DAMAGED, 1, f"{name}: {error}")

    def _inside(self, page: BlockPage) -> Iterable[Block]:
        """Return the blocks of what stands inside, and take account of what was left out of it."""
        for one in page.left_out:
            self.tally.count(one.why, one.words, one.sample)
        self.pictures.add(page.by_ocr)
        return page.blocks

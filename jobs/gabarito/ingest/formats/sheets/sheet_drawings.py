"""What lies upon a sheet of a workbook: boxes of text, charts, notes to cells."""

from collections.abc import Iterator
from dataclasses import dataclass

from gabarito.ingest.blocks import Block, Omission, Paragraph
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.drawing import A, R, described, picture_id
from gabarito.ingest.formats.office.office_charts import CX, C, chart
from gabarito.ingest.formats.office.package import Package, Relation, one_alternative
from gabarito.ingest.formats.office.tally import Tally

_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


@dataclass(frozen=True)
class SheetDrawings:
    """Reads what lies upon the sheets of a workbook."""

    package: Package
    tally: Tally
    pictures: PicturesWithin

    def blocks(self, sheet: str) -> Iterator[Block]:
        """Yield texts, charts and pictures; notes to cells are left out and counted."""
        package = self.package
        notes = package.related(sheet, "threadedComment") or package.related(sheet, "comments")
        for name in notes:
            if (root := package.xml(name)) is not None:
                self.tally.add(Omission.COMMENT, " ".join(root.itertext("{*}t", "{*}text")))
        for name in package.related(sheet, "drawing"):
            root = package.xml(name)
            if root is not None:
                yield from self._drawn(name, root)

    def _drawn(self, name: str, root: Element) -> Iterator[Block]:
        relations = self.package.relations(name)
        for node in one_alternative(root).iter(f"{A}p", f"{C}chart", f"{CX}chart", f"{_XDR}pic"):
            if node.tag == f"{A}p":
                text = "".join(part.text or "" for part in node.iter(f"{A}t"))
                if text.strip():
                    yield Paragraph(text)
            elif node.tag == f"{_XDR}pic":
                yield from self._picture(node, relations.get(picture_id(node)))
            else:
                relation = relations.get(node.get(f"{R}id", ""))
                drawing = self.package.xml(relation.target) if relation else None
                if drawing is None:
                    self.tally.count(Omission.DAMAGED, 1, f"chart of {name}")
                else:
                    yield from chart(drawing)

    def _picture(self, node: Element, relation: Relation | None) -> Iterator[Block]:
        about = node.find(f".//{_XDR}cNvPr")
        said = "" if about is None else described(about.get("descr") or "")
        if said:
            yield Paragraph(said)
        data = self.package.picture(relation.target) if relation else None
        name = "" if about is None else about.get("name") or ""
        yield from self.pictures.blocks(data, name, is_told=bool(said))

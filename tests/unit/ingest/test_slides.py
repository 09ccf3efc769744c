import io
import zipfile

import pytest

from gabarito.ingest.blocks import Block, BlockPage, Heading, Item, Note, Omission, Paragraph, Table
from gabarito.ingest.formats.office.slides import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

OPEN_XML = "http://schemas.openxmlformats.org"
RELATIONS = f"{OPEN_XML}/officeDocument/2006/relationships"
NAMES = f"""xmlns:p="{OPEN_XML}/presentationml/2006/main" xmlns:a="{OPEN_XML}/drawingml/2006/main"
 xmlns:r="{RELATIONS}" xmlns:dgm="{OPEN_XML}/drawingml/2006/diagram" """


def relations(**targets: str) -> str:
    lines = (
        f'<Relationship Id="{name}" Type="{RELATIONS}/{name.rstrip("0123456789")}" Target="{to}"/>'
        for name, to in targets.items()
    )
    schema = f"{OPEN_XML}/package/2006/relationships"
    return f'<Relationships xmlns="{schema}">{"".join(lines)}</Relationships>'


def slides(*trees: str, shown: str = "1", **others: str) -> BlockPage:
    """Read a presentation of slides; ``others`` are parts that each of them refers to."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("_rels/.rels", relations(officeDocument="ppt/presentation.xml"))
        ids = "".join(f'<p:sldId r:id="slide{at}"/>' for at in range(len(trees)))
        file.writestr("ppt/presentation.xml", f"<p:presentation {NAMES}>{ids}</p:presentation>")
        targets = {f"slide{at}": f"slides/{at}.xml" for at in range(len(trees))}
        file.writestr("ppt/_rels/presentation.xml.rels", relations(**targets))
        for at, tree in enumerate(trees):
            inside = f"<p:cSld><p:spTree>{tree}</p:spTree></p:cSld>"
            file.writestr(f"ppt/slides/{at}.xml", f'<p:sld {NAMES} show="{shown}">{inside}</p:sld>')
            parts = {name: f"../{name}.xml" for name in others}
            file.writestr(f"ppt/slides/_rels/{at}.xml.rels", relations(**parts))
        for name, xml in others.items():
            file.writestr(f"ppt/{name}.xml", f"<p:{name} {NAMES}>{xml}</p:{name}>")
    return read(buffer.getvalue(), Hints())


def blocks(*trees: str, **others: str) -> list[Block]:
    return list(slides(*trees, **others).blocks)


def line(text: str, about: str = "") -> str:
    return f"<a:p>{about}<a:r><a:t>{text}</a:t></a:r></a:p>"


def shape(lines: str, kind: str | None = None, top: int = 0) -> str:
    placeholder = "" if kind is None else f'<p:ph type="{kind}"/>'
    place = f'<p:spPr><a:xfrm><a:off x="0" y="{top}"/></a:xfrm></p:spPr>'
    about = f'<p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
    return f"<p:sp>{about}{place}<p:txBody>{lines}</p:txBody></p:sp>"


def test_a_slide_is_its_title_and_its_points_with_their_levels() -> None:
    points = (
        line("um") + line("dois", '<a:pPr lvl="1"/>') + line("fim", "<a:pPr><a:buNone/></a:pPr>")
    )
    found = blocks(shape(points, "body", 9) + shape(line("Prazos"), "title", 5))
    assert found == [Heading(2, "Prazos"), Item("um"), Item("dois", 1), Paragraph("fim")]


def test_numbers_of_points_are_counted_as_they_are_displayed() -> None:
    auto = '<a:pPr lvl="{}"><a:buAutoNum type="{}" startAt="{}"/></a:pPr>'
    lines = [auto.format(0, "arabicPeriod", 3), auto.format(1, "alphaLcParenR", 1)] * 2
    found = blocks(shape("".join(line("x", about) for about in lines)))
    assert [item.marker for item in found if isinstance(item, Item)] == ["3.", "a)", "4.", "a)"]


def test_another_kind_of_number_begins_anew_and_a_ring_is_written_as_one() -> None:
    auto = '<a:pPr><a:buAutoNum type="{}"/></a:pPr>'
    kinds = ("romanUcPeriod", "romanUcPeriod", "circleNumDbPlain", "circleNumDbPlain")
    found = blocks(shape("".join(line("x", auto.format(kind)) for kind in kinds)))
    assert [item.marker for item in found if isinstance(item, Item)] == ["I.", "II.", "①", "②"]


def test_points_are_numbered_where_only_their_box_says_so() -> None:
    box = '<a:lstStyle><a:lvl1pPr><a:buAutoNum type="alphaUcParenR"/></a:lvl1pPr></a:lstStyle>'
    found = blocks(shape(box + line("x") + line("y")))
    assert [item.marker for item in found if isinstance(item, Item)] == ["A)", "B)"]


def test_shapes_are_read_from_top_to_bottom() -> None:
    found = blocks(shape(line("embaixo"), None, 3_000_000) + shape(line("em cima"), None, 10))
    assert found == [Paragraph("em cima"), Paragraph("embaixo")]


def test_what_is_in_a_group_stands_where_the_group_does() -> None:
    place = '<p:grpSpPr><a:xfrm><a:off x="0" y="5000000"/></a:xfrm></p:grpSpPr>'
    group = f"<p:grpSp>{place}{shape(line('embaixo'), None, 3)}</p:grpSp>"
    found = blocks(group + shape(line("em cima"), None, 3_000_000))
    assert found == [Paragraph("em cima"), Paragraph("embaixo")]


def test_notes_follow_their_slide() -> None:
    notes = shape(line("dizer devagar"), "body") + shape(line("3"), "sldNum")
    found = slides(shape(line("um")), notesSlide=notes)
    assert found.blocks == [Paragraph("um"), Note("dizer devagar")]
    assert [left.why for left in found.left_out] == [Omission.REPEATED]


def test_a_hidden_slide_is_left_out_and_counted() -> None:
    found = slides(shape(line("um dois")), shown="0")
    assert (found.blocks, found.left_out[0].why, found.left_out[0].words) == (
        [],
        Omission.HIDDEN,
        2,
    )


def test_a_merged_cell_stands_in_each_of_its_places() -> None:
    def cell(text: str, about: str = "") -> str:
        return f"<a:tc {about}><a:txBody>{line(text)}</a:txBody></a:tc>"

    first = cell("ano", 'rowSpan="2"') + cell("a", 'gridSpan="2"') + cell("", 'hMerge="1"')
    second = cell("", 'vMerge="1"') + cell("b") + cell("c")
    table = f"<a:tbl><a:tr>{first}</a:tr><a:tr>{second}</a:tr></a:tbl>"
    found = blocks(f"<p:graphicFrame><a:graphic>{table}</a:graphic></p:graphicFrame>")
    assert found == [Table((("ano", "a", "a"), ("ano", "b", "c")))]


def test_a_diagram_is_read_with_its_levels() -> None:
    def point(key: str, text: str, kind: str = "node") -> str:
        return f'<dgm:pt modelId="{key}" type="{kind}"><dgm:t>{line(text)}</dgm:t></dgm:pt>'

    points = point("0", "", "doc") + point("2", "Ana") + point("1", "Rui") + point("9", "x", "pres")
    links = '<dgm:cxn srcId="0" destId="1" srcOrd="0"/><dgm:cxn srcId="1" destId="2" srcOrd="0"/>'
    frame = '<p:graphicFrame><dgm:relIds r:dm="diagramData"/></p:graphicFrame>'
    assert blocks(frame, diagramData=points + links) == [Item("Rui"), Item("Ana", 1)]


def test_a_slide_that_is_not_there_costs_no_other() -> None:
    found = slides(shape(line("um")), "<broken>")
    assert found.blocks == [Paragraph("um")]
    assert {left.why for left in found.left_out} == {Omission.DAMAGED}


def test_a_raised_figure_is_no_part_of_the_number() -> None:
    power = '<a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r>'
    assert blocks(shape(f"<a:p><a:r><a:t>10</a:t></a:r>{power}</a:p>")) == [Paragraph("10⁶")]


def test_what_is_no_presentation_is_refused() -> None:
    with pytest.raises(Dropped):
        read(b"PK no zip", Hints())


def test_a_footer_is_read_where_it_stands_first_and_a_number_nowhere() -> None:
    slide = shape(line("um")) + shape(line("Uso interno"), "ftr") + shape(line("7"), "sldNum")
    found = slides(slide, slide)
    assert found.blocks == [Paragraph("um"), Paragraph("Uso interno"), Paragraph("um")]
    assert [(left.why, left.words) for left in found.left_out] == [(Omission.REPEATED, 4)]


def test_the_notes_of_a_hidden_slide_are_counted_with_it() -> None:
    found = slides(shape(line("um dois")), shown="0", notesSlide=shape(line("e três"), "body"))
    assert (found.blocks, found.left_out[0].words) == ([], 4)


def test_what_is_struck_out_is_left_out_and_counted() -> None:
    struck = '<a:r><a:rPr strike="sngStrike"/><a:t>100 reais </a:t></a:r>'
    found = slides(shape(f"<a:p>{struck}<a:r><a:rPr/><a:t>80 reais</a:t></a:r></a:p>"))
    assert found.blocks == [Paragraph("80 reais")]
    assert [(one.why, one.words) for one in found.left_out] == [(Omission.DELETED, 2)]

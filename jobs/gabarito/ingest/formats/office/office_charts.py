"""Charts of Office as tables of the figures that they show, those of 2016 (chartex) too."""

from collections.abc import Iterable, Iterator, Sequence

from gabarito.ingest.blocks import Block, Paragraph, Table
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.figure import GENERAL, figure_as_shown
from gabarito.ingest.formats.office.drawing import paragraphs_of

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"

_MAX_PLACE_DIGITS = 7


def chart(root: Element) -> Iterator[Block]:
    """Yield a chart's title and the figures that it shows, a column for each series."""
    if str(root.tag).startswith(CX):
        yield from _chart_of_2016(root)
        return
    names: dict[int, str] = {}
    columns = []
    for series in root.iter(f"{C}ser"):
        names = {**_cached(series, "cat", "xVal"), **names}
        columns.append((_name(series), _cached(series, "val", "yVal")))
        if sizes := _cached(series, "bubbleSize"):
            columns.append(("", sizes))
    caption = _title(root.find(f".//{C}chart/{C}title"))
    measures = dict.fromkeys(_title(axis.find(f"{C}title")) for axis in root.iter(f"{C}valAx"))
    across = next((_title(axis.find(f"{C}title")) for axis in root.iter(f"{C}catAx")), "")
    said = ", ".join(filter(None, measures))
    yield from _table(f"{caption} ({said})" if said else caption, across, names, columns)


def _chart_of_2016(root: Element) -> Iterator[Block]:
    data = {node.get("id", ""): node for node in root.iterfind(f"{CX}chartData/{CX}data")}
    names: dict[int, str] = {}
    columns = []
    for series in root.iter(f"{CX}series"):
        told = series.find(f"{CX}dataId")
        node = data.get("" if told is None else told.get("val", ""))
        for kind in () if node is None else node.iterchildren(f"{CX}strDim", f"{CX}numDim"):
            found = _joined(kind.iterchildren(f"{CX}lvl"), CX)
            if kind.get("type") in {"cat", "x"}:
                names = {**found, **names}
            else:
                columns.append((_words(series.find(f"{CX}tx")), found))
    yield from _table(_words(root.find(f"{CX}chart/{CX}title")), "", names, columns)


def _table(
    caption: str,
    across: str,
    names: dict[int, str],
    columns: Sequence[tuple[str, dict[int, str]]],
) -> Iterator[Block]:
    places = sorted({place for _, column in columns for place in column} | names.keys())
    if places:
        head = (across, *(name for name, _ in columns))
        body = (
            (names.get(place, ""), *(column.get(place, "") for _, column in columns))
            for place in places
        )
        yield Table((head, *body), caption)
    elif caption:
        yield Paragraph(caption)


def _title(node: Element) -> str:
    """Return a title that a person typed, or that stands in a cell."""
    if node is None:
        return ""
    return paragraphs_of(node) or " ".join(v.text or "" for v in node.iter(f"{C}v"))


def _words(node: Element) -> str:
    if node is None:
        return ""
    return paragraphs_of(node) or " ".join(v.text or "" for v in node.iter(f"{CX}v"))


def _name(series: Element) -> str:
    node = series.find(f"{C}tx")
    return "" if node is None else " ".join(v.text or "" for v in node.iter(f"{C}v"))


def _cached(series: Element, *kinds: str) -> dict[int, str]:
    nodes = (series.find(C + kind) for kind in kinds)
    found = next((node for node in nodes if node is not None), None)
    if found is None:
        return {}
    caches = (f"{C}strCache", f"{C}numCache", f"{C}strLit", f"{C}numLit")
    return _joined(list(found.iter(f"{C}lvl")) or list(found.iter(*caches)) or [found], C)


def _joined(levels: Iterable[Element], names: str) -> dict[int, str]:
    """Return the values of a dimension by their place; those of wider levels stand before."""
    joined: dict[int, str] = {}
    for level in levels:
        values = _values(level, names)
        if not joined:
            joined = values
            continue
        wider = ""
        for place in sorted(joined):
            wider = values.get(place, wider)
            joined[place] = f"{wider} {joined[place]}".strip()
    return joined


def _values(level: Element, names: str) -> dict[int, str]:
    code = level.findtext(f"{names}formatCode") or level.get("formatCode") or GENERAL
    is_number = level.find(f"{names}formatCode") is not None or level.get("formatCode")
    found = {}
    for point in level.iterchildren(f"{names}pt"):
        at = point.get("idx", "")
        text = point.findtext(f"{names}v") or point.text or ""
        if is_number or str(level.tag).endswith(("numCache", "numLit")):
            text = figure_as_shown(text, point.get("formatCode") or code)
        if at.isdecimal() and len(at) <= _MAX_PLACE_DIGITS:
            found[int(at)] = text
    return found

"""Styles and lists of a Word document: what a paragraph is, and which number it bears."""

import re
from dataclasses import dataclass, field, replace

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.numbering import BULLET, MAX_LEVELS, Counter, Level
from gabarito.ingest.formats.office.symbols import in_unicode

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING = re.compile(r"heading ([1-9])$", re.IGNORECASE)
_BODY_LEVEL = 9
_CODE = re.compile(
    r"(?:html preformatted|source ?code|code|plain text|verbatim|preformatted)", re.I
)
_QUOTE = re.compile(r"(?:intense )?quote$|block ?text$", re.IGNORECASE)
_TICKS = frozenset("☐☑☒✓✔✗✘")
"""Bullets that say something of their item."""

_LANGUAGE = f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang"


def val(node: Element, path: str, default: str = "") -> str:
    """Return the value of a property, given by the names of the elements to it."""
    found = node.find("/".join(W + name for name in path.split("/"))) if node is not None else None
    return default if found is None else (found.get(f"{W}val") or "")


def number(text: str, default: int | None = None) -> int | None:
    """Return a whole number as attributes have it, within what a list can count."""
    bare = text.strip()
    digits = bare.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_LEVELS:
        return default
    return int(bare)


def is_on(node: Element, name: str) -> bool | None:
    """Return whether a switch is on; nothing where the element does not say."""
    found = node.find(W + name) if node is not None else None
    if found is None:
        return None
    return found.get(f"{W}val", "true") not in {"0", "false", "off", "none"}


@dataclass(frozen=True)
class Style:
    """What a style says itself; ``None`` leaves it to the style it is based on."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None
    list_id: str | None = None
    list_level: int | None = None
    hidden: bool | None = None
    struck: bool | None = None
    script: str = ""
    font: str = ""


class Styles:
    """All styles of a document, each with what it takes over from the one it is based on."""

    def __init__(self, root: Element) -> None:
        found = root.iterchildren(f"{W}style") if root is not None else ()
        self._own = {node.get(f"{W}styleId", ""): _style(node) for node in found}
        self._whole: dict[str, Style] = {}
        defaults = root.iterchildren(f"{W}style") if root is not None else ()
        self.default = next(
            (
                node.get(f"{W}styleId", "")
                for node in defaults
                if node.get(f"{W}default") in {"1", "true"} and node.get(f"{W}type") == "paragraph"
            ),
            "",
        )
        language = root.find(_LANGUAGE) if root is not None else None
        self.language = "" if language is None else language.get(f"{W}val", "")

    def get(self, style_id: str) -> Style:
        """Return a style as it works out."""
        if style_id not in self._whole:
            self._whole[style_id] = self._worked_out(style_id)
        return self._whole[style_id]

    def _worked_out(self, style_id: str) -> Style:
        style = self._own.get(style_id, Style())
        seen = {style_id}
        base = style.based_on
        while base in self._own and base not in seen:
            seen.add(base)
            below = self._own[base]
            style = replace(
                style,
                outline=below.outline if style.outline is None else style.outline,
                list_id=below.list_id if style.list_id is None else style.list_id,
                list_level=below.list_level if style.list_level is None else style.list_level,
                hidden=below.hidden if style.hidden is None else style.hidden,
                struck=below.struck if style.struck is None else style.struck,
                script=style.script or below.script,
                font=style.font or below.font,
            )
            base = below.based_on
        return style


def _style(node: Element) -> Style:
    paragraph, run = node.find(f"{W}pPr"), node.find(f"{W}rPr")
    list_id = val(paragraph, "numPr/numId") or None
    name = val(node, "name")
    heading = _HEADING.match(name)
    outline = number(val(paragraph, "outlineLvl"))
    return Style(
        name=name,
        based_on=val(node, "basedOn"),
        outline=int(heading.group(1)) - 1 if heading else 0 if name == "Title" else outline,
        list_id=list_id,
        list_level=number(val(paragraph, "numPr/ilvl")),
        hidden=is_on(run, "vanish"),
        struck=is_on(run, "strike"),
        script=val(run, "vertAlign"),
        font=_font(run),
    )


def heading_level(style: Style, paragraph: Element) -> int | None:
    """Return the level of a heading, 1 for the highest, or nothing for other paragraphs."""
    own = number(val(paragraph, "outlineLvl"))
    outline = style.outline if own is None else own
    return None if outline is None or not 0 <= outline < _BODY_LEVEL else outline + 1


def is_code(style: Style) -> bool:
    """Tell whether a style is one of code."""
    return bool(_CODE.match(style.name))


def is_quote(style: Style) -> bool:
    """Tell whether a style is one of quotations."""
    return bool(_QUOTE.match(style.name))


@dataclass
class _List:
    """A list: its levels, the list it counts with, and the levels that it begins anew."""

    abstract: str
    levels: list[Level]
    starts: dict[int, int] = field(default_factory=dict)


class Lists:
    """The lists of a document, counted in the order of its paragraphs."""

    def __init__(self, root: Element, styles: Styles) -> None:
        self._styles = styles
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, Counter] = {}
        if root is None:
            return
        abstract = {
            node.get(f"{W}abstractNumId", ""): node for node in root.iterchildren(f"{W}abstractNum")
        }
        numbers = {node.get(f"{W}numId", ""): node for node in root.iterchildren(f"{W}num")}
        for list_id, node in numbers.items():
            base = val(node, "abstractNumId")
            linked = val(abstract.get(base), "numStyleLink")
            other = numbers.get(styles.get(linked).list_id or "") if linked else None
            base = base if other is None else val(other, "abstractNumId")
            self._lists[list_id] = _list(node, base, abstract.get(base))

    def marker(self, paragraph: Element, style_id: str) -> tuple[str, int] | None:
        """Count a paragraph; return its marker and its level, or nothing if it has no number."""
        style = self._styles.get(style_id)
        own = val(paragraph, "numPr/numId")
        list_id = own or style.list_id or ""
        found = self._lists.get(list_id)
        if found is None:
            return None
        at = number(val(paragraph, "numPr/ilvl"))
        if at is None:
            levels = enumerate(found.levels if style_id else ())
            bound = [n for n, level in levels if level.paragraph_style == style_id]
            at = style.list_level if not bound else bound[0]
        at = min(max(at or 0, 0), MAX_LEVELS - 1)
        if at >= len(found.levels):
            return BULLET, at
        counter = self._counters.setdefault(found.abstract, Counter(self._styles.language))
        for level in [level for level in found.starts if level <= at]:
            counter.set(level, found.starts.pop(level) - 1)
        return counter.count(found.levels, at), at


def _list(node: Element, base: str, abstract: Element) -> _List:
    levels = [Level()] * MAX_LEVELS
    found = () if abstract is None else abstract.iterchildren(f"{W}lvl")
    overrides = list(node.iterchildren(f"{W}lvlOverride"))
    starts = {}
    for level in [*found, *(own for each in overrides for own in each.iterchildren(f"{W}lvl"))]:
        at = number(level.get(f"{W}ilvl", ""), 0)
        if at is not None and 0 <= at < MAX_LEVELS:
            levels[at] = _level(level)
    for each in overrides:
        at, start = number(each.get(f"{W}ilvl", "")), number(val(each, "startOverride"))
        if at is not None and 0 <= at < MAX_LEVELS and start is not None:
            starts[at] = start
    return _List(base, levels, starts)


def _font(run: Element) -> str:
    fonts = run.find(f"{W}rFonts") if run is not None else None
    return "" if fonts is None else fonts.get(f"{W}ascii", "")


def _level(node: Element) -> Level:
    custom = node.find(f".//{W}numFmt")  # newer programs give an older one its own
    style = "decimal" if custom is None else custom.get(f"{W}val", "")
    if style == "custom":  # such as "001, 002, 003, ..."
        first = custom.get(f"{W}format", "").split(",")[0]
        style = "0" * len(first) if first.strip("0") == "1" else "decimal"
    start = number(val(node, "start"), 0)
    text = val(node, "lvlText")
    if style == "bullet" and (tick := in_unicode(text, _font(node.find(f"{W}rPr")))) in _TICKS:
        style, text = "decimal", tick
    return Level(
        style="bullet" if node.find(f"{W}lvlPicBulletId") is not None else style,
        text=text,
        start=0 if start is None else start,
        restart=number(val(node, "lvlRestart")),
        is_legal=bool(is_on(node, "isLgl")),
        paragraph_style=val(node, "pStyle"),
    )

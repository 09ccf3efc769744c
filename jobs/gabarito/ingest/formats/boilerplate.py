"""What stands around the main text of a web page: menus, banners, cookie notices, links."""

import re
from collections.abc import Iterable, Iterator

from lxml.html import builder  # type: ignore[import-untyped]

from gabarito.ingest.formats.blocks import Element, on_one_line, rows_of
from gabarito.ingest.page import fold, tidy

_NEVER_TEXT = (
    "//script | //style | //noscript | //template | //iframe | //svg | //button | //select "
    "| //input | //textarea | //nav | //dialog | //comment()"
)
_ROLES = frozenset({"alertdialog", "banner", "contentinfo", "dialog", "navigation", "search"})
_NOTICES = ("cookie", "onetrust")
_NAMES = """
    ad ads advert advertisement anuncio anuncios banner breadcrumb breadcrumbs catlinks cmp
    comentarios comments compartilhar compartilhe consent editsection footer gdpr jump lgpd login
    masthead menu modal nav navbar navbox navigation newsletter pagination paywall popup promo
    publicidade recommended related relacionadas relacionados rodape share sharing sidebar sitemap
    skip social sponsored subscribe toc toolbar topbar
"""
"""Words in class, id or aria-label that name furniture on sites in many languages."""
_WORDS = frozenset(_NAMES.split())
_CAMEL = re.compile(r"([a-z])([A-Z])")
_REFERENCE = re.compile(r"^\[[^\]]{1,12}\]$")
_MAX_SHARE = 0.5
"""What holds more of the page's text than this is no furniture, whatever its name."""
_LINKS_SHARE = 0.7
_MIN_LINKS = 3


def remove_boilerplate(body: Element) -> None:
    """Take from a page all that is not its own, and make its tables plain rows of texts."""
    for form in body.xpath("//form"):
        form.drop_tag()  # some sites wrap a whole page in one
    _drop(body.xpath(_NEVER_TEXT))
    content, whole = _content(body), _length(body)
    named = (node for node in body.iter("*") if node not in content and _is_furniture(node))
    _drop(node for node in named if _is_notice(node) or _length(node) <= _MAX_SHARE * whole)
    _drop(sup for sup in body.iter("sup") if _REFERENCE.match(fold(sup.text_content())))
    for table in list(body.iter("table")):
        _plain_table(table)
    for definitions in list(body.iter("dl")):
        _make_list(definitions)
    _drop(filter(_is_menu, _before_heading(body)))


def _drop(nodes: Iterable[Element]) -> None:
    for node in list(nodes):
        if node.getparent() is not None:
            node.drop_tree()


def _content(body: Element) -> set[Element]:
    """Return the main parts and headings of a page, and all that they stand in."""
    parts = body.xpath("//main | //article")
    headings = body.xpath("//main//h1 | //article//h1") or body.xpath("//h1")
    found = [body, *parts, *headings]
    return {above for node in found for above in (node, *node.iterancestors())}


def _is_furniture(node: Element) -> bool:
    if node.tag in ("footer", "header"):
        return node.tag == "footer" or not _is_within_content(node)
    if (node.tag == "aside" or _is_hidden(node)) and node.find(".//table") is None:
        return True
    return node.get("role") in _ROLES or not _WORDS.isdisjoint(_words_of(node)) or _is_notice(node)


def _is_hidden(node: Element) -> bool:
    style = "".join(node.get("style", "").split()).lower()
    return node.get("hidden") is not None or "display:none" in style


def _is_notice(node: Element) -> bool:
    return any(word.startswith(_NOTICES) for word in _words_of(node))


def _is_within_content(node: Element) -> bool:
    return any(above.tag in ("main", "article") for above in node.iterancestors())


def _words_of(node: Element) -> list[str]:
    named = f"{node.get('class', '')} {node.get('id', '')} {node.get('aria-label', '')}"
    return re.split(r"[^a-zà-ÿ]+", _CAMEL.sub(r"\1 \2", named).lower())


def _before_heading(body: Element) -> Iterator[Element]:
    """Yield what could be a menu above a page's heading; anywhere if it has none."""
    for node in body.iter("h1", "ul", "ol", "div", "p"):
        if node.tag == "h1":
            return
        yield node


def _is_menu(node: Element) -> bool:
    """Tell whether an element holds little but links."""
    links = node.findall(".//a")
    if len(links) < _MIN_LINKS or node.find(".//h1") is not None or _is_within_content(node):
        return False
    return sum(map(_length, links)) >= _LINKS_SHARE * _length(node)


def _length(node: Element) -> int:
    return len(fold(node.text_content()))


def _make_list(definitions: Element) -> None:
    """Turn terms and their descriptions into items ``term: description``."""
    items = builder.UL()
    for node in definitions.iter("dt", "dd"):
        text = tidy(on_one_line(node))
        if node.tag == "dt" or not len(items):
            items.append(builder.LI(text))
        else:
            above = items[-1]
            above.text += f"; {text}" if ": " in above.text else f": {text}"
    _replace(definitions, [items])


def _plain_table(table: Element) -> None:
    """Make a table rows of plain cells, or no table at all if it only arranges a page."""
    if _is_layout(table):
        parts = table.iter("tbody", "tr", "td")
        own = [node for node in parts if next(node.iterancestors("table")) is table]
        for node in (table, *own):
            node.tag = "div"
        return
    rows = (builder.TR(*map(builder.TD, map(tidy, row))) for row in rows_of(table))
    caption = tidy(fold(table.xpath("string(caption)")))
    above = [builder.P(caption)] if caption else []
    _replace(table, [*above, builder.TABLE(*rows)])


def _is_layout(table: Element) -> bool:
    own = [cell for cell in table.iter("td", "th") if next(cell.iterancestors("table")) is table]
    if any(cell.tag == "th" for cell in own):
        return False
    return len(own) == 1 or any(cell.xpath(".//h1|.//h2|.//h3|.//table|.//p[2]") for cell in own)


def _replace(old: Element, new: Iterable[Element]) -> None:
    for node in new:
        old.addprevious(node)
    old.drop_tree()

"""Saved web pages: the main text, without what stands around it on every page of a site."""

import re
from collections import Counter
from copy import deepcopy

from lxml import etree, html  # type: ignore[import-untyped]
from trafilatura import extract

from gabarito.core.reasons import IngestReason
from gabarito.ingest.decode import decode
from gabarito.ingest.formats.blocks import Element, rows_of, to_text
from gabarito.ingest.formats.boilerplate import remove_boilerplate
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints, Page, fold, join_blocks, table_text, tidy

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN_BYTES = 4096
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>", re.IGNORECASE)
_CONTROLS = {
    **dict.fromkeys([*range(0x09), *range(0x0E, 0x20), 0xFFFE, 0xFFFF]),
    **dict.fromkeys([0x0B, 0x0C], " "),
}
"""What HTML may hold, as a reference or as it is, and lxml takes in no text (XML 1.0, 2.2)."""

_FEW_CHARS = 1500
"""Below it the statistics that tell main text from the rest have too little to go on."""

_LEAST_SHARE = 0.5
"""Of a page without its furniture, what a part must hold to be believed the main one."""

_NEARLY_ALL = 0.95
_TEXT_TAGS = ("h1", "h2", "h3", "h4", "li", "p", "td")


def read(data: bytes, hints: Hints) -> Page:
    """Return the main text of a page, its tables included.

    Raises:
        Dropped: if it is not HTML.
    """
    source = _XML_DECLARATION.sub("", decode(data, hints, _declared(data)))
    tree = _tree(source)
    title, url = _title(tree), _url(tree)
    body = tree.find("body")
    if body is None:
        raise Dropped(IngestReason.NO_TEXT, "no body in it")
    remove_boilerplate(body)
    return Page(text=tidy(_main_text(body)), title=tidy(title), url=url)


def _tree(source: str) -> Element:
    parser = html.HTMLParser(huge_tree=True)
    try:
        tree = html.document_fromstring(source, parser=parser)
    except etree.ParserError as error:  # raised for an empty document alone
        raise Dropped(IngestReason.NO_TEXT, "no element in it") from error
    if any(problem.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for problem in parser.error_log):
        raise Dropped(IngestReason.UNREADABLE, "its elements are nested too deep")
    _drop_controls(tree)
    return tree


def _drop_controls(tree: Element) -> None:
    """Take out of the tree, where references to them are resolved, what XML forbids."""
    for node in tree.iter():
        for name in ("text", "tail"):
            text = getattr(node, name) or ""
            allowed = text.translate(_CONTROLS)
            if allowed != text:
                setattr(node, name, allowed)


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    return found.group(1).decode("ascii", "replace") if found else ""


def _title(tree: Element) -> str:
    """Return the heading of the main part, or what the page calls itself."""
    headings = tree.xpath("//article//h1 | //main//h1") or tree.xpath("//h1")
    texts = list(filter(None, (fold(to_text(heading)).lstrip("# ") for heading in headings)))
    named = [*tree.xpath("//meta[@property='og:title']/@content"), tree.findtext(".//title")]
    own = next((fold(name) for name in named if name and name.strip()), "")
    if len(texts) > 1 and own:
        return max((text for text in texts if text in own), key=len, default=own)
    return texts[0] if texts else own


def _url(tree: Element) -> str:
    """Return the address that the page gives as its own."""
    found = tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    return next((tidy(url) for url in found if url.startswith(("https://", "http://"))), "")


def _main_text(body: Element) -> str:
    """Return the text of the part where trafilatura finds the main text, with all it holds.

    trafilatura is good at telling where the main text stands, and apt to drop lists,
    headings and tables from it that hold facts.
    """
    whole = to_text(body)
    if len(whole) < _FEW_CHARS:
        return whole
    found = extract(deepcopy(body), output_format="html", include_comments=False, fast=True)
    text = to_text(_main_part(body, html.document_fromstring(found))) if found else ""
    if len(text) < _LEAST_SHARE * len(whole):
        return whole
    headings = [to_text(heading) for heading in body.iter("h1")]
    above = [heading for heading in headings[:1] if len(headings) == 1 and heading not in text]
    tables = (table_text(rows_of(table)) for table in body.iter("table"))
    return join_blocks([*above, text, *(table for table in tables if table not in text)])


def _main_part(body: Element, found: Element) -> Element:
    """Return the smallest element that holds nearly all of the text that was found."""
    texts = {fold(node.text_content()) for node in found.iter(*_TEXT_TAGS)}
    hits: Counter[Element] = Counter()
    for node in body.iter(*_TEXT_TAGS):
        text = fold(node.text_content())
        if text in texts:
            hits.update(dict.fromkeys((node, *node.iterancestors()), len(text)))
    part, enough = body, _NEARLY_ALL * hits[body]
    while (best := max(part, key=lambda child: hits[child], default=None)) is not None:
        if hits[best] < enough or best.tag in _TEXT_TAGS:
            break
        part = best
    return part

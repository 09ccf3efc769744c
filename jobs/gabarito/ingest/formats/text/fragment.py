"""HTML that stands in another format, as a tree: all of it is text."""

import re
from html.entities import html5

from lxml import etree, html

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.parsing import parse_html, without_xml_declaration

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_OF_XML = frozenset(["amp;", "lt;", "gt;", "quot;", "apos;"])


def body_of(source: str) -> Element:
    """Return the body of HTML.

    Raises:
        Dropped: if its elements are nested too deep.
    """
    return parse_html(f"<div></div>{without_xml_declaration(source)}").find("body")


def xhtml_body_of(source: str) -> Element:
    """Return the body of XHTML, where ``<a id="x"/>`` is closed; if not well-formed, it is HTML.

    Raises:
        Dropped: if its elements are nested too deep.
    """
    parser = html.XHTMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    plain = _ENTITY.sub(_character, without_xml_declaration(source))
    try:
        tree = etree.fromstring(plain, parser)
    except etree.XMLSyntaxError:
        return body_of(source)
    for node in tree.iter("{*}*"):
        node.tag = etree.QName(node).localname
    body = tree.find("body")
    return tree if body is None else body


def _character(found: re.Match[str]) -> str:
    name = found.group(1)
    return found[0] if name in _OF_XML else html5.get(name, found[0])

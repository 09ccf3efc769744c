"""HTML to a tree: the one place where lxml is trusted with the text of a stranger."""

import re

from lxml import etree, html

from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.element import Element
from gabarito.ingest.outcomes import Dropped

_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>", re.IGNORECASE)
_CONTROLS = {
    **dict.fromkeys([*range(0x09), *range(0x0E, 0x20), 0xFFFE, 0xFFFF]),
    **dict.fromkeys([0x0B, 0x0C], " "),
}
"""What HTML may hold, as a reference or as it is, and lxml takes in no text (XML 1.0, 2.2)."""

_MAY_HOLD_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#0*(?:\d|[12]\d|3[01]|6553[45])(?!\d)|"
    r"&#x0*(?:[01]?[\da-f]|fffe|ffff)(?![\da-f])",
    re.IGNORECASE,
)


def without_xml_declaration(source: str) -> str:
    """Return a page without the line that says that it is XML, which lxml refuses in a text."""
    return _XML_DECLARATION.sub("", source)


def parse_html(source: str) -> Element:
    """Return the tree of a page or a piece of one, controls left out.

    Raises:
        Dropped: if there is no element in it, or its elements are nested too deep.
    """
    parser = etree.HTMLParser(huge_tree=True)  # that of lxml.html looks each element's class up
    try:
        tree = html.document_fromstring(source, parser=parser)
    except etree.ParserError as error:  # raised for an empty document alone
        raise Dropped(IngestReason.NO_TEXT, "no element in it") from error
    if any(problem.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for problem in parser.error_log):
        raise Dropped(IngestReason.UNREADABLE, "its elements are nested too deep")
    for node in tree.iter() if _MAY_HOLD_CONTROLS.search(source) else ():
        for name in ("text", "tail"):
            text = getattr(node, name) or ""
            allowed = text.translate(_CONTROLS)
            if allowed != text:
                setattr(node, name, allowed)
    return tree

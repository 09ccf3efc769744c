"""The main text of a web page, told from what stands around it by evidence, not by names alone.

What is left without its furniture is compared with what a second reader takes for the main text,
and with what the page declares to be its article.
"""

from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.evidence.declared import article_of
from gabarito.ingest.formats.web.evidence.furniture import AROUND, NAMED_TAGS, remove_furniture
from gabarito.ingest.formats.web.evidence.measure import Measures, depth_of, measure
from gabarito.ingest.formats.web.evidence.offers import remove_offers
from gabarito.ingest.formats.web.seen import bare, spaced_text, text_in

_HALF = 0.5
_NEARLY_ALL = 0.95
_MAX_DEPTH = 500
_MAIN = (
    ".//main | .//*[@role='main']",
    ".//article",
    ".//*[@itemprop='articleBody']",
)


def main_part(body: Element, source: str, title: str) -> tuple[Element, list[LeftOut]]:
    """Take from a body what stands around the main text; return its main part.

    ``source`` is the page as it was written, for the second opinion.
    """
    found = _second_opinion(source) if depth_of(body) <= _MAX_DEPTH else frozenset()
    measures = measure(body, found)
    headings = _own_headings(body, title)
    offered = remove_offers(body, measures, headings)
    if offered:
        measures = measure(body, found)
    left_out = [*offered, *remove_furniture(body, measures, headings)]
    measures = measure(body, found)
    declared = article_of(body, measures, headings)
    named = _named_main(body, measures) if declared is None else declared
    part = _voted(named, measures, _titles(body, title))
    return part, [*left_out, *_beside(part, body)]


def _second_opinion(source: str) -> frozenset[str]:
    """Return the lines that another reader takes for the main text, letters alone."""
    text = extract_plain_text(source, main_content=True, list_bullets=False, alt_texts=False)
    return frozenset(filter(None, map(bare, text.splitlines())))


def _own_headings(body: Element, title: str) -> list[Element]:
    """Return the headings of the page itself, and not of its site."""
    within = body.xpath("//main//h1 | //article//h1 | //*[@role='main']//h1")
    headings = within or body.xpath("//h1")
    named = [node for node in headings if text_in(node) and text_in(node) in title]
    return named or headings


def _named_main(body: Element, measures: dict[Element, Measures]) -> Element:
    """Return the one part that is named the main one, if it holds half of the page."""
    part = body
    for path in _MAIN:
        found = [node for node in part.xpath(path) if node in measures and node is not part]
        if len(found) != 1 or measures[found[0]].letters < _HALF * measures[body].letters:
            continue
        beside = [near for node in _up_to(part, found[0]) for near in _siblings(node)]
        if part is body or not any(
            _says_much(near, measures[near]) for near in beside if near in measures
        ):
            part = found[0]
    return part


def _titles(body: Element, title: str) -> set[Element]:
    """Return what holds the title of a page that has no heading of the first level."""
    if next(body.iter("h1"), None) is not None:
        return set()
    found = (node for node in body.iter("h2", "h3") if text_in(node) and text_in(node) in title)
    first = next(found, None)
    return set() if first is None else {first, *first.iterancestors()}


def _voted(part: Element, measures: dict[Element, Measures], titles: set[Element]) -> Element:
    """Return the smallest element that holds nearly all of what a second reader found.

    It holds the title, too, if that stands in no heading of the first level.
    """
    least, enough = _HALF * measures[part].letters, _NEARLY_ALL * measures[part].found
    if not enough:
        return part
    while True:
        inner = [node for node in part.iterchildren("*") if node in measures]
        best = max(inner, key=lambda node: measures[node].found, default=None)
        if best is None or measures[best].found < enough or measures[best].letters < least:
            return part
        beside = [node for node in inner if node is not best]
        if any(node in titles or _says_much(node, measures[node]) for node in beside):
            return part
        if best.tag in ("tr", "tbody", "li", "dd", "p", "table", "ul", "ol", "dl", "pre"):
            return part
        part = best


def _says_much(node: Element, own: Measures) -> bool:
    if node.tag in ("script", "style") or not own.letters:
        return False
    if next(node.iter("table"), None) is not None or (own.structured > 1 and not own.links):
        return True
    return own.sentences > 0 and not own.links and node.tag not in AROUND | NAMED_TAGS


def _up_to(part: Element, node: Element) -> Iterator[Element]:
    """Yield an element and what it stands in, within a part."""
    while node is not part and node is not None:
        yield node
        node = node.getparent()


def _siblings(node: Element) -> Iterator[Element]:
    yield from node.itersiblings("*", preceding=True)
    yield from node.itersiblings("*")


def _beside(part: Element, body: Element) -> Iterator[LeftOut]:
    """Yield the account of what stands outside of a part."""
    for node in _up_to(body, part):
        for beside in _siblings(node):
            text = spaced_text(beside) if beside.tag not in ("script", "style") else ""
            if any(map(str.isalnum, text)):
                yield LeftOut.of(Omission.AROUND, text)

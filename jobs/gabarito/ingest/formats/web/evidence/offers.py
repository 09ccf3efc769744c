"""What a site offers below an article: teasers of other pages, and what readers wrote about it.

Told by what it is, never by names: several elements of one kind, after the element that holds
most of the article's paragraphs, each of which leads to another page and says little, or bears the
time of its writing and no heading. Only a page that declares itself an article is looked at: in a
forum or a live report such elements are the text.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from lxml.etree import iterwalk

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.block_writer import LEVELS
from gabarito.ingest.formats.web.evidence.declared import is_declared
from gabarito.ingest.formats.web.evidence.furniture import drop
from gabarito.ingest.formats.web.evidence.measure import Measures
from gabarito.ingest.formats.web.seen import bare, beginning, text_in

_FEWEST_TEASERS = 3
_FEWEST_COMMENTS = 2
_MOST_LETTERS = 400
_MOST_SENTENCES = 2
_NEARLY_ALL = 0.8
_HALF = 0.5
_LEAST_LETTERS = 250
_LEAST_SHARE = 0.2
_NEAR_CHARS = 200
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif)(?:[?#]|$)", re.IGNORECASE)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:h]\d\d(?!\d)")


def remove_offers(
    body: Element, measures: dict[Element, Measures], headings: list[Element]
) -> list[LeftOut]:
    """Take from an article what its site offers below it; return the account of it."""
    text = _text_holder(body, measures) if is_declared(body) else None
    if text is None:
        return []
    holders = {above for node in headings for above in (node, *node.iterancestors())}
    groups = list(_groups_from(text, body, measures))
    offered = [group for group in groups if holders.isdisjoint(group)]
    return [account for group in offered for account in _drop_group(group)]


def _text_holder(body: Element, measures: dict[Element, Measures]) -> Element | None:
    """Return the first element with paragraphs of much text: comments may be longer.

    Paragraphs may be lines that end in ``br``.
    """
    letters: dict[Element, int] = defaultdict(int)
    for node in body.iter("p", "br"):
        above, before = node.getparent(), node.getprevious()
        if node.tag == "br" and above.tag != "p" and above in measures:
            letters[above] += len(bare((above.text if before is None else before.tail) or ""))
        elif node in measures and measures[node].sentences:
            letters[above] += measures[node].letters - measures[node].linked
    enough = max(_LEAST_LETTERS, _LEAST_SHARE * max(letters.values(), default=0))
    return next((node for node, found in letters.items() if found >= enough), None)


def _groups_from(
    text: Element, body: Element, measures: dict[Element, Measures]
) -> Iterator[list[Element]]:
    """Yield groups of teasers and comments, outermost first, from the text's beginning on."""
    is_within = is_after = False
    walker = iterwalk(body, events=("start", "end"))
    for event, node in walker:
        if node is text:
            is_within, is_after = event == "start", event == "end"
        elif event == "start" and (is_within or is_after):
            group = _group_in(node, measures, only_links=is_within)
            if group:
                yield group
                walker.skip_subtree()


def _group_in(
    parent: Element, measures: dict[Element, Measures], *, only_links: bool
) -> list[Element]:
    """Return the children of one kind that are teasers or comments, if most of that kind are.

    Within the text only what is mostly a link counts: sections of it may have links and pictures.
    """
    kinds: dict[tuple[str, ...], list[Element]] = defaultdict(list)
    for child in parent.iterchildren("*"):
        if child in measures and measures[child].letters:
            kinds[child.tag, *child.get("class", "").split()[:1]].append(child)
    for alike in kinds.values():
        share = _HALF if only_links else 0.0
        teasers = sum(_is_teaser(one, measures[one], share) for one in alike)
        comments = 0 if only_links else sum(_is_comment(one) for one in alike)
        if teasers >= max(_FEWEST_TEASERS, _NEARLY_ALL * len(alike)):
            return alike
        if comments >= max(_FEWEST_COMMENTS, _NEARLY_ALL * len(alike)):
            return alike
    return []


def _is_teaser(node: Element, own: Measures, share: float) -> bool:
    """Tell whether its title or picture leads to another page, and it says little beside."""
    says_much = own.letters > _MOST_LETTERS or own.sentences > _MOST_SENTENCES
    if says_much or not own.links or own.link_share < share or node.tag == "figure":
        return False
    parts = ("img", "picture", *LEVELS)
    titles = (next(link.iter(*parts), None) for link in node.iter("a") if _leads_to_page(link))
    linked = (next(title.iter("a"), None) for title in node.iter(*LEVELS))
    return any(one is not None for one in (*titles, *linked))


def _leads_to_page(link: Element) -> bool:
    return bool(link.get("href")) and not _PICTURE.search(link.get("href"))


def _is_comment(node: Element) -> bool:
    """Tell whether it bears a time of its own, parts on lines of their own, and no heading."""
    is_structured = next(node.iter(*LEVELS, "table"), None) is not None
    if is_structured or next(node.iterdescendants("p", "div"), None) is None:
        return False
    is_dated = next(node.iter("time"), None) is not None
    return is_dated or _CLOCK.search(beginning(node, _NEAR_CHARS)) is not None


def _drop_group(group: list[Element]) -> Iterator[LeftOut]:
    """Take a group away, with the heading right above it."""
    first, parent = group[0], group[0].getparent()
    title = first.getprevious()
    for one in group:
        yield from drop(one, Omission.AROUND)
    if title is None and not text_in(parent):
        title = parent.getprevious()
    if title is not None and title.tag in LEVELS:
        yield from drop(title, Omission.AROUND)

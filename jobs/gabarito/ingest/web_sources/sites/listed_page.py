"""One page of a listing: the items on it, their dates, and the link to the next page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from resiliparse.parse.html import HTMLTree
from resiliparse.parse.html.exception import CSSParserException
from resiliparse.parse.html.node import DocumentNode, ElementNode

from gabarito.answer_match.dates import DAYS, DAYS_OF_MONTHS, day
from gabarito.answer_match.languages import without_accents
from gabarito.core.errors import SettingsError
from gabarito.core.reasons import IngestReason
from gabarito.ingest.formats.web.page_facts import date_of
from gabarito.ingest.formats.web.parsing import parse_html, without_xml_declaration
from gabarito.ingest.formats.web.web_encodings import web_encoding
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold, tidy
from gabarito.ingest.web_sources.addresses import joined
from gabarito.ingest.web_sources.pages import WebPage
from gabarito.ingest.web_sources.types import encoding_of

REL_NEXT = "link[rel~=next i][href], a[rel~=next i][href]"
_HTML = ("text/html", "application/xhtml+xml")
_DATED = "time[datetime]"
_MAX_CARD_DEPTH = 8
"""So far above an item's link its date is looked for."""

_MAX_GROUPS = 5
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS = (*DAYS[:2], *DAYS_OF_MONTHS)


@dataclass(frozen=True)
class ListedItem:
    """One item as the listing shows it."""

    url: str
    title: str
    date: date | None


class ListedPage:
    """A page of a listing, as a browser's parser reads it, so that copied selectors fit."""

    def __init__(self, page: WebPage, setting: str) -> None:
        """Parse a page; ``setting`` is that of the source, for messages."""
        self.url = page.url
        self._setting = setting
        document = HTMLTree.parse(_text_of(page)).document
        if document is None:
            raise Dropped(IngestReason.NO_TEXT, "no element in it")
        self._document: DocumentNode | None = document
        base = document.query_selector("base[href]")
        self._base = urljoin(page.url, base.getattr("href", "") or "") if base else page.url

    @property
    def is_open(self) -> bool:
        """Tell whether the tree is held."""
        return self._document is not None

    def close(self) -> None:
        """Let go of the tree: it has to end on the thread that made it, and errors live longer."""
        self._document = None

    def has_dates(self, selector: str) -> bool:
        """Tell whether the selector of dates finds anything on the page."""
        return bool(self._select(selector, "dates"))

    def items(self, selector: str, date_selector: str | None) -> list[ListedItem]:
        """Return what the selector finds, each address once, in the order of the page."""
        if date_selector:
            self._select(date_selector, "dates")  # a mistake in it is told with its place
        links: dict[ElementNode, str] = {}
        for found in self._select(selector, "items"):
            link = _link_of(found)
            address = self._address(link) if link else ""
            if link and address:
                links.setdefault(link, address)
        cards = _cards(links)
        items: dict[str, ListedItem] = {}
        for link, url in links.items():
            title = tidy(fold(link.text or ""))
            item = ListedItem(url, title, self._date_in(cards[link], date_selector))
            known = items.get(url)
            items[url] = item if known is None or (item.title and not known.title) else known
        return list(items.values())

    def next_page(self, selector: str | None) -> str:
        """Return the address of the next page, or nothing."""
        found = self._select(selector or REL_NEXT, "next")
        links = [link for link in map(_link_of, found) if link]
        return next(filter(None, map(self._address, links)), "")

    def link_groups(self) -> list[str]:
        """Return selectors of the links on the page, the most frequent first, for messages."""
        counts: Counter[str] = Counter()
        for link in self._select("a[href]", "items"):
            counts[_path_of(link)] += 1
        return [f"{path!r} ({n:,})" for path, n in counts.most_common(_MAX_GROUPS)]

    def _select(self, selector: str, name: str) -> Sequence[ElementNode]:
        """Return what a selector finds; ``name`` is that of its setting, for messages."""
        try:
            return _all(self._document, selector) if self._document is not None else ()
        except CSSParserException as error:
            raise SettingsError(
                f"{self._setting}.{name}: {selector!r} is no CSS selector: {_stops_at(error)}; "
                "correct it, or copy one from the browser's inspector"
            ) from error.with_traceback(None)  # its frames hold the tree

    def _address(self, link: ElementNode) -> str:
        return joined(self._base, link.getattr("href") or "")

    def _date_in(self, card: ElementNode, selector: str | None) -> date | None:
        for found in _all(card, selector or _DATED):
            said = date_in(found.getattr("datetime", "") or found.text or "")
            if said:
                return said
        return None


def date_of_page(page: WebPage) -> date | None:
    """Return the day on which a page was changed or published by its own account, if it says."""
    if page.media_type not in _HTML:
        return None
    try:
        return date_in(date_of(parse_html(without_xml_declaration(_text_of(page)))))
    except Dropped:  # its reader will say so
        return None


def date_in(text: str) -> date | None:
    """Return the first day that a text names with its year, in digits or in words."""
    plain = without_accents(fold(text).lower())
    for found in filter(None, (pattern.search(plain) for pattern in _DAYS)):
        named = _ISO.fullmatch(day(found))
        if named:
            return _day_of(named)
    iso = _ISO.match(plain)
    return _day_of(iso) if iso else None


def _day_of(written: re.Match[str]) -> date | None:
    """Return a day, or None if the calendar has none such: 2025-02-30, 0000-00-00."""
    try:
        return date.fromisoformat(written.group())
    except ValueError:
        return None


def _text_of(page: WebPage) -> str:
    declared = detect_encoding(page.body, from_html_meta=True)
    encoding = encoding_of(page) or web_encoding(declared or "") or "utf-8"
    return bytes_to_str(page.body, encoding)


def _all(node: DocumentNode | ElementNode, selector: str) -> Sequence[ElementNode]:
    """Return all that a selector finds, by a slice: resiliparse 2.0.1 steps in quadratic time."""
    return node.query_selector_all(selector)[:]


def _stops_at(error: CSSParserException) -> str:
    """Say where a selector cannot be read."""
    token = fold(str(error)).rpartition(": ")[2]
    return "it is not complete" if token == "END-OF-FILE" else f"it cannot be read at {token!r}"


def _link_of(found: ElementNode) -> ElementNode | None:
    """Return what leads to an item: the element itself, a link in it or the link around it."""
    if found.getattr("href"):
        return found
    return found.query_selector("a[href]") or found.closest("a[href]")


def _cards(links: dict[ElementNode, str]) -> dict[ElementNode, ElementNode]:
    """Return for each link the largest element around it that leads to no other item."""
    leads_to: dict[ElementNode, set[str]] = {}
    for link, url in links.items():
        for above in _above(link):
            leads_to.setdefault(above, set()).add(url)
    return {
        link: [link, *(above for above in _above(link) if len(leads_to[above]) == 1)][-1]
        for link in links
    }


def _above(link: ElementNode) -> Iterator[ElementNode]:
    node = link.parent_element
    for _ in range(_MAX_CARD_DEPTH):
        if node is None or node.tag in ("body", "html"):
            return
        yield node
        node = node.parent_element


def _path_of(link: ElementNode) -> str:
    """Return a short selector that finds a link and those like it."""
    named = [node for node in _above(link) if node.getattr("class") or node.getattr("id")]
    above = f"{_named(named[0])} " if named and not link.getattr("class") else ""
    return f"{above}{_named(link)}"


def _named(node: ElementNode) -> str:
    classes = (node.getattr("class", "") or "").split()
    mark = f"#{node.getattr('id')}" if node.getattr("id") else ""
    return f"{node.tag}{'.' + classes[0] if classes else mark}"

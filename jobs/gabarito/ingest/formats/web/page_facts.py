"""What a web page says of itself: its title, its address, when it was last changed."""

import re

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.web.tree import line_of
from gabarito.ingest.page import fold, tidy

_DATE = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_IN_SCRIPT = r'"%s"\s*:\s*"([^"]{10,40})"'
_CHANGED = frozenset(
    ["article:modified_time", "og:updated_time", "datemodified", "dcterms.modified",
     "dc.date.modified", "last-modified", "revised"]
)  # fmt: skip
_PUBLISHED = frozenset(
    ["article:published_time", "datepublished", "dcterms.created", "dcterms.date", "dc.date",
     "dc.date.issued", "date", "pubdate", "dcterms.issued"]
)  # fmt: skip
_HOME = re.compile(r"(?:https?://[^/?#]+)?/?(?:\.\.?/)*(?:\.\.?|index\.\w+)?")
_NAMED_BY = ("property", "name", "itemprop", "http-equiv")


def title_of(tree: Element) -> str:
    """Return the heading of the main part, or what the page calls itself."""
    headings = tree.xpath("//article//h1 | //main//h1") or tree.xpath("//h1")
    headings = [one for one in headings if not _leads_home(one)] or headings
    texts = list(filter(None, map(line_of, headings)))
    named = [*tree.xpath("//meta[@property='og:title']/@content"), tree.findtext(".//title")]
    own = next((fold(name) for name in named if name and name.strip()), "")
    if len(texts) > 1 and own:
        return max((text for text in texts if text in own), key=len, default=own)
    return texts[0] if texts else own


def _leads_home(heading: Element) -> bool:
    """Tell whether a heading is that of the site: nothing but a link to its first page."""
    links = [link for link in heading.iter("a") if link.get("href") is not None]
    is_link = len(links) == 1 and line_of(links[0]) == line_of(heading)
    return is_link and _HOME.fullmatch(links[0].get("href", "")) is not None


def url_of(tree: Element) -> str:
    """Return the address that the page gives as its own."""
    found = tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    return next((tidy(url) for url in found if url.startswith(("https://", "http://"))), "")


def date_of(tree: Element) -> str:
    """Return when the page was last changed by its own account, else when it was published."""
    scripts = tree.xpath("//script[@type='application/ld+json']/text()")
    for names, key in ((_CHANGED, "dateModified"), (_PUBLISHED, "datePublished")):
        said = [_said(node) for node in tree.iter("meta", "time", "span") if _names(node) & names]
        said += [found for text in scripts for found in re.findall(_IN_SCRIPT % key, text)]
        dates = [found.group().replace(" ", "T", 1) for found in map(_DATE.match, said) if found]
        if dates:
            return dates[0]
    times = {node.get("datetime", "") for node in tree.iter("time")}
    dates = sorted(found.group() for found in map(_DATE.fullmatch, times) if found)
    return dates[0] if len(dates) == 1 else ""


def _names(node: Element) -> set[str]:
    return {node.get(name, "").lower() for name in _NAMED_BY}


def _said(node: Element) -> str:
    value: str = node.get("datetime") or node.get("content") or node.text or ""
    return value.strip()

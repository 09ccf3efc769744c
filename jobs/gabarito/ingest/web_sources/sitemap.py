"""The pages that a site lists in its sitemap (sitemaps.org), or in several with an index."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from lxml import etree

from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Rejection
from gabarito.core.text import in_number
from gabarito.ingest.formats.element import Element
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.addresses import joined
from gabarito.ingest.web_sources.manners import SitemapSource, matches_any
from gabarito.ingest.web_sources.pages import Fetch, WebItem

MAX_BYTES = 50 << 20
"""What one sitemap may unpack to, by the protocol."""

MAX_DEPTH = 3
"""How deep an index may name indexes; by the protocol it names none."""

MOST_PARTS = 10_000
"""Sitemaps that are read for one source; each may name 50,000 pages."""

_GZIP = b"\x1f\x8b"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


@dataclass(frozen=True)
class _Entry:
    url: str
    date: datetime | None


def items(source: SitemapSource, fetch: Fetch) -> Iterator[WebItem | Rejection]:
    """Yield the pages that a site lists, and how many of them its settings leave out.

    Raises:
        Dropped: if the sitemap, or a part of it, cannot be fetched now, or if it is none.
    """
    wanted, left_out = 0, 0
    for found in _Sitemaps(source.url, fetch).entries(source.url):
        if isinstance(found, Rejection):
            yield found
        elif not matches_any(found.url, source.include) or matches_any(found.url, source.exclude):
            left_out += 1
        elif wanted == source.max_pages:
            said = f"it lists more than the {wanted} pages of max_pages; raise it to read them"
            yield rejected(IngestReason.BEYOND, source.url, said)
            break
        else:
            wanted += 1
            yield WebItem(found.url, date=found.date)
    if left_out:
        said = f"{left_out:,} of its {in_number(left_out, 'pages')}"
        yield rejected(IngestReason.EXCLUDED, source.url, said)


class _Sitemaps:
    """A sitemap and those that it names, each page and each sitemap once."""

    def __init__(self, url: str, fetch: Fetch) -> None:
        self._fetch = fetch
        self._seen = {url}
        self._parts = 0

    def entries(self, url: str, depth: int = 0) -> Iterator[_Entry | Rejection]:
        """Yield the pages of one sitemap, and of those that it names."""
        page = self._fetch(url)
        is_index, entries = _read(page.body)
        for entry in entries:
            place = joined(page.url, entry.url)
            if not place:
                said = f"an entry of {url} leads to {entry.url!r}"
                yield rejected(IngestReason.NO_ADDRESS, entry.url or url, said)
            elif place in self._seen:
                continue
            elif is_index and self._parts == MOST_PARTS:
                said = f"more than {MOST_PARTS:,} sitemaps; name those that are wanted"
                yield rejected(IngestReason.BEYOND, url, said)
                return
            else:
                self._seen.add(place)
                yield from (
                    self._part(place, depth + 1) if is_index else (_Entry(place, entry.date),)
                )

    def _part(self, url: str, depth: int) -> Iterator[_Entry | Rejection]:
        """Yield the pages of a sitemap that an index names; one that is none loses no other."""
        if depth > MAX_DEPTH:
            return
        self._parts += 1
        try:
            yield from self.entries(url, depth)
        except Dropped as why:
            if why.reason is IngestReason.OUT_OF_REACH:
                raise Dropped(why.reason, f"{url}: {why.detail}") from why
            yield rejected(why.reason, url, why.detail)


def _read(body: bytes) -> tuple[bool, list[_Entry]]:
    """Tell whether a sitemap is an index, and return what it names."""
    data = _unpacked(body)
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return False, _lines(data)
    try:
        root = etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise Dropped(IngestReason.UNREADABLE, f"not a sitemap: {error.msg}") from error
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        raise Dropped(
            IngestReason.UNREADABLE,
            f"not a sitemap: its root is {kind}, not urlset or sitemapindex",
        )
    parts = (part for part in root if isinstance(part.tag, str))
    found = [_Entry(_child(part, "loc"), _date(_child(part, "lastmod"))) for part in parts]
    return kind == "sitemapindex", found


def _lines(data: bytes) -> list[_Entry]:
    """Return the entries of a sitemap of plain text, which has an address a line."""
    lines = list(filter(None, map(str.strip, data.decode("utf-8-sig", "replace").splitlines())))
    if not lines or not all(line.startswith(("https://", "http://")) for line in lines):
        raise Dropped(IngestReason.UNREADABLE, "not a sitemap: neither xml nor an address a line")
    return [_Entry(line, None) for line in lines]


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        with gzip.open(BytesIO(body)) as packed:
            data = packed.read(MAX_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Dropped(IngestReason.UNREADABLE, f"damaged gzip: {error}") from error
    if len(data) > MAX_BYTES:
        raise Dropped(IngestReason.TOO_LARGE, f"unpacks to more than {MAX_BYTES} bytes")
    return data


def _child(part: Element, name: str) -> str:
    texts = (
        one.text for one in part if isinstance(one.tag, str) and etree.QName(one).localname == name
    )
    return next((text.strip() for text in texts if text), "")


def _date(said: str) -> datetime | None:
    """Return a W3C date and time, or None if it is none."""
    try:
        date = datetime.fromisoformat(said)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)

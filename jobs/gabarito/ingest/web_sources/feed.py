"""The pages that a feed names: RSS or Atom."""

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import feedparser

from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Rejection
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import fold
from gabarito.ingest.web_sources.addresses import joined
from gabarito.ingest.web_sources.manners import FeedSource
from gabarito.ingest.web_sources.pages import Fetch, WebItem

_DATES = ("updated_parsed", "published_parsed", "created_parsed")


def items(source: FeedSource, fetch: Fetch) -> Iterator[WebItem | Rejection]:
    """Yield the pages that a feed names.

    Raises:
        Dropped: if the feed cannot be fetched, or is none.
    """
    page = fetch(source.url)
    headers = {"content-type": page.media_type, "content-location": page.url}
    read = feedparser.parse(BytesIO(page.body), response_headers=headers, sanitize_html=False)
    if not read.get("version") and not read.entries:
        said = f"not a feed (RSS or Atom), got {page.media_type or 'a page of no type'}"
        raise Dropped(IngestReason.UNREADABLE, said)
    for entry in read.entries:
        title = fold(entry.get("title", ""))
        link = entry.get("link", "")
        if url := joined(page.url, link) if link else "":
            yield WebItem(url, title=title, date=_date(entry))
        else:
            said = f"leads to {link!r}" if link else "leads nowhere"
            name = title or entry.get("id") or source.url
            yield rejected(IngestReason.NO_ADDRESS, name, f"an entry of {source.url} {said}")


def _date(entry: feedparser.FeedParserDict) -> datetime | None:
    """Return when an entry was last changed; a date that is none counts as not given."""
    dates = [entry[name] for name in _DATES if name in entry]
    told = next(filter(None, dates), None)
    try:
        return datetime.fromtimestamp(calendar.timegm(told), UTC) if told else None
    except (OverflowError, ValueError):
        return None

"""The pages of a source on the web, fetched, as files to be read."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gabarito.core.errors import DataError, ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.records import Rejection
from gabarito.core.shard import WHOLE, Shard
from gabarito.ingest.cures import CURES
from gabarito.ingest.files import SourceFile
from gabarito.ingest.outcomes import (
    ATTENTION,
    FETCHED,
    NOT_MODIFIED,
    Dropped,
    FileResult,
    Outcome,
    PageFate,
)
from gabarito.ingest.web_sources import feed, sitemap, urls
from gabarito.ingest.web_sources.addresses import tidied
from gabarito.ingest.web_sources.manners import FeedSource, SitemapSource, UrlsSource, WebSource
from gabarito.ingest.web_sources.pages import Fetch, KeepingFetch, WebItem, WebPage
from gabarito.ingest.web_sources.sites import web_listing, wikipedia
from gabarito.ingest.web_sources.sites.site_settings import ListingSource, WikipediaSource
from gabarito.ingest.web_sources.types import encoding_of, ending_of

log = logging.getLogger("gabarito.ingest")

Listing = Callable[[Any, Fetch], Iterator[WebItem | Rejection]]

_KINDS: dict[type[WebSource], Listing] = {
    FeedSource: feed.items,
    SitemapSource: sitemap.items,
    UrlsSource: urls.items,
}
"""What lists the pages of a source by one address; others name more of their settings."""


_CORRECT = "correct the source, or take it out"
_CURES = CURES | {
    IngestReason.OUT_OF_REACH: f"start again later, {_CORRECT}",
    **dict.fromkeys(
        (IngestReason.UNREADABLE, IngestReason.GONE, IngestReason.WRONG_TYPE), _CORRECT
    ),
}


def web_files(
    source: WebSource, fetch: KeepingFetch, place: int = 0, shard: Shard = WHOLE
) -> Iterator[SourceFile | FileResult]:
    """Yield the pages that a source lists as they are fetched, and what became of the others.

    ``place`` is that of the source in the settings.

    Raises:
        DataError: if the source names what cannot be.
        ServiceError: if a host does not answer any more.
    """
    reached: dict[str, str] = {}
    for at, item in enumerate(_listed(source, fetch, f"ingest.sources.{place}")):
        if isinstance(item, Rejection):
            yield _refused(item, source).model_copy(update={"order": (place, at)})
        elif source.is_page_of(item.url, shard):
            found, order = _fetched(item, source, fetch, reached), (place, at)
            if isinstance(found, SourceFile):
                yield replace(found, order=order)
            else:
                yield found.model_copy(update={"order": order})


def _refused(item: Rejection, source: WebSource) -> FileResult:
    fate = PageFate(url=item.item, source=source.place, outcome=item.reason)
    outcome = Outcome(source=item.item, outcome=item.reason)
    return FileResult(outcome=outcome, rejection=item, page=fate)


def _fetched(
    item: WebItem, source: WebSource, fetch: KeepingFetch, reached: dict[str, str]
) -> SourceFile | FileResult:
    try:
        page = item.page or fetch(item.url)
        _refuse_reached(item, page, reached)
        return _file(item, source, page)
    except Dropped as why:
        if why.reason in ATTENTION:
            fields = {"file": item.url, "reason": why.reason.value, "detail": why.detail}
            log.warning("page dropped", extra=fields)
        fate = _fate(item, source, why.reason)
        return FileResult.dropped(item.url, why).model_copy(update={"page": fate})


def _listed(source: WebSource, fetch: KeepingFetch, setting: str) -> Iterator[WebItem | Rejection]:
    """Yield what a source lists; one that cannot be listed, or lists nothing, is an error.

    Lists that make no sense are forgotten: the site may have mended them by the next start.
    """
    lists: list[str] = []  # asked for since the last item

    def noted(url: str) -> WebPage:
        lists.append(url)
        return fetch(url)

    try:
        for item in _refusing_none(f"{setting}: {source.place}", _items(source, noted, setting)):
            lists.clear()
            yield item
    except DataError:
        for url in lists:
            fetch.forget(url)
        raise


def _items(source: WebSource, fetch: Fetch, setting: str) -> Iterator[WebItem | Rejection]:
    if isinstance(source, ListingSource):
        return web_listing.items(source, fetch, setting)
    if isinstance(source, WikipediaSource):
        return wikipedia.items(source, fetch, setting)
    return _KINDS[type(source)](source, fetch)


def _refusing_none(
    where: str, listing: Iterator[WebItem | Rejection]
) -> Iterator[WebItem | Rejection]:
    found = 0
    try:
        for found, item in enumerate(listing, start=1):  # noqa: B007
            yield item
    except Dropped as why:
        error = ServiceError if why.reason is IngestReason.OUT_OF_REACH else DataError
        said = f"{why.reason}, {why.detail}" if why.detail else why.reason
        raise error(f"{where}: {said}; {_CURES.get(why.reason, _CORRECT)}") from why
    if not found:
        raise DataError(f"{where}: lists no page; {_CORRECT}")


def _refuse_reached(item: WebItem, page: WebPage, reached: dict[str, str]) -> None:
    """Refuse a page to which another address of the source has led already."""
    first = reached.setdefault(page.url, item.url)
    if first != item.url:
        raise Dropped(IngestReason.SAME_PAGE, f"leads to the same page as {first}")


def _file(item: WebItem, source: WebSource, page: WebPage) -> SourceFile:
    moved_to = "" if page.url == tidied(item.url) else page.url
    return SourceFile(
        name=page.url,
        place=page.url,
        url=page.url,
        size=len(page.body),
        modified=page.fetched_at or datetime.now(UTC),
        source=source,
        below=page.url,
        read=lambda: page.body,
        ending=ending_of(page),
        encoding=encoding_of(page),
        title=item.title,
        date=item.date.isoformat() if item.date else "",
        page=_fate(item, source, FETCHED if page.is_changed else NOT_MODIFIED, moved_to),
    )


def _fate(item: WebItem, source: WebSource, outcome: str, moved_to: str = "") -> PageFate:
    return PageFate(
        url=item.url,
        source=source.place,
        outcome=outcome,
        moved_to=moved_to,
        title=item.title,
        date=item.date.isoformat() if item.date else "",
        revision=item.revision,
        licence=item.licence,
    )

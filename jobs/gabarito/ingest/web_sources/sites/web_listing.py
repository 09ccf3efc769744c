"""A listing of pages: its items, page after page, until one of few reasons ends it.

settings, pages of the listing  ->  items, and a line for the ledger on why the listing ended
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time

from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Rejection
from gabarito.core.text import in_number
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.addresses import joined, tidied
from gabarito.ingest.web_sources.pages import Fetch, WebItem
from gabarito.ingest.web_sources.sites.listed_page import ListedItem, ListedPage, date_of_page
from gabarito.ingest.web_sources.sites.site_settings import NUMBER, ListingSource


def items(
    source: ListingSource, fetch: Fetch, setting: str = "ingest.sources"
) -> Iterator[WebItem | Rejection]:
    """Yield each item once, in the order of the listing, and at last why the listing ended.

    ``setting`` is the source's, for messages.

    Raises:
        DataError: if the first page has no items, or no dates or link to the next where such are
            asked for.
        SettingsError: if a selector is none.
        Dropped: if the first page is not there, or one of the others out of reach.
    """
    walk = _Walk(source, fetch, setting)
    while not walk.ended:
        try:
            page = ListedPage(fetch(walk.address), setting)
        except Dropped as lost:
            yield from walk.lose(lost)
        else:
            with closing(page):
                yield from walk.look_at(page)
    yield rejected(walk.why, walk.address, f"{walk.told}: {walk.ended}{walk.remark}")


class _Walk:
    """How far a listing has been read, and why it is not read further."""

    def __init__(self, source: ListingSource, fetch: Fetch, setting: str) -> None:
        self.address = tidied(source.url)
        self.ended = ""
        """What ended it, once it is over."""
        self.why = IngestReason.LISTING_ENDED
        """Whether that was its end, or what was asked for."""
        self._source = source
        self._fetch = fetch
        self._setting = setting
        self._has_dates = False
        self._looked_at: list[str] = []
        self._seen: set[str] = set()
        self._older = 0

    @property
    def told(self) -> str:
        """How much was read, for people."""
        older = f" ({self._older:,} of them too old)" if self._older else ""
        pages, found = len(self._looked_at), len(self._seen)
        return (
            f"{pages:,} {in_number(pages, 'pages')}, {found:,} {in_number(found, 'items')}{older}"
        )

    @property
    def remark(self) -> str:
        """What the settings asked for in vain, on all pages."""
        if self._source.dates is None or self._has_dates:
            return ""
        return (
            f"; no day is told by what {self._setting}.dates, {self._source.dates!r}, finds: "
            "correct it, or leave it out"
        )

    def lose(self, lost: Dropped) -> Iterator[Rejection]:
        """Yield what became of a page that is not there, and end the listing.

        Raises:
            Dropped: if it is the first, or may be there later: it leads to all that follow.
        """
        if not self._looked_at or lost.reason is IngestReason.OUT_OF_REACH:
            number = len(self._looked_at) + 1
            said = f"page {number} of the listing, {self.address}: {lost.detail}"
            raise Dropped(lost.reason, said) from lost
        self.ended = f"this page is {lost.reason}"
        if not (self._source.pages and lost.reason is IngestReason.GONE):
            yield rejected(lost.reason, self.address, lost.detail)

    def look_at(self, page: ListedPage) -> Iterator[WebItem | Rejection]:
        """Yield what becomes of the new items of a page, and find the way to the next one."""
        listed = page.items(self._source.items, self._source.dates)
        self._has_dates |= any(item.date for item in listed)
        if not self._looked_at:
            self._refuse_nothing(page, listed)
        self._looked_at.append(self.address)
        after = self._next(page)
        new = [item for item in listed if item.url not in self._seen]
        self._seen.update(item.url for item in new)
        older = self._older
        for item in new:
            yield self._outcome(item)
        self._go_on(after, has_new=bool(new), has_recent=self._older - older < len(new))

    def _refuse_nothing(self, page: ListedPage, listed: Sequence[ListedItem]) -> None:
        if not listed:
            raise _no_link(f"{self._setting}.items: {self._source.items!r}", page)
        dates = self._source.dates
        if dates and not page.has_dates(dates):
            raise DataError(
                f"{self._setting}.dates: {dates!r} finds nothing on {page.url}; correct the "
                "selector, or leave it out: then time elements tell the dates, or the items' pages"
            )

    def _outcome(self, item: ListedItem) -> WebItem | Rejection:
        day, page = item.date, None
        if self._source.since and day is None:
            try:
                page = self._fetch(item.url)
                day = date_of_page(page)
            except Dropped as lost:
                return rejected(lost.reason, item.url, lost.detail)
        if self._source.since and day and day < date.fromisoformat(self._source.since):
            self._older += 1
            return rejected(IngestReason.OLDER, item.url, f"of {day}")
        when = datetime.combine(day, time(), UTC) if day else None
        return WebItem(url=item.url, title=item.title, date=when, page=page)

    def _go_on(self, after: str, *, has_new: bool, has_recent: bool) -> None:
        if not has_new:
            self.ended = "no new items on this page"
        elif not has_recent:
            self.ended = f"all new items of this page are older than {self._source.since}"
        elif not after:
            self.ended = "no next page"
        elif after in self._looked_at:
            self.ended = f"its next page, {after}, was looked at already"
        elif len(self._looked_at) == self._source.max_pages:
            self.why = IngestReason.BEYOND
            self.ended = f"max_pages is {self._source.max_pages}, and {after} is next"
        else:
            self.address = after

    def _next(self, page: ListedPage) -> str:
        if self._source.pages:
            number = self._source.first_number + self._source.step * (len(self._looked_at) - 1)
            return joined(self._source.url, self._source.pages.replace(NUMBER, str(number)))
        after = page.next_page(self._source.next)
        if self._source.next and not after and len(self._looked_at) == 1:
            raise _no_link(f"{self._setting}.next: {self._source.next!r}", page)
        return after


def _no_link(selector: str, page: ListedPage) -> DataError:
    groups = page.link_groups()
    there = (
        f"its links are {', '.join(groups)}"
        if groups
        else "it has no links, or a script writes them"
    )
    return DataError(f"{selector} finds no link on {page.url}; correct the selector: {there}")

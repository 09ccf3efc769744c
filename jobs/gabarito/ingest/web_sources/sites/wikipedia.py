"""Articles of Wikipedia or another wiki: those that are named, and those that they link to.

settings, the wiki's API  ->  articles with their revision and licence, each once
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gabarito.core.errors import MissingError, ServiceError
from gabarito.core.reasons import IngestReason, rejected
from gabarito.core.records import Rejection
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.manners import matches_any
from gabarito.ingest.web_sources.pages import Fetch, WebItem, WebPage
from gabarito.ingest.web_sources.sites.mediawiki import MediaWiki
from gabarito.ingest.web_sources.sites.mediawiki_answers import WikiPage
from gabarito.ingest.web_sources.sites.site_settings import WikipediaSource

_PAGE = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '<link rel="canonical" href="{url}"><meta property="article:modified_time" '
    'content="{changed}"></head><body><main><h1>{title}</h1>{text}</main></body></html>'
)


def items(
    source: WikipediaSource, fetch: Fetch, setting: str = "ingest.sources"
) -> Iterator[WebItem | Rejection]:
    """Yield the articles that are named, then those one link away, and so on.

    ``setting`` is the source's, for messages.

    Raises:
        MissingError: if a title that is named has no article; it says which is like it.
        DataError: if there is no such wiki.
        ServiceError: if it is out of reach.
        Dropped: if it is so later on: what follows would be missing.
    """
    reading = _Reading(source, MediaWiki(source.endpoint, fetch, setting), setting)
    try:
        articles = reading.named()
        for left in reversed(range(source.depth)):
            yield from map(reading.outcome, articles)
            articles = list(reading.linked_from(articles, goes_on=left > 0))
        yield from map(reading.outcome, articles)
    except Dropped as lost:
        if lost.reason is IngestReason.OUT_OF_REACH:
            raise
        yield rejected(lost.reason, source.endpoint, lost.detail)
    if reading.unread:
        said = f"max_articles is {source.max_articles}, more are linked to"
        yield rejected(IngestReason.BEYOND, source.endpoint, said)


class _Reading:
    """Which articles of a wiki were found."""

    def __init__(self, source: WikipediaSource, wiki: MediaWiki, setting: str) -> None:
        self.unread = False
        """Whether there were more articles than are wanted."""
        self._source = source
        self._wiki = wiki
        self._setting = setting
        self._known: set[int] = set()
        self._asked: set[str] = set()

    def named(self) -> list[WikiPage]:
        """Return the articles that the settings name.

        Raises:
            MissingError: if a title has none.
            ServiceError: if the wiki gives no answer.
        """
        try:
            pages = list(self._found(self._source.titles, with_links=self._source.depth > 0))
        except Dropped as lost:
            own = self._source.language
            cause = (
                f"that {own!r} is the code of a Wikipedia" if own else "the address given as api"
            )
            raise ServiceError(
                f"{self._setting}: {self._source.endpoint}: {lost}; check {cause}, and the network"
            ) from lost
        missing = [page for page in pages if page.flaw]
        if missing:
            said = "; ".join(map(self._told, missing))
            where = f"{self._setting}.titles: {self._source.endpoint}"
            raise MissingError(f"{where}: {said}; correct them")
        return list(self._new(pages))

    def linked_from(self, articles: Sequence[WikiPage], *, goes_on: bool) -> Iterator[WikiPage]:
        """Yield the articles that these link to and that were not found before.

        ``goes_on`` tells whether their own links are wanted, too.
        """
        links = dict.fromkeys(link for page in articles for link in page.links)
        wanted = [
            title
            for title in links
            if title not in self._asked and matches_any(title, self._source.follow)
        ]
        if wanted and len(self._known) >= self._source.max_articles:
            self.unread = True
            return
        yield from self._new(self._found(wanted, with_links=goes_on))

    def outcome(self, page: WikiPage) -> WebItem | Rejection:
        """Return an article with its text, or what became of it."""
        try:
            text = self._wiki.text_of(page)
        except Dropped as lost:
            return rejected(lost.reason, page.url, lost.detail)
        return WebItem(
            url=page.url,
            title=page.title,
            date=page.changed,
            revision=str(page.revision),
            licence=self._wiki.licence,
            page=_whole(text, page),
        )

    def _found(self, titles: Sequence[str], *, with_links: bool) -> Iterator[WikiPage]:
        self._asked.update(titles)
        return self._wiki.pages(titles, with_links=with_links)

    def _new(self, pages: Iterator[WikiPage] | Sequence[WikiPage]) -> Iterator[WikiPage]:
        """Yield articles that were not found before, as long as more are wanted."""
        for page in pages:
            if page.flaw or page.page_id in self._known:
                continue
            if len(self._known) == self._source.max_articles:
                self.unread = True
                return
            self._known.add(page.page_id)
            yield page

    def _told(self, page: WikiPage) -> str:
        near = self._wiki.nearest(page.title)
        cure = f" (the nearest is {near!r})" if near else ""
        return f"{', '.join(map(repr, page.asked_as)) or repr(page.title)}: {page.flaw}{cure}"


def _whole(text: WebPage, page: WikiPage) -> WebPage:
    """Return an article's text as the whole page that a reader of HTML knows."""
    named = {"language": page.language, "title": page.title, "url": page.url}
    escaped = {name: html.escape(value) for name, value in named.items()}
    changed = page.changed.isoformat() if page.changed else ""
    body = _PAGE.format(**escaped, changed=changed, text=text.body.decode())
    return replace(text, body=body.encode())

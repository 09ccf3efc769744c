"""The API of a wiki that runs MediaWiki (https://www.mediawiki.org/wiki/API:Main_page).

Titles are asked about many at a time, one request after the other, each with ``maxlag``, which
asks a busy wiki to send us away; the answer to that is the fetcher's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, TypeAdapter, ValidationError

from gabarito.core.errors import DataError
from gabarito.core.reasons import IngestReason
from gabarito.core.text import printable
from gabarito.ingest.outcomes import MAX_DETAIL_CHARS, Dropped
from gabarito.ingest.web_sources.addresses import joined
from gabarito.ingest.web_sources.pages import Fetch, WebPage
from gabarito.ingest.web_sources.sites.mediawiki_answers import (
    ParseAnswer,
    QueryAnswer,
    WikiPage,
    WikiQuery,
    WikiTrouble,
)

MOST_TITLES = 50
"""Titles in one request, as the API allows everybody."""

MOST_TITLE_CHARS = 900
"""And their characters as they are sent, so that the whole address stays a short one."""

MOST_PARTS = 1_000
"""Parts of one answer; an answer that is continued for longer never ends."""

_MAXLAG_S = 5
_USUAL = {"format": "json", "formatversion": "2", "maxlag": str(_MAXLAG_S)}
_GONE = ("nosuchrevid", "missingtitle", "nosuchpageid", "missingcontent-revid")

_JSON = TypeAdapter[Any](Any)

A = TypeVar("A", bound=BaseModel)


class MediaWiki:
    """Asks one wiki."""

    def __init__(self, endpoint: str, fetch: Fetch, setting: str) -> None:
        """Make what asks; ``setting`` is that of the source, for messages."""
        self.endpoint = endpoint
        self._setting = setting
        self.licence = ""
        """Under which its text stands, once it was asked anything."""
        self._fetch = fetch

    def pages(self, titles: Sequence[str], *, with_links: bool) -> Iterator[WikiPage]:
        """Yield what titles lead to, redirects followed; several may lead to one page.

        Raises:
            Dropped: if the wiki gives no answer.
            DataError: if there is no such wiki.
        """
        for batch in _batches(titles):
            yield from self._asked_about(batch, with_links=with_links)

    def text_of(self, page: WikiPage) -> WebPage:
        """Return the text of an article as HTML, of the revision that was found.

        Raises:
            Dropped: if there is none any more.
        """
        asked = {"action": "parse", "oldid": str(page.revision), "prop": "text"}
        plain = {"disableeditsection": "1", "disabletoc": "1", "disablelimitreport": "1"}
        reply = self._fetch(self._address({**asked, **plain}))
        answer = self._read(reply, ParseAnswer)
        return WebPage(
            url=page.url,
            body=answer.parse.text.encode(),
            media_type="text/html",
            charset="utf-8",
            modified=page.changed,
            fetched_at=reply.fetched_at,
            is_changed=reply.is_changed,
        )

    def nearest(self, title: str) -> str:
        """Return the title of an article whose name is like this one, or nothing."""
        asked = {"action": "opensearch", "search": title, "limit": "1", "namespace": "0"}
        try:
            found = self._json(self._fetch(self._address({**asked, "redirects": "resolve"})))
        except Dropped:
            return ""
        names = found[1] if isinstance(found, list) and len(found) > 1 else []
        return printable(str(names[0])) if isinstance(names, list) and names else ""

    def _asked_about(self, titles: Sequence[str], *, with_links: bool) -> Iterator[WikiPage]:
        asked = {
            "action": "query",
            "titles": "|".join(titles),
            "redirects": "1",
            "prop": "info|revisions|links" if with_links else "info|revisions",
            "inprop": "url",
            "rvprop": "ids|timestamp",
            "meta": "siteinfo",
            "siprop": "rightsinfo",
        }
        if with_links:
            asked |= {"plnamespace": "0", "pllimit": "max"}
        pages: dict[str, WikiPage] = {}
        leads_to = dict(zip(titles, titles, strict=True))
        for part in self._parts(asked):
            renamed = {pair.old: pair.new for pair in (*part.normalized, *part.redirects)}
            leads_to = {title: _end_of(now, renamed) for title, now in leads_to.items()}
            for entry in part.pages:
                pages.setdefault(entry.title, WikiPage(entry.title)).note(entry)
            for other in part.interwiki:
                pages[other.title] = WikiPage(other.title, flaw="an article of another wiki")
        for title, end in leads_to.items():
            pages.setdefault(end, WikiPage(end, flaw="no such article")).asked_as.append(title)
        for end in dict.fromkeys(leads_to.values()):
            yield self._checked(pages[end])

    def _checked(self, page: WikiPage) -> WikiPage:
        if not page.flaw and not (page.url and page.revision):
            raise self._no_wiki()
        page.url = joined(self.endpoint, page.url)
        return page

    def _parts(self, asked: Mapping[str, str]) -> Iterator[WikiQuery]:
        """Yield the parts of an answer, each asked for with what the one before says."""
        goes_on: Mapping[str, str] = {}
        for _ in range(MOST_PARTS):
            answer = self._read(self._fetch(self._address({**asked, **goes_on})), QueryAnswer)
            rights = answer.query.rightsinfo
            self.licence = " ".join(filter(None, (rights.text, rights.url))) or self.licence
            yield answer.query
            if not answer.goes_on or answer.goes_on == goes_on:
                return
            goes_on = answer.goes_on

    def _address(self, asked: Mapping[str, str]) -> str:
        return f"{self.endpoint}?{urlencode({**asked, **_USUAL})}"

    def _read(self, reply: WebPage, model: type[A]) -> A:
        data = self._json(reply)
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise self._no_wiki() from error

    def _json(self, reply: WebPage) -> Any:  # noqa: ANN401  # what a stranger sent
        """Return what was answered.

        Raises:
            Dropped: if the wiki says that what was asked for is not there.
            DataError: if it says that something else is wrong, or nothing that can be read.
        """
        try:
            data = _JSON.validate_json(reply.body)
        except ValidationError as error:
            raise self._no_wiki() from error
        trouble = data.get("error") if isinstance(data, dict) else None
        if trouble is None:
            return data
        said = self._trouble(trouble)
        if said.code in _GONE:
            raise Dropped(IngestReason.GONE, said.code)
        info = printable(f"{said.code}: {said.info}")[:MAX_DETAIL_CHARS]
        raise DataError(f"{self._setting}: {self.endpoint} answered {info}; correct the source")

    def _trouble(self, data: object) -> WikiTrouble:
        try:
            return WikiTrouble.model_validate(data)
        except ValidationError as error:
            raise self._no_wiki() from error

    def _no_wiki(self) -> DataError:
        return DataError(
            f"{self._setting}: {self.endpoint} does not answer as the API of a MediaWiki; correct "
            "language, or give the address that ends in api.php as api"
        )


def _batches(titles: Sequence[str]) -> Iterator[list[str]]:
    """Yield titles in lots that one request can name."""
    batch: list[str] = []
    chars = 0
    for title in titles:
        more = len(quote(title)) + len("%7C")
        if batch and (len(batch) == MOST_TITLES or chars + more > MOST_TITLE_CHARS):
            yield batch
            batch, chars = [], 0
        batch.append(title)
        chars += more
    if batch:
        yield batch


def _end_of(title: str, renamed: Mapping[str, str]) -> str:
    """Return where a title leads to by names that were tidied and by redirects."""
    seen = {title}
    while (after := renamed.get(title, title)) not in seen:
        title = after
        seen.add(title)
    return title

"""Fetch pages: politely, never twice for the same source, and only what may be reached."""

import json
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from gabarito.artifacts.fingerprint import content_settings, input_digests
from gabarito.core.errors import ServiceError
from gabarito.core.reasons import IngestReason
from gabarito.core.records import digest_of
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.addresses import flaw_of, tidied
from gabarito.ingest.web_sources.answers import answer_of, media_type_of, page_of, refusal
from gabarito.ingest.web_sources.host import SilentHost, WebBounds, WebHost, WebReply
from gabarito.ingest.web_sources.kept_pages import KeptAnswer, KeptPages, PageStore
from gabarito.ingest.web_sources.manners import WebManners, WebSource
from gabarito.ingest.web_sources.pages import WebPage
from gabarito.ingest.web_sources.robots import RobotRules

MAX_REDIRECTS = 10
MOST_FAILURES = 5
"""After so many pages in a row that a host was silent at it is down, if it ever answered."""
MOST_FIRST_FAILURES = 3
"""And if it never did, its name is wrong, or it is closed to us: it is not asked for more."""
MOST_OPEN = 32
"""Hosts to which connections are held; a machine has few hundred for all it does."""

_NO_TEXT = ("audio/", "video/", "font/")
_PICTURE = "image/"


@dataclass
class _Known:
    """What is known of a host while its pages are fetched."""

    host: WebHost
    has_answered: bool = False
    failures: int = 0
    last_failure: str = ""
    rules: RobotRules | None = None


@dataclass
class Fetcher:
    """Fetches the pages of one source; use it as the function ``Fetch``."""

    source: WebSource
    manners: WebManners
    max_bytes: int
    kept: KeptPages
    rerun: int = 0
    reads_pictures: bool = False
    fresh: set[tuple[bool, str]] = field(default_factory=set)
    """Addresses that were looked at in this run, for whichever source of the same leave to reach
    what is not public."""
    _hosts: dict[str, _Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        digests = input_digests(self.source, "source")
        settings = content_settings(self.source, digests)
        self._asker = digest_of(json.dumps(settings), str(self.rerun))

    @classmethod
    def of(
        cls, source: WebSource, config: IngestConfig, kept: PageStore, fresh: set[tuple[bool, str]]
    ) -> Self:
        """Make what fetches the pages of a source by the settings of the stage."""
        has_ocr = bool(config.ocr)
        pages = KeptPages(kept)
        return cls(source, config.web, config.max_bytes, pages, config.rerun, has_ocr, fresh)

    def close(self) -> None:
        """Close all connections."""
        for known in self._hosts.values():
            known.host.close()

    def refuse_silence(self) -> None:
        """Refuse to go on where nothing of the source could be reached: it may be there later.

        Raises:
            ServiceError: names a host, and what was wrong.
        """
        silent = [known for known in self._hosts.values() if known.failures]
        if silent and not any(known.has_answered for known in self._hosts.values()):
            raise ServiceError(
                f"{self.source.place}: out of reach, {silent[0].last_failure}; start again later, "
                "correct the source, or take it out"
            )

    def __call__(self, url: str) -> WebPage:
        """Return what an address gives, after redirects.

        Raises:
            Dropped: if it gives no page; the reason says why.
            ServiceError: if a host does not answer any more.
        """
        if flaw := flaw_of(url):
            raise Dropped(IngestReason.NO_ADDRESS, f"{flaw}, got {url[:200]!r}")
        return self._followed(tidied(url), obeys=not self.source.is_for_programs(url))

    def forget(self, url: str) -> None:
        """Ask for a page again at the next start: what was fetched is worth nothing."""
        for _ in range(MAX_REDIRECTS):
            kept = self.kept.get(url)
            if kept is None:
                return
            self.kept.put(replace(kept, answer=kept.answer.model_copy(update={"asked_for": ()})))
            url = kept.answer.leads_to or url

    def _followed(self, url: str, *, obeys: bool) -> WebPage:
        seen: list[str] = []
        while url not in seen:
            if len(seen) > MAX_REDIRECTS:
                raise Dropped(IngestReason.OUT_OF_REACH, f"more than {MAX_REDIRECTS} redirects")
            seen.append(url)
            if obeys:
                self._obey(url)
            kept = self._answer(url)
            if kept.answer.reason:
                where = f" at {url}, where it has moved" if len(seen) > 1 else ""
                raise Dropped(kept.answer.reason, f"{kept.answer.detail}{where}")
            if not kept.answer.leads_to:
                return page_of(kept)
            url = kept.answer.leads_to
        raise Dropped(IngestReason.BEHIND_WALL, f"redirects in a circle, by {url}")

    def _obey(self, url: str) -> None:
        """Do what the host of an address asks of robots.

        Raises:
            Dropped: if it does not want to be asked for this.
        """
        known = self._known(url)
        if known.rules is None:
            known.rules = RobotRules.of(
                url, lambda place: self._followed(place, obeys=False), self.manners.user_agent
            )
            known.host.delay_s = max(known.host.delay_s, known.rules.delay_s)
        most = self.manners.max_pause_s
        if known.rules.delay_s > most:
            said = f"asks for {known.rules.delay_s:g} s between requests, at most {most:g} wanted"
            raise Dropped(IngestReason.REFUSED_BY_ROBOTS, said)
        known.rules.refuse(url)

    def _answer(self, url: str) -> KeptAnswer:
        """Return what is known of one address, asked for now or in this run before."""
        known, kept = self._known(url), self.kept.get(url)
        known.has_answered |= kept is not None
        now = (self.source.allow_private, url)
        if not (kept and now in self.fresh):
            kept = self._looked_at(url, known, kept)
            self.fresh.add(now)
        return kept

    def _looked_at(self, url: str, known: _Known, kept: KeptAnswer | None) -> KeptAnswer:
        """Return what an address gives: it is asked unless it gave this source a page before.

        What refused may have been mended since the last start.
        """
        if kept and self._asker in kept.answer.asked_for and not kept.answer.reason:
            return kept
        if kept and kept.answer.is_page and self.source.is_final(url):
            known.host.refuse_private()
            return KeptAnswer(kept.answer.asked_by(self._asker), kept.body)
        try:
            answer = self._asked(url, known, kept)
        except Dropped as why:
            if why.reason is not IngestReason.TOO_LARGE:
                raise
            answer = KeptAnswer(refusal(url, why.reason, why.detail, self._asker))
        self.kept.put(answer)
        return answer

    def _asked(self, url: str, known: _Known, kept: KeptAnswer | None) -> KeptAnswer:
        if known.failures >= MOST_FIRST_FAILURES and not known.has_answered:
            raise Dropped(IngestReason.OUT_OF_REACH, known.last_failure)
        try:
            reply = known.host.get(url, kept.answer.conditions if kept else {})
        except Dropped as why:
            if why.reason is IngestReason.OUT_OF_REACH:
                self._count_failure(known, why)
            raise
        known.has_answered, known.failures = True, 0
        if not self._is_wanted(reply):
            detail = media_type_of(reply)
            return KeptAnswer(refusal(url, IngestReason.WRONG_TYPE, detail, self._asker))
        return answer_of(url, reply, kept, self._asker)

    def _count_failure(self, known: _Known, why: Dropped) -> None:
        if known.has_answered and not isinstance(why, SilentHost):
            known.failures = 0  # the host is there, its page is broken
            return
        known.failures += 1
        known.last_failure = why.detail
        if known.failures >= MOST_FAILURES and known.has_answered:
            raise ServiceError(
                f"{known.host.name}: {known.failures} pages in a row could not be fetched, the "
                f"last: {why.detail}; start again later, what was fetched is kept"
            ) from why

    def _known(self, url: str) -> _Known:
        parts = urlsplit(url)
        place = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
        known = self._hosts.pop(place, None)
        if known is None:
            bounds = WebBounds(self.max_bytes, self.source.allow_private, self._is_wanted)
            known = _Known(WebHost(place, self.manners, bounds))
        self._hosts[place] = known  # at the end: those before it were not asked for longer
        for oldest in islice(reversed(self._hosts.values()), MOST_OPEN, MOST_OPEN + 1):
            oldest.host.close()
        return known

    def _is_wanted(self, reply: WebReply) -> bool:
        """Tell whether there can be text in the body: a film is not fetched to find none."""
        kind = media_type_of(reply)
        return not kind.startswith(_NO_TEXT) and (
            self.reads_pictures or not kind.startswith(_PICTURE)
        )

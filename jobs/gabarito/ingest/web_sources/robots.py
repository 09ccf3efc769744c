"""What a host asks of robots (RFC 9309)."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

from protego import Protego

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.pages import WebPage

MAX_BYTES = 500 << 10
"""What is read of a robots.txt; RFC 9309 asks for at least so much."""

_UNKNOWN = (IngestReason.OUT_OF_REACH, IngestReason.NOT_PUBLIC)
"""Reasons for which it is not known what a host asks."""


class RobotRules:
    """The rules of one host for us."""

    def __init__(self, text: str, user_agent: str) -> None:
        self._rules = Protego.parse(text)
        self._name = re.split(r"[/ ;(]", user_agent, maxsplit=1)[0]

    @classmethod
    def of(cls, url: str, fetch: Callable[[str], WebPage], user_agent: str) -> "RobotRules":
        """Fetch the rules of the host of an address; a host that has none allows everything.

        Raises:
            Dropped: if it is out of reach, which forbids everything.
        """
        try:
            page = fetch(urljoin(url, "/robots.txt"))
        except Dropped as why:
            if why.reason in _UNKNOWN:
                raise
            return cls("", user_agent)
        return cls(page.body[:MAX_BYTES].decode("utf-8-sig", "replace"), user_agent)

    @property
    def delay_s(self) -> float:
        """Seconds that the host wants between two requests."""
        rate = self._rules.request_rate(self._name)
        by_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(self._rules.crawl_delay(self._name) or 0.0, by_rate)

    def refuse(self, url: str) -> None:
        """Do nothing if an address may be asked for.

        Raises:
            Dropped: if it may not.
        """
        if not self._rules.can_fetch(url, self._name):
            raise Dropped(IngestReason.REFUSED_BY_ROBOTS)

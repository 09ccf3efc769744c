"""One answer, gathered as its tokens come."""

import asyncio
import logging
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from gabarito.serve.batcher import End, Ticket
from gabarito.serve.protocol import Finish, Token

log = logging.getLogger("gabarito.serve")


class Collector:
    """Gathers one answer as its tokens come, and ends it at a stop text."""

    def __init__(self, ticket: Ticket, stops: tuple[str, ...]) -> None:
        self._ticket = ticket
        self._stops = stops
        self._written = ""
        self.tokens: list[Token] = []
        self.logprob = 0.0
        self.finish: Finish = "stop"

    @property
    def text(self) -> str:
        """The answer as far as it is written, without the space around it."""
        return self._written.strip()

    async def texts(self) -> AsyncIterator[str]:
        """Yield the pieces of the answer: joined they are its text.

        Held back is what may not belong to it: space at its end, and what may begin a stop.
        """
        sent = 0
        async for item in self._ticket.items():
            self.logprob += item.logprob
            if isinstance(item, End):
                self.finish = item.finish
                break
            self.tokens.append(item)
            self._written += item.text
            if self._cut():
                self.abandon()
                break
            sure = self._sure()
            if len(sure) > sent:
                yield sure[sent:]
                sent = len(sure)
        if len(self.text) > sent:
            yield self.text[sent:]

    async def collect(self) -> None:
        """Wait for the whole answer."""
        async for _ in self.texts():
            pass

    def abandon(self) -> None:
        """Let the engine drop what nobody reads."""
        self._ticket.abandon()

    def _cut(self) -> bool:
        found = [self._written.index(stop) for stop in self._stops if stop in self._written]
        if found:
            self._written = self._written[: min(found)]
        return bool(found)

    def _sure(self) -> str:
        begun = max((_overlap(self._written, stop) for stop in self._stops), default=0)
        return self._written[: len(self._written) - begun].strip()


async def collect_unless_gone(request: Request, collector: Collector) -> None:
    """Wait for the whole answer.

    Raises:
        ClientDisconnect: if the client goes away first.
    """
    collecting = asyncio.create_task(collector.collect())
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({collecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not collecting.done():
            log.info("client gone", extra={"path": request.url.path})
            raise ClientDisconnect
        collecting.result()
    finally:
        collector.abandon()
        collecting.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text begin a stop."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)

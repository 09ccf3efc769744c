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
        self.tokens: list[Token] = []
        self.text = ""
        self.logprob = 0.0
        self.finish: Finish = "stop"

    async def texts(self) -> AsyncIterator[str]:
        """Yield the pieces of the text."""
        async for item in self._ticket.items():
            self.logprob += item.logprob
            if isinstance(item, End):
                self.finish = item.finish
                return
            self.tokens.append(item)
            before = len(self.text)
            self.text += item.text
            if self._cut():
                self.abandon()
                yield self.text[before:]
                return
            yield item.text

    async def collect(self) -> None:
        """Wait for the whole answer."""
        async for _ in self.texts():
            pass

    def abandon(self) -> None:
        """Let the engine drop what nobody reads."""
        self._ticket.abandon()

    def _cut(self) -> bool:
        found = [self.text.index(stop) for stop in self._stops if stop in self.text]
        if found:
            self.text = self.text[: min(found)]
        return bool(found)


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


def stops_of(stop: str | list[str] | None) -> tuple[str, ...]:
    """Return the texts that end an answer."""
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)

"""The HTTP server: uvicorn, with a bound on the time that a request may take to arrive.

uvicorn's own time-out is for connections that are idle after an answer; one that has sent
half a request may stay for ever, and every byte that it sends ends that time-out.
"""

import asyncio

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT_S = 10.0
"""From the start of a connection, or the first byte after an answer, to the end of the headers.

app.py bounds the time of the body."""


class BoundedProtocol(H11Protocol):
    """A connection that ends when the headers of a request are not there in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Wait no longer for headers that have come, but never longer for those that have not."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering:
            self._forget()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def make_server(app: ASGIApp, drain_s: float) -> uvicorn.Server:
    """Return the server of ``app``; running answers get ``drain_s`` seconds when it stops."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=int(drain_s),
        )
    )

"""One host of the web: one connection to it, at the pace that it asks for."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from gabarito.chat.http import open_pool, reason_of
from gabarito.core.reasons import IngestReason
from gabarito.core.text import in_number
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.web_sources.machines import machines_of
from gabarito.ingest.web_sources.manners import WebManners

TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500
NOT_NOW = 503
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
_CHUNK = 1 << 16
_BUSY_WIKI = ("maxlag", "ratelimited", "internal_api_error")
"""Errors of MediaWiki's API that come with status 200 and pass: it asks to come back later."""


@dataclass(frozen=True)
class WebReply:
    """What a host answered to one request; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class WebBounds:
    """What may be read of an answer, and from where."""

    max_bytes: int
    allow_private: bool = False
    wants: Callable[[WebReply], bool] = lambda _: True
    """Tells by the status and the headers whether the body is read."""


class SilentHost(Dropped):
    """A page is out of reach, and so may be its whole host: it does not answer, or not for now."""


class _NoAnswer(Exception):  # noqa: N818  # the next try may have one
    """Nothing sensible came, this time."""

    def __init__(
        self, said: str, pause_s: float = 0.0, verdict: type[Dropped] = SilentHost
    ) -> None:
        super().__init__(said)
        self.pause_s = pause_s
        self.verdict = verdict


class WebHost:
    """Asks one host at one port, one request after the other."""

    def __init__(self, url: str, manners: WebManners, bounds: WebBounds) -> None:
        self.place = urlsplit(url)
        self.name = self.place.hostname or ""
        self.delay_s = manners.delay_s
        """Seconds between two requests, raised where robots.txt asks for more."""
        self._manners = manners
        self._bounds = bounds
        self._port = self.place.port or {"https": 443, "http": 80}[self.place.scheme]
        self._pools = open_pool(url, manners.timeout_s)
        self._machine = ""  # the address that was looked at and connected to
        self._free_at = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether a connection may be held."""
        return len(self._pools.pools) > 0

    def close(self) -> None:
        """Close the connection, until it is needed again."""
        self._pools.clear()

    def get(self, url: str, headers: Mapping[str, str]) -> WebReply:
        """Return the answer to a request, after as many tries as it takes and is polite.

        Raises:
            Dropped: if the host lies where it may not, fails at this page, or says too much.
            SilentHost: if it gives no answer, or sends us away for now.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._try(url, headers)
            except _NoAnswer as failure:
                is_too_long = failure.pause_s > self._manners.max_pause_s
                if is_too_long or tries > self._manners.retries:
                    waits = f", asks to wait {failure.pause_s:.0f} s" if is_too_long else ""
                    said = f"{failure}{waits} ({tries} {in_number(tries, 'tries')})"
                    raise failure.verdict(IngestReason.OUT_OF_REACH, said) from failure
                self._free_at = time.monotonic() + max(failure.pause_s, _backoff_s(tries))

    def _try(self, url: str, headers: Mapping[str, str]) -> WebReply:
        time.sleep(max(0.0, self._free_at - time.monotonic()))
        try:
            reply = self._read(self._request(url, headers))
        except urllib3.exceptions.ReadTimeoutError as error:
            raise _NoAnswer(f"no whole answer within {self._manners.timeout_s:g} s") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            said = reason_of(error) or type(error).__name__
            raise _NoAnswer(f"{self.name} gives no answer: {said}") from error
        finally:
            self._free_at = time.monotonic() + self.delay_s
        if reply.status == TOO_MANY_REQUESTS or reply.status >= SERVER_ERRORS:
            is_of_page = reply.status not in (TOO_MANY_REQUESTS, NOT_NOW)
            verdict = Dropped if is_of_page else SilentHost
            raise _NoAnswer(f"answered {reply.status}", _pause_s(reply), verdict)
        if (said := reply.headers.get("MediaWiki-API-Error", "")).startswith(_BUSY_WIKI):
            raise _NoAnswer(f"answered {said}", _pause_s(reply))
        return reply

    def _read(self, response: urllib3.BaseHTTPResponse) -> WebReply:
        """Read an answer; its connection is kept only if that is at its end."""
        reply = WebReply(response.status, response.headers)
        is_whole = False
        try:
            if self._bounds.wants(reply):
                reply = WebReply(response.status, response.headers, self._body(response))
                is_whole = True
        finally:
            if is_whole:
                response.release_conn()
            else:
                response.close()
        return reply

    def _body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Return the whole body; what is packed is unpacked piece by piece."""
        most, data = self._bounds.max_bytes, bytearray()
        while chunk := response.read(_CHUNK, decode_content=True):
            data += chunk
            if len(data) > most:
                raise Dropped(IngestReason.TOO_LARGE, f"more than the {most} bytes wanted")
        return bytes(data)

    def _request(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Send a request to a machine whose address was looked at, and to no other."""
        sent = {
            "Host": self.place.netloc,
            "User-Agent": self._manners.user_agent,
            "Accept-Encoding": "gzip, deflate",
            **headers,
        }
        if isinstance(self._pools, urllib3.ProxyManager):
            self.refuse_private()
            return self._pools.request(
                "GET", url, headers=sent, preload_content=False, redirect=False
            )
        failure: Exception = OSError("no machine has this name")
        for address in self._machines():
            pool = self._pool_to(address)
            try:
                response = pool.request(
                    "GET", _target(url), headers=sent, preload_content=False, redirect=False
                )
            except (urllib3.exceptions.ConnectTimeoutError, OSError) as error:
                failure, self._machine = error, ""
            except urllib3.exceptions.NewConnectionError as error:
                failure, self._machine = error, ""
            else:
                self._machine = address
                return response
        raise failure

    def _machines(self) -> list[str]:
        if self._machine:
            return [self._machine]
        return machines_of(self.name, self._port, allow_private=self._bounds.allow_private)

    def refuse_private(self) -> None:
        """Refuse a name that may not be asked, as far as it can be told here.

        A proxy, or the store, may know more names than this machine.

        Raises:
            Dropped: if it leads to what is not public, and that is not allowed.
        """
        try:
            self._machines()
        except OSError:
            return

    def _pool_to(self, address: str) -> urllib3.HTTPConnectionPool:
        is_secure = self.place.scheme == "https"
        named = {"server_hostname": self.name, "assert_hostname": self.name} if is_secure else {}
        return self._pools.connection_from_host(
            address, self._port, self.place.scheme, pool_kwargs=named
        )


def _target(url: str) -> str:
    """Return the part of an address that is sent to its host."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _backoff_s(tries: int) -> float:
    """Return how long to wait after a try: about twice as long each time."""
    ceiling = min(FIRST_BACKOFF_S * 2 ** (tries - 1), MAX_BACKOFF_S)
    return random.uniform(ceiling / 2, ceiling)


def _pause_s(reply: WebReply) -> float:
    """Return the seconds that a host asks to wait (Retry-After: a number, or a date)."""
    try:
        return urllib3.Retry().parse_retry_after(reply.headers.get("Retry-After", ""))
    except (urllib3.exceptions.InvalidHeader, OverflowError, ValueError):
        return 0.0

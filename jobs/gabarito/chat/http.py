"""The one HTTP client: connections through the environment's proxy, one deadline a request.

urllib3 on threads is the cheapest client per request: 0.6 ms of processor time each.
"""

import http.client
import io
import socket
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3

from gabarito.core.errors import AccessError, SettingsError
from gabarito.core.http_url import split_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECT_S = 10.0
PROXY_REFUSED = 407
MAX_BODY_BYTES = 16 << 20
MAX_FILE_BYTES = 1 << 30
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Response:
    """What came back: the body is whole, or the beginning of one that is endless."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a moment, however busily it trickles."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        left_s = sock.gettimeout()
        self._deadline = None if left_s is None else time.monotonic() + left_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        if self._deadline is not None:
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """A response whose status line, headers and body share the time that the socket has."""

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock))


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def open_pool(url: str, timeout_s: float, size: int = 1) -> urllib3.PoolManager:
    """Return connections to ``url`` through the proxy that the environment names, if any.

    Raises:
        SettingsError: if that is no proxy; it is not shown, as it may hold a password.
    """
    parts = urlsplit(url)
    timeout = urllib3.Timeout(total=timeout_s, connect=min(CONNECT_S, timeout_s))
    proxy = urllib.request.getproxies().get(parts.scheme)
    pool: urllib3.PoolManager
    if proxy and parts.hostname and not urllib.request.proxy_bypass(parts.hostname):
        pool = _proxied(proxy, proxy_name(parts.scheme), timeout, size)
    else:
        pool = urllib3.PoolManager(maxsize=size, retries=False, timeout=timeout)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def proxy_name(scheme: str) -> str:
    """Return the environment variables that name the proxy for a scheme, as a message has them."""
    return f"{scheme.upper()}_PROXY (or {scheme}_proxy)"


def send(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Response:
    """Send one request and read what comes back; redirects are not followed.

    Raises:
        TimeoutError: if it is not whole in time, however busily it trickles.
        AccessError: if a proxy asks for a user and password.
        urllib3.exceptions.HTTPError: if nothing, or nothing sensible, comes back.
    """
    return _exchanged(pool, {"method": method, "url": url, "headers": headers, "body": body})


def download(pool: urllib3.PoolManager, url: str, headers: Mapping[str, str]) -> Response:
    """Read a file, which may be larger than any other response.

    Raises:
        Exception: as ``send``.
    """
    return _exchanged(pool, {"method": "GET", "url": url, "headers": headers}, MAX_FILE_BYTES)


def _exchanged(
    pool: urllib3.PoolManager, request: Mapping[str, Any], most_bytes: int | None = None
) -> Response:
    most, url = most_bytes or MAX_BODY_BYTES, str(request["url"])
    try:
        response = pool.request(**request, preload_content=False, redirect=False)
        data = bytearray()
        while chunk := response.read1(_CHUNK):
            data += chunk
            if len(data) > most:
                response.close()
                break
    except urllib3.exceptions.ReadTimeoutError as error:
        raise TimeoutError from error
    except urllib3.exceptions.ProxyError as error:
        if f"failed: {PROXY_REFUSED}" in str(error):  # in place of opening a tunnel
            raise _proxy_refusal(url) from error
        raise
    response.release_conn()
    if response.status == PROXY_REFUSED:
        raise _proxy_refusal(url)
    return Response(response.status, response.headers, bytes(data))


def _proxy_refusal(url: str) -> AccessError:
    name = proxy_name(urlsplit(url).scheme)
    message = (
        f"{name}: the proxy asks for a user and password, or refuses those that it got (407); "
        "set it to http://user:password@host:port"
    )
    return AccessError(message)


_WRAPPERS = (urllib3.exceptions.DecodeError, urllib3.exceptions.ProtocolError)


def reason_of(error: Exception) -> str:
    """Return the innermost reason; urllib3 puts connection, address and tries around it."""
    if "WRONG_VERSION_NUMBER" in str(error):  # as OpenSSL calls an answer without TLS
        return "no TLS is spoken there; write http:// in place of https://"
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason:
        return reason_of(error.reason)
    if isinstance(error, _WRAPPERS) and isinstance(error.args[-1], Exception):
        return reason_of(error.args[-1])
    return str(error).rpartition(": ")[2]


def _proxied(proxy: str, name: str, timeout: urllib3.Timeout, size: int) -> urllib3.ProxyManager:
    parts = split_url(proxy if "://" in proxy else f"http://{proxy}")  # as curl takes it
    message = f"{name}: names no http or https proxy; set it to http://host:port, or unset it"
    if parts is None:
        raise SettingsError(message)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    try:
        headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
        return urllib3.ProxyManager(
            address, maxsize=size, retries=False, timeout=timeout, proxy_headers=headers
        )
    except (urllib3.exceptions.LocationValueError, UnicodeError) as error:
        raise SettingsError(message) from error

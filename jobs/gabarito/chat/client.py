"""Blocking calls to a chat endpoint, made to be used by many threads at once.

urllib3 on threads is the cheapest client per request: 0.6 ms of processor time each.
"""

import json
import random
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3

from gabarito import __version__
from gabarito.chat.budget import Meter, Prices
from gabarito.chat.concurrency import ConcurrencyLimit
from gabarito.chat.protocol import CallFailure, Completion, read_response
from gabarito.core.errors import (
    AccessError,
    GabaritoError,
    Interrupted,
    ServiceError,
    SettingsError,
)

CONNECT_S = 10.0
FIRST_BACKOFF_S = 0.25
MAX_BACKOFF_S = 20.0
MAX_PAUSE_S = 120.0
"""A service that asks to wait longer is left alone."""

TRIES_BEFORE_ANY_ANSWER = 4
"""Where nothing has ever answered the address is probably wrong."""

MAX_BODY_BYTES = 16 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True)
class ChatEndpoint:
    """Where a model answers, and how it is treated.

    ``url`` is the base of the protocol, such as ``https://api.example.com/v1``; ``key_name``
    the environment variable that ``key`` came from.
    """

    url: str
    key: str | None = field(default=None, repr=False)
    key_name: str = "GABARITO_TEACHER_KEY"
    concurrency: int = 64
    timeout_s: float = 120.0
    retries: int = 8

    @property
    def completions(self) -> str:
        """The URL that chat requests go to.

        Raises:
            SettingsError: if ``url`` is no such base.
        """
        if not _is_http(self.url):
            message = f"teacher {self.url!r}: not an http or https URL; write http://host:port/v1"
            raise SettingsError(message)
        base = self.url.rstrip("/").removesuffix("/chat/completions")
        return f"{base}/chat/completions" if urlsplit(base).path else f"{base}/v1/chat/completions"

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the key, if there is one."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


class ChatClient:
    """Asks one endpoint; safe to share between threads."""

    def __init__(self, endpoint: ChatEndpoint, meter: Meter | None = None) -> None:
        self.endpoint = endpoint
        self.meter = meter or Meter(Prices())
        self.limit = ConcurrencyLimit(endpoint.concurrency)
        self._url = endpoint.completions
        self._pool = _pool(endpoint)
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": f"gabarito/{__version__}",
            **endpoint.authorization,
        }
        self._has_answered = False
        self._stopped = threading.Event()

    def complete(self, body: Mapping[str, Any]) -> Completion:
        """Return the reply to a request, after as many tries as it takes and is worth.

        Raises:
            AccessError: if the key is refused.
            SettingsError: if the model is unknown, the request is refused or the ceiling of
                cost is reached.
            ServiceError: if the endpoint does not answer, or not sensibly, for all the tries.
            Interrupted: if ``stop`` was called.
        """
        data = json.dumps(body, ensure_ascii=False).encode()
        tries = 0
        while True:
            tries += 1
            outcome = self._try(data)
            if isinstance(outcome, Completion):
                self.meter.add(outcome.prompt_tokens, outcome.completion_tokens)
                return outcome.model_copy(update={"tries": tries})
            self._refuse_hopeless(outcome, tries)
            self._back_off(tries)

    def stop(self) -> None:
        """Let no further request out; those that wait raise ``Interrupted``."""
        self._stopped.set()
        self.limit.stop()

    def _try(self, data: bytes) -> Completion | CallFailure:
        entered = self.limit.enter()
        is_well, pause_s = None, 0.0
        try:
            self.meter.refuse_overspending()
            outcome = self._post(data)
            if isinstance(outcome, Completion):
                is_well = True
            elif outcome.is_overload and outcome.error is None:
                is_well, pause_s = False, min(outcome.pause_s, MAX_PAUSE_S)
            return outcome
        finally:
            self.limit.leave(entered, is_well=is_well, pause_s=pause_s)

    def _post(self, data: bytes) -> Completion | CallFailure:
        deadline = time.monotonic() + self.endpoint.timeout_s
        try:
            response = self._pool.request(
                "POST", self._url, body=data, headers=self._headers, preload_content=False
            )
            body = _read(response, deadline)
        except (urllib3.exceptions.ReadTimeoutError, TimeoutError):
            what = f"gave no whole answer within {self.endpoint.timeout_s:g} s"
            return CallFailure(what, cure="raise timeout_s if the teacher is slow", is_silence=True)
        except urllib3.exceptions.HTTPError as error:
            return CallFailure(f"does not answer: {_reason(error)}", is_silence=True)
        self._has_answered = True
        return read_response(response.status, response.headers, body, len(data))

    def _refuse_hopeless(self, trouble: CallFailure, tries: int) -> None:
        """Raise the error that ends a request which another try will not help."""
        patience = self.endpoint.retries + 1
        if trouble.is_silence and not self._has_answered:
            patience = min(patience, TRIES_BEFORE_ANY_ANSWER)
        if trouble.error or trouble.pause_s > MAX_PAUSE_S or tries >= patience:
            raise self._error(trouble, tries)

    def _error(self, trouble: CallFailure, tries: int) -> GabaritoError:
        where = f"teacher {self.endpoint.url}"
        if trouble.error is AccessError:
            state = "holds a key that it refuses" if self.endpoint.key else "is not set"
            name = self.endpoint.key_name
            return AccessError(f"{where}: {trouble.what}; {name} {state}, set it to a valid key")
        if trouble.error:
            return trouble.error(f"{where}: {trouble.what}; {trouble.cure}")
        cure = trouble.cure or "check that it runs and that the url is right, then start again"
        if trouble.pause_s > MAX_PAUSE_S:
            cure = f"it asks to wait {trouble.pause_s:.0f} s, start again after that"
        return ServiceError(f"{where}: {trouble.what} ({tries} tries); {cure}")

    def _back_off(self, tries: int) -> None:
        """Wait with full jitter, as many clients that fail together must not return together."""
        ceiling = min(FIRST_BACKOFF_S * 2 ** (tries - 1), MAX_BACKOFF_S)
        if self._stopped.wait(random.uniform(0, ceiling)):
            message = "stopped; what was answered is saved"
            raise Interrupted(message)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that make no sense
        return False


def _pool(endpoint: ChatEndpoint) -> urllib3.PoolManager:
    """Return connections that go through the proxy that the environment names, if any.

    Raises:
        SettingsError: if that is no proxy; it is not shown, as it may hold a password.
    """
    parts = urlsplit(endpoint.url)
    timeout = urllib3.Timeout(connect=CONNECT_S, read=endpoint.timeout_s)
    size = endpoint.concurrency
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and parts.hostname and not urllib.request.proxy_bypass(parts.hostname):
        url = proxy if "://" in proxy else f"http://{proxy}"  # as curl takes it
        try:
            return urllib3.ProxyManager(url, maxsize=size, retries=False, timeout=timeout)
        except urllib3.exceptions.LocationValueError as error:
            name = f"{parts.scheme}_proxy"
            message = (
                f"{name.upper()} (or {name}): names no http or https proxy; "
                "set it to http://host:port, or unset it"
            )
            raise SettingsError(message) from error
    return urllib3.PoolManager(maxsize=size, retries=False, timeout=timeout)


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """Return the body, or the beginning of one that is endless.

    Raises:
        TimeoutError: if it is not whole at the deadline, however busily it trickles.
    """
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if time.monotonic() > deadline or len(body) > MAX_BODY_BYTES:
            response.close()
            break
    if time.monotonic() > deadline:
        raise TimeoutError
    response.release_conn()
    return bytes(body)


def _reason(error: Exception) -> str:
    """Return the innermost reason; urllib3 puts the connection and its address before it."""
    return str(error).rpartition(": ")[2]

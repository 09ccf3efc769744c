"""Blocking calls to a chat endpoint, made to be used by many threads at once."""

import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3

from gabarito import __version__
from gabarito.chat.budget import Meter, Prices
from gabarito.chat.concurrency import ConcurrencyLimit
from gabarito.chat.http import open_pool, reason_of, send, split_url
from gabarito.chat.protocol import CallFailure, Completion, read_response, shown
from gabarito.core.errors import (
    AccessError,
    GabaritoError,
    Interrupted,
    ServiceError,
    SettingsError,
)

FIRST_BACKOFF_S = 0.25
MAX_BACKOFF_S = 20.0
MAX_PAUSE_S = 120.0
"""A service that asks to wait longer is left alone."""

TRIES_BEFORE_ANY_ANSWER = 4
"""Where nothing has ever answered the address is probably wrong."""


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
        parts = split_url(self.url)
        if parts is None:
            raise SettingsError(
                f"teacher {self.url!r}: not an http or https URL; write http://host:port/v1"
            )
        if parts.username is not None or parts.password is not None:
            raise SettingsError(
                f"teacher at {parts.hostname}: its url holds a user or password, which would be "
                f"stored and shown; take them out and set {self.key_name} to the key"
            )
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
        self._pool = open_pool(self._url, endpoint.timeout_s, endpoint.concurrency)
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
            AccessError: if the key, or what the proxy is given, is refused.
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
        try:
            response = send(self._pool, "POST", self._url, self._headers, data)
        except TimeoutError:
            what = f"gave no whole answer within {self.endpoint.timeout_s:g} s"
            return CallFailure(what, cure="raise timeout_s if the teacher is slow", is_silence=True)
        except urllib3.exceptions.HTTPError as error:
            said = shown(reason_of(error), self.endpoint.key)  # it may be a line of the answer
            return CallFailure(f"does not answer: {said}", is_silence=True)
        self._has_answered = True
        return read_response(response, len(data), self.endpoint.key)

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
            raise Interrupted("stopped; what was answered is saved")

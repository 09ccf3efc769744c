"""Blocking calls to a chat endpoint, made to be used by many threads at once."""

import json
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from opentelemetry.trace import Span

from gabarito import __version__
from gabarito.chat.breaker import Breaker
from gabarito.chat.budget import Meter, Prices
from gabarito.chat.call_span import call_span, tell_failed_try, tell_reply
from gabarito.chat.chat_endpoint import ChatEndpoint
from gabarito.chat.completion import Completion
from gabarito.chat.concurrency import START, ConcurrencyLimit
from gabarito.chat.dialect import Dialect
from gabarito.chat.foreign_text import shown
from gabarito.chat.http import open_pool, reason_of, send
from gabarito.chat.protocol import (
    TOO_MANY,
    UNAUTHORISED,
    CallFailure,
    of_known_endpoint,
    read_response,
)
from gabarito.core.errors import AccessError, GabaritoError, Interrupted, ServiceError
from gabarito.core.secrets import FILE_CHECK_S, ROTATION_S
from gabarito.core.tracing import mark_failed, traceparent

log = logging.getLogger("gabarito.chat")

FIRST_BACKOFF_S = 0.25
MAX_BACKOFF_S = 20.0
MAX_PAUSE_S = 120.0
"""A service that asks to wait longer is left alone."""

TRIES_BEFORE_ANY_ANSWER = 4
"""Where nothing has ever answered the address is probably wrong."""

MOST_REFUSED = 300
"""So many refusals on end are no accident, however many requests were answered before."""


@dataclass(frozen=True)
class RefusedRequest:
    """A request that gets no answer, though others may; ``error`` is for when none does."""

    error: GabaritoError
    tries: int


class ChatClient:
    """Asks one endpoint; safe to share between threads.

    ``dialect`` is what was learned of it before; ``remember`` is told what is learned now.
    """

    def __init__(
        self,
        endpoint: ChatEndpoint,
        meter: Meter | None = None,
        dialect: Dialect | None = None,
        remember: Callable[[Dialect], None] = lambda _dialect: None,
    ) -> None:
        self.endpoint = endpoint
        self.meter = meter or Meter(Prices())
        self.limit = ConcurrencyLimit(endpoint.concurrency)
        self.dialect = dialect or Dialect()
        self._remember = remember
        self._learning = threading.Lock()
        self._breaker, self._refusals = Breaker(), Breaker()
        self._over: GabaritoError | None = None
        self._url = endpoint.completions
        self._pool = open_pool(self._url, endpoint.timeout_s, endpoint.concurrency)
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
        outcome = self.answer(body)
        if isinstance(outcome, RefusedRequest):
            raise outcome.error
        return outcome

    def answer(self, body: Mapping[str, Any]) -> Completion | RefusedRequest:
        """Do as ``complete``, but return what is wrong with this request alone.

        Raises:
            GabaritoError: as ``complete``, where no other request would be answered either.
        """
        with call_span(self.endpoint, body) as span:
            outcome = self._answered(body, span)
            if isinstance(outcome, RefusedRequest):
                mark_failed(span, type(outcome.error).__name__)
            return outcome

    def _answered(self, body: Mapping[str, Any], span: Span) -> Completion | RefusedRequest:
        tries = counted = 0
        refused_since: float | None = None
        while True:
            tries += 1
            dialect = self.dialect
            outcome = self._try(json.dumps(dialect.spoken(body), ensure_ascii=False).encode())
            if isinstance(outcome, Completion):
                tell_reply(span, outcome, tries)
                return outcome.model_copy(update={"tries": tries})
            tell_failed_try(span, outcome)
            if outcome.is_of_request and self._learn(outcome.said, body, dialect):
                continue
            if outcome.status == UNAUTHORISED and self._may_key_change(refused_since):
                if refused_since is not None:
                    self.pause(FILE_CHECK_S)
                refused_since = refused_since or time.monotonic()
                continue
            counted += outcome.status != TOO_MANY  # a limit passes, however long it takes
            if self._is_hopeless(outcome, counted):
                error = self._error(outcome, tries)
                if self._is_alone(outcome, counted):
                    return self._refused(error, tries)
                self.give_up(error)
                raise error
            self._back_off(tries)

    def judge(
        self, trouble: CallFailure, body: Mapping[str, Any], spoken: Dialect
    ) -> RefusedRequest | None:
        """Return what a failure within a batch means: None if it is worth another one."""
        is_learned = trouble.is_of_request and self._learn(trouble.said, body, spoken)
        passes = trouble.error in (None, ServiceError)  # credit that ran out: the next says so
        if is_learned or passes:
            return None
        return RefusedRequest(self._error(trouble, 1), 1)

    def credit(self) -> None:
        """Count a reply that was paid before: an endpoint that gave it does not refuse all."""
        self._refusals.note(is_useful=True)

    def give_up(self, error: GabaritoError) -> None:
        """Let no further request out: those that wait raise ``error``."""
        self._over = error

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interrupted: if ``stop`` was called.
        """
        if self._stopped.wait(seconds):
            raise Interrupted("stopped; what was answered is saved")

    def stop(self) -> None:
        """Let no further request out; those that wait raise ``Interrupted``."""
        self._stopped.set()
        self.limit.stop()

    def _try(self, data: bytes) -> Completion | CallFailure:
        entered = self.limit.enter()
        is_well, pause_s = None, 0.0
        try:
            self.meter.refuse_overspending()
            if self._over:
                raise self._over
            began = time.monotonic()
            outcome = self._post(data)
            if isinstance(outcome, Completion):
                is_well, waited_s = True, time.monotonic() - began
                self.meter.add(outcome.prompt_tokens, outcome.completion_tokens, waited_s)
                self._breaker.note(is_useful=True)
                self._refusals.note(is_useful=True)
            elif outcome.error is None:
                sent = entered if outcome.is_overload else math.inf  # nonsense is no outage
                on_end = self._breaker.note(is_useful=False, sent=sent)
                is_well = False if outcome.is_overload else None
                pause_s = min(max(outcome.pause_s, self._pause_of_all(on_end)), MAX_PAUSE_S)
            return outcome
        finally:
            self.limit.leave(entered, is_well=is_well, pause_s=pause_s)

    def _pause_of_all(self, on_end: int) -> float:
        """Return how long nobody asks while nothing is answered: one then tries for all."""
        probes = on_end - 2 * START
        return min(FIRST_BACKOFF_S * 2.0**probes, MAX_BACKOFF_S) if probes >= 0 else 0.0

    def _headers(self) -> dict[str, str]:
        """Return the headers of a request; the key is the one that holds now."""
        return {
            "Content-Type": "application/json",
            "User-Agent": f"gabarito/{__version__}",
            **traceparent(),
            **self.endpoint.authorization,
        }

    def _post(self, data: bytes) -> Completion | CallFailure:
        try:
            response = send(self._pool, "POST", self._url, self._headers(), data)
        except TimeoutError:
            what = f"gave no whole answer within {self.endpoint.timeout_s:g} s"
            return CallFailure(what, cure="raise timeout_s if the model is slow", is_silence=True)
        except urllib3.exceptions.HTTPError as error:
            said = shown(reason_of(error), self.endpoint.secret)  # it may be a line of the answer
            return CallFailure(f"does not answer: {said}", is_silence=True)
        self._has_answered = True
        outcome = read_response(response, len(data), self.endpoint.secret)
        if self._refusals.useful and isinstance(outcome, CallFailure):
            return of_known_endpoint(outcome)
        return outcome

    def _learn(self, said: str, body: Mapping[str, Any], spoken: Dialect) -> bool:
        """Tell whether the request is worth another try in what was learned of the endpoint."""
        with self._learning:
            if self.dialect != spoken:  # by another thread, in the meantime
                return True
            learned = spoken.learn(said, body)
            if learned is None:
                return False
            self.dialect = learned
            log.warning("teacher takes requests otherwise", extra={"now": str(learned)})
            self._remember(learned)
            return True

    def _may_key_change(self, refused_since: float | None) -> bool:
        """Tell whether a key that is refused was replaced: the file may not say so yet.

        It must have been accepted before: one that never was is not waited for.
        """
        if not (self.endpoint.can_key_change and self._refusals.useful):
            return False
        return refused_since is None or time.monotonic() - refused_since < ROTATION_S

    def _is_hopeless(self, trouble: CallFailure, tries: int) -> bool:
        """Tell whether another try of a request will not help it."""
        patience, in_vain = self.endpoint.retries + 1, self._breaker.in_vain
        is_over = self._breaker.is_open
        if trouble.is_silence and not self._has_answered:
            patience = min(patience, TRIES_BEFORE_ANY_ANSWER)
            is_over = in_vain >= START + TRIES_BEFORE_ANY_ANSWER  # START are sent at once
        is_over = is_over or tries >= patience
        return trouble.error is not None or trouble.pause_s > MAX_PAUSE_S or is_over

    def _is_alone(self, trouble: CallFailure, tries: int) -> bool:
        """Tell whether a hopeless request is the only one: others were answered, or may be."""
        if self._breaker.is_open or trouble.pause_s > MAX_PAUSE_S:
            return False
        are_others_answered = trouble.error is None and self._breaker.in_vain < tries
        return trouble.is_of_request or are_others_answered

    def _refused(self, error: GabaritoError, tries: int) -> RefusedRequest:
        """Return that a request is refused, unless too many on end are: then none is asked."""
        on_end = self._refusals.note(is_useful=False)
        if self._refusals.is_open and on_end > min(self._refusals.useful, MOST_REFUSED):
            whole = type(error)(f"{on_end} requests on end were refused, the last by {error}")
            self.give_up(whole)
            raise whole
        return RefusedRequest(error, tries)

    def _error(self, trouble: CallFailure, tries: int) -> GabaritoError:
        where = f"{self.endpoint.role} {self.endpoint.url}"
        if trouble.error is AccessError:
            state = "holds a key that it refuses" if self.endpoint.secret else "is not set"
            name = self.endpoint.key_name
            return AccessError(f"{where}: {trouble.what}; {name} {state}, set it to a valid key")
        if trouble.error:
            return trouble.error(f"{where}: {trouble.what}; {trouble.cure}")
        cure = trouble.cure or "check that it runs and that the url is right, then start again"
        if trouble.pause_s > MAX_PAUSE_S:
            cure = f"it asks to wait {trouble.pause_s:.0f} s, start again after that"
        in_vain = self._breaker.in_vain
        how_often = f"{in_vain} requests on end" if in_vain > tries else f"{tries} tries"
        return ServiceError(f"{where}: {trouble.what} ({how_often}); {cure}")

    def _back_off(self, tries: int) -> None:
        """Wait with full jitter, as many clients that fail together must not return together."""
        ceiling = min(FIRST_BACKOFF_S * 2 ** (tries - 1), MAX_BACKOFF_S)
        self.pause(random.uniform(0, ceiling))

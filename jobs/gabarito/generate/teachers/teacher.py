"""The teacher as generate sees it: what is of use is kept, and not asked for again."""

import hashlib
import json
import threading
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from pydantic import ValidationError

from gabarito.artifacts.cache import Cache
from gabarito.chat import (
    ChatClient,
    Completion,
    DaemonPool,
    RefusedRequest,
    request_body,
)
from gabarito.chat.breaker import Breaker
from gabarito.chat.foreign_text import shown
from gabarito.chat.open_client import parameters_of
from gabarito.core.errors import GabaritoError, ServiceError
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Message
from gabarito.core.teacher_config import TeacherSettings
from gabarito.generate.replies import Reading, read_reply
from gabarito.generate.results import Call, Status, Task
from gabarito.generate.teachers.batches import AwaitedRequest, Batches

REFUSED = "refused"
"""Why a reply that never came ended."""


class Teacher:
    """Asks the endpoint, or takes the reply that an earlier attempt got; safe for many threads."""

    def __init__(
        self,
        settings: TeacherSettings,
        client: ChatClient,
        cache: Cache,
        batches: Batches | None = None,
    ) -> None:
        self.client = client
        self._batches = batches
        self.pool = DaemonPool(2 * settings.concurrency)
        self._concurrency = settings.concurrency
        self._model = settings.model
        self._parameters = parameters_of(settings)
        self._cache = cache
        self._claims = cache.claims(self._pause)
        self._waiting = 0
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._breaker = Breaker()
        self._refusal: GabaritoError | None = None

    @property
    def at_once(self) -> int:
        """How many items to work at: as many again as wait for another process, up to twice.

        Else a process that was killed would, once started again, wait for all that it had
        claimed and do nothing else.
        """
        return self._concurrency + min(self._waiting, self._concurrency)

    def close(self) -> None:
        """Ask nothing more, and leave to other processes what was not answered."""
        self.client.stop()
        self._claims.close()

    def ask(
        self,
        task: Task,
        item: str,
        attempt: int,
        messages: Sequence[Message],
        families: Collection[str] = (),
    ) -> tuple[Reading, Call]:
        """Return what a reply holds, and the record of the call.

        Raises:
            GabaritoError: as ``ChatClient.complete``; a ``ServiceError`` too if the teacher
                does nothing but refuse.
        """
        completion, reading, is_cached = self._complete(attempt, messages, families)
        self._refuse_uselessness(reading)
        used = completion.prompt_tokens, completion.completion_tokens
        call = Call(
            task=task,
            item=item,
            attempt=attempt,
            source="cache" if is_cached else "teacher",
            status=_status(reading),
            cost=self.client.meter.prices.cost(*used),
            offered=len(reading.objects),
            **completion.model_dump(exclude={"text"}),
        )
        return reading, call

    def refuse_refusals(self) -> None:
        """Do nothing unless all that was asked was refused.

        Raises:
            GabaritoError: what the last refusal means.
        """
        if self._refusal and not self._breaker.useful:
            raise self._refusal

    def _refuse_uselessness(self, reading: Reading) -> None:
        """Do nothing unless all of many replies were useless: to ask on would be paid in vain.

        Where some were good, so many on end may be those about one odd document.
        """
        on_end = self._breaker.note(is_useful=not reading.is_useless)
        if not self._breaker.is_open or on_end <= self._breaker.useful:
            return
        reason, raw = reading.broken[-1] if reading.broken else ("", "")
        if self._refusal and reason == GenerateReason.REFUSED:
            error: GabaritoError = type(self._refusal)(
                f"{on_end} requests on end were refused, the last by {self._refusal}"
            )
        else:
            error = ServiceError(
                f"teacher {self._model}: {on_end} replies on end could not be read, the last: "
                f"{reason}: {shown(raw)!r}; try another generate.teacher.model"
            )
        self.client.give_up(error)
        raise error

    def _complete(
        self, attempt: int, messages: Sequence[Message], families: Collection[str]
    ) -> tuple[Completion, Reading, bool]:
        """Ask once, however many threads and processes need the same reply.

        A reply is read before it is kept: one of no use would be of none in the next run too, and
        each process asks for another one itself.
        """
        body = request_body(self._model, messages, self._parameters)
        key = hashlib.sha256(json.dumps([body, attempt], sort_keys=True).encode()).hexdigest()
        if self._batches:
            return self._from_batch(self._batches, key, body, families)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock, self._claims.hold(key, partial(self._kept, key)) as kept:
            if kept:
                self.client.credit()
                self.client.meter.add(kept.prompt_tokens, kept.completion_tokens)
                return kept, _read(kept, families), True
            completion = self._replied(self.client.answer(body))
            reading = _read(completion, families)
            if not reading.is_useless:
                self._cache.put(key, completion.model_dump_json().encode())
            return completion, reading, False

    def send_batches(self) -> bool:
        """Send what was asked and wait for it; tell whether to go through all items again.

        Raises:
            GabaritoError: as ``Batches.send``.
        """
        return self._batches is not None and self._batches.send()

    def _from_batch(
        self, batches: Batches, key: str, body: dict[str, Any], families: Collection[str]
    ) -> tuple[Completion, Reading, bool]:
        """Return a reply that is kept or that a batch gave.

        Raises:
            NotYet: if the next batch will.
        """

        def keep(reply: Completion) -> bool:
            is_useful = not _read(reply, families).is_useless
            if is_useful:
                self._cache.put(key, reply.model_dump_json().encode())
            return is_useful

        kept = self._kept(key)
        completion = kept or self._replied(batches.answer(key, AwaitedRequest(body, keep)))
        is_cached = kept is not None and key not in batches.paid
        if is_cached and batches.is_first(key):
            self.client.meter.add(completion.prompt_tokens, completion.completion_tokens)
        return completion, _read(completion, families), is_cached

    def _replied(self, outcome: Completion | RefusedRequest) -> Completion:
        """Return a reply; a request that is refused though others may not be has a free one."""
        if not isinstance(outcome, RefusedRequest):
            return outcome
        self._refusal = outcome.error
        return Completion(
            text=str(outcome.error),
            finish_reason=REFUSED,
            prompt_tokens=0,
            completion_tokens=0,
            tries=outcome.tries,
        )

    def _pause(self, seconds: float) -> None:
        """Wait for another process, with no place among the requests in flight."""
        with self._lock:
            self._waiting += 1
        try:
            self.client.pause(seconds)
        finally:
            with self._lock:
                self._waiting -= 1

    def _kept(self, key: str) -> Completion | None:
        data = self._cache.get(key)
        try:
            return Completion.model_validate_json(data) if data else None
        except ValidationError:  # kept by a version with other fields
            return None


def _read(completion: Completion, families: Collection[str]) -> Reading:
    if completion.finish_reason == REFUSED:
        return Reading(broken=[(GenerateReason.REFUSED, completion.text)])
    return read_reply(completion.text, completion.finish_reason, families)


def _status(reading: Reading) -> Status:
    if reading.is_useless:
        return "useless"
    if reading.is_cut:
        return "cut"
    return "good" if reading.objects else "nothing"

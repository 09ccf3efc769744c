"""The teacher as generate sees it: what is of use is kept, and not asked for again."""

import hashlib
import json
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary

from pydantic import ValidationError

from gabarito.artifacts.cache import Cache
from gabarito.chat import (
    ChatClient,
    ChatEndpoint,
    Completion,
    DaemonPool,
    Meter,
    Prices,
    request_body,
)
from gabarito.chat.protocol import shown
from gabarito.core.errors import ServiceError, SettingsError
from gabarito.core.records import Message
from gabarito.core.secrets import secret_from
from gabarito.generate.config import TeacherSettings
from gabarito.generate.replies import Reading, read_reply
from gabarito.generate.results import Call, Status, Task

URL_NAME = "GABARITO_TEACHER_URL"
KEY_NAME = "GABARITO_TEACHER_KEY"

MAX_REFUSALS = 36
"""So many useless replies on end, and more than there were good ones, are no accident."""


class Teacher:
    """Asks the endpoint, or takes the reply that an earlier attempt got; safe for many threads."""

    def __init__(self, settings: TeacherSettings, client: ChatClient, cache: Cache) -> None:
        self.client = client
        self.pool = DaemonPool(settings.concurrency)
        self._model = settings.model
        self._parameters: dict[str, Any] = {
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "seed": settings.seed,
            **settings.parameters,
        }
        self._cache = cache
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._useful = self._refusals = 0

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
        self._refuse_refusals(reading)
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

    def _refuse_refusals(self, reading: Reading) -> None:
        """Do nothing unless all of many replies were useless: to ask on would be paid in vain."""
        with self._lock:
            self._useful += not reading.is_useless
            self._refusals = self._refusals + 1 if reading.is_useless else 0
            refusals = self._refusals
            if refusals < MAX_REFUSALS or refusals <= self._useful:
                return
        reason, raw = reading.broken[-1] if reading.broken else ("", "")
        raise ServiceError(
            f"teacher {self._model}: {refusals} replies on end could not be read, the last: "
            f"{reason}: {shown(raw)!r}; try another generate.teacher.model"
        )

    def _complete(
        self, attempt: int, messages: Sequence[Message], families: Collection[str]
    ) -> tuple[Completion, Reading, bool]:
        """Ask once, however many threads need the same reply.

        A reply is read before it is kept: one of no use would be of none in the next run too.
        """
        body = request_body(self._model, messages, self._parameters)
        key = hashlib.sha256(json.dumps([body, attempt], sort_keys=True).encode()).hexdigest()
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            completion = self._kept(key)
            if completion:
                self.client.meter.add(completion.prompt_tokens, completion.completion_tokens)
                return completion, _read(completion, families), True
            completion = self.client.complete(body)
            reading = _read(completion, families)
            if not reading.is_useless:
                self._cache.put(key, completion.model_dump_json().encode())
            return completion, reading, False

    def _kept(self, key: str) -> Completion | None:
        data = self._cache.get(key)
        try:
            return Completion.model_validate_json(data) if data else None
        except ValidationError:  # kept by a version with other fields
            return None


@contextmanager
def open_teacher(
    settings: TeacherSettings, cache: Cache, *, shards: int = 1, spent: float = 0.0
) -> Iterator[Teacher]:
    """Give the teacher that the settings and the environment name.

    ``shards`` share the ceiling of cost; ``spent`` was paid before.

    Raises:
        SettingsError: if no URL is given, or the key is blank.
    """
    url = settings.url or os.environ.get(URL_NAME)
    if not url:
        raise SettingsError(
            f"generate.teacher.url: not set; set it, or {URL_NAME}, to the teacher's address"
        )
    endpoint = ChatEndpoint(
        url=url,
        key=secret_from(KEY_NAME),
        key_name=KEY_NAME,
        concurrency=settings.concurrency,
        timeout_s=settings.timeout_s,
        retries=settings.retries,
    )
    prices = Prices(settings.price_input or 0.0, settings.price_output or 0.0)
    ceiling = None if settings.max_cost is None else settings.max_cost / shards
    client = ChatClient(endpoint, Meter(prices, ceiling, spent))
    try:
        yield Teacher(settings, client, cache)
    finally:
        client.stop()


def _read(completion: Completion, families: Collection[str]) -> Reading:
    return read_reply(completion.text, completion.finish_reason, families)


def _status(reading: Reading) -> Status:
    if reading.is_useless:
        return "useless"
    if reading.is_cut:
        return "cut"
    return "good" if reading.objects else "nothing"

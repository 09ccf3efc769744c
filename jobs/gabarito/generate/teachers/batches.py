"""Requests that are sent in batches: what a pass wants is sent together, and the next pass has it.

A reply that is not there yet ends its item's pass (``NotYet``). What all items want is sent as one
batch or a few; when they have ended, the items are gone through again, find what was answered and
ask for the next. A batch is remembered in the cache before it is made, by its file and the keys
that it answers, until its replies are kept: whoever is killed in between goes on waiting for it.
"""

import hashlib
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.chat import ChatClient, Completion, Dialect, RefusedRequest
from gabarito.chat.batch_api import ENDED, Batch, BatchApi, MissingBatchError
from gabarito.chat.http import Response
from gabarito.chat.protocol import CallFailure, read_response
from gabarito.core.errors import ServiceError, SettingsError
from gabarito.core.records import Record

log = logging.getLogger("gabarito.generate.batches")

RECORDS = "batch-"
MOST_REQUESTS = 50_000
MOST_BYTES = 100_000_000
"""OpenAI takes 50,000 requests and 200 MB; others less."""
FIRST_POLL_S = 5.0
MAX_POLL_S, POLL_GROWTH = 60.0, 1.5
MOST_TIMES = 3
"""A request that so many batches left unanswered is given up alone."""

Outcome = Completion | RefusedRequest


class NotYet(Exception):  # noqa: N818  # no error: it will be there in the next pass
    """A reply was asked for, and comes with a batch."""


class BatchRecord(Record):
    """A batch that was, or is about to be, made: by whom, of which file, for which replies."""

    url: str
    file: str
    batch: str = ""
    keys: tuple[str, ...]
    dialect: Dialect


_RECORD = TypeAdapter(BatchRecord)


@dataclass(frozen=True)
class AwaitedRequest:
    """A request, and what keeps its reply if it is of use; tells whether it was."""

    body: Mapping[str, Any]
    keep: Callable[[Completion], bool]


@dataclass
class Batches:
    """What is wanted of one teacher, and what its batches gave; safe for many threads."""

    client: ChatClient
    cache: Cache
    api: BatchApi
    given: dict[str, Outcome] = field(default_factory=dict)
    """Replies that were of no use, and refusals, which are not kept."""
    paid: set[str] = field(default_factory=set)
    _wanted: dict[str, AwaitedRequest] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)
    _sent: Counter[str] = field(default_factory=Counter)
    _begun: float = 0.0
    _most: int = MOST_REQUESTS
    """Requests of one batch: fewer where a provider takes no more at once."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, key: str, wanted: AwaitedRequest) -> Outcome:
        """Return what a batch gave that is not kept.

        Raises:
            NotYet: if none has answered it: the next one will.
        """
        with self._lock:
            if key not in self.given:
                self._wanted[key] = wanted
                raise NotYet
            return self.given[key]

    def is_first(self, key: str) -> bool:
        """Tell whether a kept reply is new to this process, which counts it once."""
        with self._lock:
            is_new = key not in self._met
            self._met.add(key)
            return is_new

    def send(self) -> bool:
        """Send what is wanted and wait for it; tell whether there was anything.

        Raises:
            ServiceError: if a batch was cancelled, or expired without any reply.
            SettingsError: if the file is refused, or the ceiling of cost is reached.
            AccessError: if the key is.
        """
        if not self._wanted:
            return False
        for name, record in self._remembered():
            if not self._wanted.keys().isdisjoint(record.keys):
                self._finish_known(name, record)
        self._begun = 0.0
        begun = map(self._begin, self._parts())
        is_usual = self._most == MOST_REQUESTS  # else one may wait only once the last has ended
        for one in list(begun) if is_usual else begun:
            self._finish_known(*one)
        self._give_up_unanswered()
        self._wanted.clear()
        return True

    def _remembered(self) -> Iterator[tuple[str, BatchRecord]]:
        for name in self.cache.keys(RECORDS):  # no dictionary
            record = self.cache.get_json(name, _RECORD)
            if record and record.url == self.client.endpoint.url:
                yield name, record

    def _parts(self) -> Iterator[dict[str, AwaitedRequest]]:
        """Yield what is still wanted in parts that a file takes."""
        part: dict[str, AwaitedRequest] = {}
        size = 0
        for key, wanted in list(self._wanted.items()):
            if key in self.paid or key in self.given:
                continue
            length = len(json.dumps(wanted.body)) + 200
            if part and (len(part) >= self._most or size + length > MOST_BYTES):
                yield part
                part, size = {}, 0
            part[key] = wanted
            size += length
        if part:
            yield part

    def _begin(self, part: Mapping[str, AwaitedRequest]) -> tuple[str, BatchRecord]:
        tokens = sum(len(json.dumps(one.body)) for one in part.values()) // 4
        self._begun += self.client.meter.prices.cost(tokens, 0)
        self.client.meter.refuse_overspending(self._begun)
        dialect = self.client.dialect
        file = self.api.upload({key: dialect.spoken(one.body) for key, one in part.items()})
        name = f"{RECORDS}{hashlib.sha256(file.encode()).hexdigest()}"
        url = self.client.endpoint.url
        record = BatchRecord(url=url, file=file, keys=tuple(part), dialect=dialect)
        self._remember(name, record)
        self._sent.update(part.keys())
        return name, self._made(name, record)

    def _made_late(self, name: str, record: BatchRecord) -> BatchRecord:
        """Make the batch of a file that an earlier process stored; it may be gone meanwhile."""
        try:
            return self._made(name, record)
        except SettingsError:
            self.api.refuse_missing(record.file)
            raise

    def _made(self, name: str, record: BatchRecord) -> BatchRecord:
        batch = self.api.create(record.file)
        log.info("batch begun", extra={"batch": batch.id, "requests": len(record.keys)})
        made = record.model_copy(update={"batch": batch.id})
        self._remember(name, made)
        return made

    def _remember(self, name: str, record: BatchRecord) -> None:
        self.cache.put(name, record.model_dump_json().encode())

    def _finish_known(self, name: str, record: BatchRecord) -> None:
        """Finish a batch; the requests of one that the provider forgot are sent anew."""
        try:
            self._finish(name, record if record.batch else self._made_late(name, record))
        except MissingBatchError as error:
            fields = {"batch": record.batch or record.file, "why": str(error)}
            log.warning("batch is gone, sent anew", extra=fields)
            self.cache.delete(name)

    def _finish(self, name: str, record: BatchRecord) -> None:
        """Wait for a batch, take what it gave and forget it."""
        batch = self._ended(record.batch)
        files = filter(None, (batch.output_file_id, batch.error_file_id))
        lines = (line for file in files for line in self.api.lines(file))
        answered = sum(self._take(line, record.dialect) for line in lines)
        left = tuple(key for key in record.keys if key not in self._wanted)
        if left and batch.status != "failed":  # a later pass or another shard wants them
            self._remember(name, record.model_copy(update={"keys": left}))
        else:
            self.cache.delete(name)
        if batch.status == "expired" and answered:  # the rest was not tried
            self._sent.subtract(record.keys)
        log.info("batch ended", extra={"batch": batch.id, "status": batch.status, "of": answered})
        where = f"teacher {record.url}: batch {batch.id}"
        if batch.is_too_much and len(record.keys) > 1:
            self._most = min(self._most, len(record.keys) // 2)
            self._sent.subtract(record.keys)
            log.warning("batch was too large", extra={"next": self._most, "why": batch.problem})
            return
        if batch.status == "failed":
            raise SettingsError(
                f"{where}: was refused: {batch.problem}; change what it refuses, or set "
                "generate.teacher.batch to false"
            )
        if batch.status == "cancelled" or (batch.status == "expired" and not answered):
            how = "was cancelled" if batch.status == "cancelled" else "expired"
            raise ServiceError(
                f"{where}: {how}, {answered} of {len(record.keys)} requests were answered and are "
                "kept; start again to send the rest, or set generate.teacher.batch to false"
            )

    def _ended(self, batch: str) -> Batch:
        """Return a batch once it has ended, looking ever more seldom."""
        pause_s, before = FIRST_POLL_S, ""
        while (state := self.api.state(batch)).status not in ENDED:
            counts = state.request_counts
            now = f"{state.status}: {counts.completed} of {counts.total}" if counts else ""
            if now != before:
                log.info("batch waited for", extra={"batch": batch, "state": now})
                before = now
            self.client.pause(pause_s)
            pause_s = min(pause_s * POLL_GROWTH, MAX_POLL_S)
        return state

    def _take(self, line: Mapping[str, Any], spoken: Dialect) -> bool:
        """Take the outcome of a line; tell whether it is one of a request that was wanted."""
        key, response = line.get("custom_id"), line.get("response")
        wanted = self._wanted.get(key) if isinstance(key, str) else None
        if wanted is None or not isinstance(key, str) or not isinstance(response, dict):
            return False  # a line of an error has no response: it is sent once more
        status, body = response.get("status_code"), response.get("body")
        read = read_response(
            Response(status if isinstance(status, int) else 500, {}, json.dumps(body).encode()),
            len(json.dumps(wanted.body)),
            self.client.endpoint.secret,
        )
        if isinstance(read, CallFailure):
            outcome = self.client.judge(read, wanted.body, spoken)
            if outcome:
                self.given[key] = outcome
            return outcome is not None
        self.client.meter.add(read.prompt_tokens, read.completion_tokens)
        self.paid.add(key)
        if not wanted.keep(read):
            self.given[key] = read
        return True

    def _give_up_unanswered(self) -> None:
        """Give up what several batches left out; else no pass would be the last."""
        for key in self._wanted.keys() - self.paid - self.given.keys():
            if self._sent[key] >= MOST_TIMES:
                why = ServiceError(f"{MOST_TIMES} batches left it unanswered")
                self.given[key] = RefusedRequest(why, MOST_TIMES)


def batches_of(client: ChatClient, cache: Cache) -> Batches:
    """Return the batches of a client's endpoint."""
    return Batches(client, cache, BatchApi(client.endpoint, client.pause))

"""Questions that wait, answered in batches by one thread that owns the model."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gabarito.core.errors import ServiceError
from gabarito.serve.engine import (
    Engine,
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
)

log = logging.getLogger("gabarito.serve")

RECHECK_S = 5.0
"""Between two checks of an engine that is broken: it may be out of memory for a while only."""


class QueueFullError(ServiceError):
    """Too many questions wait."""


class EngineFailedError(ServiceError):
    """The engine did not answer a request."""


@dataclass
class PendingRequest:
    """A question that was accepted, and the way back for its tokens."""

    request: GenerationRequest
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _inbox: asyncio.Queue[GenerationEvent] = field(default_factory=asyncio.Queue)
    abandoned: bool = False
    is_begun: bool = False
    """Whether a piece of the answer was handed over."""

    def abandon(self) -> None:
        """Nobody waits for this answer any more."""
        self.abandoned = True

    def deliver(self, event: GenerationEvent) -> None:
        """Hand over a piece of the answer, from the engine's thread."""
        self.is_begun = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    async def events(self) -> AsyncIterator[GeneratedToken | GenerationEnd]:
        """Yield the answer's tokens and its end.

        Raises:
            EngineFailedError: if the engine failed.
        """
        while True:
            event = await self._inbox.get()
            if isinstance(event, GenerationFailure):
                raise EngineFailedError(event.message)
            yield event
            if isinstance(event, GenerationEnd):
                return


class Batcher:
    """A bounded queue before one engine."""

    def __init__(self, engine: Engine, max_batch: int, max_queue: int) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._waiting: deque[PendingRequest] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._is_broken = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    @property
    def depth(self) -> int:
        """How many questions wait that somebody wants answered."""
        return sum(not pending.abandoned for pending in tuple(self._waiting))

    @property
    def is_alive(self) -> bool:
        """Whether the engine answers; a request that it cannot answer says nothing about that."""
        return self._thread.is_alive() and not self._is_broken

    def start(self) -> None:
        """Start the engine's thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the running batch and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def submit(self, request: GenerationRequest) -> PendingRequest:
        """Queue a question.

        Raises:
            QueueFullError: if too many wait.
        """
        pending = PendingRequest(request)
        with self._changed:
            if self.depth >= self._max_queue:
                raise QueueFullError(
                    f"{self._max_queue} questions wait already; try again in a moment"
                )
            self._waiting.append(pending)
            self._changed.notify()
        return pending

    def _work(self) -> None:
        while batch := self._next_batch():
            self._answer(batch)

    def _next_batch(self) -> list[PendingRequest]:
        """Wait for questions; an empty batch means stop."""
        while True:
            with self._changed:
                timeout = RECHECK_S if self._is_broken else None
                self._changed.wait_for(lambda: self._waiting or self._stopped, timeout)
                batch: list[PendingRequest] = []
                while self._waiting and len(batch) < self._max_batch:
                    pending = self._waiting.popleft()
                    if not pending.abandoned:
                        batch.append(pending)
            if batch or self._stopped:
                return batch
            if self._is_broken:
                self._check_engine()

    def _answer(self, batch: list[PendingRequest]) -> None:
        """Answer a batch; if it fails, those without a word yet are answered alone.

        What one request does to the engine must not cost the others their answers.
        """
        requests = [pending.request for pending in batch]
        try:
            for row, event in self._engine.generate(requests, lambda row: not batch[row].abandoned):
                batch[row].deliver(event)
            self._is_broken = False
        except Exception as error:  # whatever it is, the next question must be answered
            log.exception("engine failed")
            self._check_engine()
            failure = GenerationFailure(f"the engine failed: {error}")
            for pending in batch:
                if self._is_broken or pending.is_begun or len(batch) == 1:
                    pending.deliver(failure)
                elif not pending.abandoned:
                    self._answer([pending])

    def _check_engine(self) -> None:
        """Ask the engine itself whether it is broken: a failed request may be to blame.

        A GPU that has failed an assertion, for one, never answers again.
        """
        try:
            self._engine.check_health()
            self._is_broken = False
        except Exception:
            log.exception("engine broken")
            self._is_broken = True

"""Questions that wait, answered side by side by one thread that owns the model."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

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

T = TypeVar("T")

RECHECK_S = 5.0
"""Between two checks of an engine that is broken: it may be out of memory for a while only.

So often a remote one is checked, too, while nothing is asked: nobody else would notice its end.
"""


class QueueFullError(ServiceError):
    """Too many questions wait."""


class EngineFailedError(ServiceError):
    """The engine did not answer a request."""


@dataclass(frozen=True)
class BatchLimits:
    """How many questions are answered at once, and how many may wait.

    ``tokens`` are those of all that are answered at once with their answers, each as long as the
    longest: so much memory a batch takes. One question alone is always answered.
    """

    questions: int
    tokens: int
    waiting: int

    def hold(self, requests: Sequence[GenerationRequest]) -> bool:
        """Tell whether these requests may be answered at once."""
        longest = max(len(one.tokens) + one.max_new_tokens for one in requests)
        is_small = len(requests) * longest <= self.tokens
        return len(requests) <= self.questions and (is_small or len(requests) == 1)


@dataclass(eq=False)
class PendingRequest:
    """A question that was accepted, and the way back for its tokens."""

    request: GenerationRequest
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _inbox: asyncio.Queue[GenerationEvent] = field(default_factory=asyncio.Queue)
    abandoned: bool = False
    is_begun: bool = False
    """Whether a piece of the answer was handed over."""
    is_retried: bool = False
    """Whether it was asked already, and a step failed before anything of it was handed over."""

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
    """A bounded queue before one engine; who waits joins as soon as there is room."""

    def __init__(self, engine: Engine, limits: BatchLimits) -> None:
        self._engine = engine
        self._limits = limits
        self._batch = engine.batch()
        self._running: dict[int, PendingRequest] = {}
        self._waiting: deque[PendingRequest] = deque()
        self._retried: deque[list[PendingRequest]] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._is_broken = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    @property
    def depth(self) -> int:
        """How many questions wait that somebody wants answered."""
        with self._changed:
            return self._wanted()

    @property
    def is_alive(self) -> bool:
        """Whether the engine answers; a request that it cannot answer says nothing about that."""
        return self._thread.is_alive() and not self._is_broken

    @property
    def needs_restart(self) -> bool:
        """Whether only a new process can answer: another process comes back by itself."""
        return not self._thread.is_alive() or (self._is_broken and not self._engine.is_remote)

    def start(self) -> None:
        """Start the engine's thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was accepted and end the thread."""
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
            if self._wanted() >= self._limits.waiting:
                raise QueueFullError(
                    f"{self._limits.waiting} questions wait already; try again in a moment"
                )
            self._waiting.append(pending)
            self._changed.notify()
        return pending

    def _wanted(self) -> int:
        """Drop those from the queues whom nobody waits for, and return how many are left."""
        if any(pending.abandoned for pending in self._waiting):
            self._waiting = deque(one for one in self._waiting if not one.abandoned)
        groups = ([one for one in group if not one.abandoned] for group in self._retried)
        self._retried = deque(group for group in groups if group)
        return len(self._waiting) + sum(map(len, self._retried))

    def _work(self) -> None:
        while (joining := self._next()) is not None:
            if joining:
                self._join(joining)
            if self._running:
                self._step()

    def _next(self) -> list[PendingRequest] | None:
        """Return who joins now, once somebody does or a batch is running; None means stop."""
        while True:
            with self._changed:
                is_watched = self._is_broken or self._engine.is_remote
                if not (self._running or self._retried):
                    timeout = RECHECK_S if is_watched else None
                    self._changed.wait_for(lambda: self._waiting or self._stopped, timeout)
                joining = self._admitted()
                if joining or self._running:
                    return joining
                if self._stopped and not self._wanted():
                    return None
            if is_watched:
                self._check_engine()

    def _admitted(self) -> list[PendingRequest]:
        """Take those who have waited longest, as far as there is room for them.

        Groups of which a step failed before come first, each into an empty batch; others join
        the last of them.
        """
        self._wanted()
        joining = self._retried.popleft() if self._retried and not self._running else []
        if self._retried:
            return joining
        running = [pending.request for pending in self._running.values()]
        while self._waiting:
            pending = self._waiting[0]
            asked = [*running, *(one.request for one in joining), pending.request]
            if not pending.abandoned and not self._limits.hold(asked):
                break
            self._waiting.popleft()
            if not pending.abandoned:
                joining.append(pending)
        return joining

    def _join(self, joining: list[PendingRequest]) -> None:
        """Let requests join; if they cannot all together, each by itself.

        What one request does to the engine must not cost the others their answers.
        """
        asked = [pending.request for pending in joining]
        numbers = _tried(lambda: self._batch.join(asked))
        if not isinstance(numbers, _Failed):
            self._running.update(zip(numbers, joining, strict=True))
            return
        self._check_engine()
        if len(joining) == 1 or self._is_broken:
            numbers.tell(joining)
        else:
            for pending in joining:
                self._join([pending])

    def _step(self) -> None:
        events = _tried(self._batch.step)
        if isinstance(events, _Failed):
            self._recover(events)
            return
        if events:
            self._is_broken = False
        for number, event in events:
            self._running[number].deliver(event)
            if not isinstance(event, GeneratedToken):
                del self._running[number]
        gone = [number for number, pending in self._running.items() if pending.abandoned]
        if gone:
            self._let_go(gone)

    def _let_go(self, gone: Sequence[int]) -> None:
        for number in gone:
            del self._running[number]
        left = _tried(lambda: self._batch.leave(gone))
        if isinstance(left, _Failed):
            self._recover(left)

    def _recover(self, failed: "_Failed") -> None:
        """Begin anew after a step that failed; those without a word yet are asked again.

        They are asked together once more, then in halves, so that one that breaks every batch is
        alone in the end, and the only one that is told: a failed step does not say whose it was.
        """
        self._batch = self._engine.batch()
        self._check_engine()
        were, self._running = list(self._running.values()), {}
        again = [one for one in were if not (self._is_broken or one.is_begun or one.abandoned)]
        is_second = any(pending.is_retried for pending in again)
        if is_second and len(again) == 1:
            again = []
        failed.tell([pending for pending in were if pending not in again])
        for pending in again:
            pending.is_retried = True
        middle = (len(again) + 1) // 2 if is_second else len(again)
        with self._changed:
            groups = (again[:middle], again[middle:])
            self._retried.extendleft(group for group in reversed(groups) if group)

    def _check_engine(self) -> None:
        """Ask the engine itself whether it is broken: a failed request may be to blame.

        A GPU that has failed an assertion, for one, never answers again.
        """
        was_broken = self._is_broken
        try:
            self._engine.check_health()
            self._is_broken = False
        except Exception:
            if not was_broken:
                log.exception("engine broken")
            self._is_broken = True
        if was_broken and not self._is_broken:
            log.info("engine answers again")


@dataclass(frozen=True)
class _Failed:
    """What an engine failed with, in words: the error itself would keep its tensors alive."""

    message: str

    def tell(self, waiting: Sequence[PendingRequest]) -> None:
        """Tell those who wait."""
        for pending in waiting:
            pending.deliver(GenerationFailure(f"the engine failed: {self.message}"))


def _tried(act: Callable[[], T]) -> T | _Failed:
    """Return what the engine returns, or what it failed with: the next must be answered."""
    try:
        return act()
    except Exception as error:
        log.exception("engine failed")
        return _Failed(str(error))

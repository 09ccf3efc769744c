"""Questions that wait, answered in batches by one thread that owns the model."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gabarito.serve.protocol import Finish, RefusedError, Token

log = logging.getLogger("gabarito.serve")

RECHECK_S = 5.0
"""Between two checks of an engine that is broken: it may be out of memory for a while only."""


@dataclass(frozen=True)
class Prompt:
    """What an engine needs to know of a question; temperature 0 means greedy."""

    tokens: tuple[int, ...]
    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


@dataclass(frozen=True)
class End:
    """The end of an answer; ``logprob`` is the end token's, 0 where there was none."""

    finish: Finish
    logprob: float = 0.0


@dataclass(frozen=True)
class Failure:
    """No answer could be written; it ends here."""

    message: str


class Engine(Protocol):
    """What answers: transformers anywhere, others where they are installed."""

    context: int
    """The most tokens that a prompt and its answer may have together."""

    def encode_chat(self, messages: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        """Return the tokens of a conversation of (role, content), ready for an answer."""
        ...

    def encode_text(self, text: str) -> tuple[int, ...]:
        """Return the tokens of a plain text."""
        ...

    def generate(
        self, prompts: Sequence[Prompt], is_wanted: Callable[[int], bool]
    ) -> Iterator[tuple[int, Token | End | Failure]]:
        """Yield (row, token) as tokens come.

        Each row that ``is_wanted`` ends with one End, or a Failure that is its own.
        """
        ...

    def check_health(self) -> None:
        """Answer a short prompt of the engine's own; whatever it raises, the engine is broken."""
        ...


@dataclass
class Ticket:
    """A question that was accepted, and the way back for its tokens."""

    prompt: Prompt
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _inbox: asyncio.Queue[Token | End | Failure] = field(default_factory=asyncio.Queue)
    abandoned: bool = False
    is_begun: bool = False
    """Whether a piece of the answer was handed over."""

    def abandon(self) -> None:
        """Nobody waits for this answer any more."""
        self.abandoned = True

    def deliver(self, item: Token | End | Failure) -> None:
        """Hand over a piece of the answer, from the engine's thread."""
        self.is_begun = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, item)

    async def items(self) -> AsyncIterator[Token | End]:
        """Yield the answer's tokens and its end.

        Raises:
            RefusedError: 500 if the engine failed.
        """
        while True:
            item = await self._inbox.get()
            if isinstance(item, Failure):
                raise RefusedError(500, item.message, "engine_failed")
            yield item
            if isinstance(item, End):
                return


class Batcher:
    """A bounded queue before one engine."""

    def __init__(self, engine: Engine, max_batch: int, max_queue: int) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._waiting: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._is_broken = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    @property
    def depth(self) -> int:
        """How many questions wait that somebody wants answered."""
        return sum(not ticket.abandoned for ticket in tuple(self._waiting))

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

    def submit(self, prompt: Prompt) -> Ticket:
        """Queue a question.

        Raises:
            RefusedError: 429 if too many wait.
        """
        ticket = Ticket(prompt)
        with self._changed:
            if self.depth >= self._max_queue:
                message = f"{self._max_queue} questions wait already; try again in a moment"
                raise RefusedError(429, message, "queue_full")
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket

    def _work(self) -> None:
        while batch := self._next_batch():
            self._answer(batch)

    def _next_batch(self) -> list[Ticket]:
        """Wait for questions; an empty batch means stop."""
        while True:
            with self._changed:
                timeout = RECHECK_S if self._is_broken else None
                self._changed.wait_for(lambda: self._waiting or self._stopped, timeout)
                batch: list[Ticket] = []
                while self._waiting and len(batch) < self._max_batch:
                    ticket = self._waiting.popleft()
                    if not ticket.abandoned:
                        batch.append(ticket)
            if batch or self._stopped:
                return batch
            if self._is_broken:
                self._check_engine()

    def _answer(self, batch: list[Ticket]) -> None:
        """Answer a batch; if it fails, those without a word yet are answered alone.

        What one request does to the engine must not cost the others their answers.
        """
        prompts = [ticket.prompt for ticket in batch]
        try:
            for row, item in self._engine.generate(prompts, lambda row: not batch[row].abandoned):
                batch[row].deliver(item)
            self._is_broken = False
        except Exception as error:  # whatever it is, the next question must be answered
            log.exception("engine failed")
            self._check_engine()
            failure = Failure(f"the engine failed: {error}")
            for ticket in batch:
                if self._is_broken or ticket.is_begun or len(batch) == 1:
                    ticket.deliver(failure)
                elif not ticket.abandoned:
                    self._answer([ticket])

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

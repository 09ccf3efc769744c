"""What writes answers: the protocol that every engine keeps, and what passes through it.

An engine knows tokens and weights; it knows neither HTTP nor the queue before it. No type of
a framework stands here, so that an engine of another framework fits as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from gabarito.core.errors import DataError
from gabarito.core.records import Message

FinishReason = Literal["stop", "length"]


class InvalidRequestError(DataError):
    """A request that cannot be answered through its own fault; ``field`` is to blame."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(f"{field or 'body'}: {message}")
        self.field = field


class PromptTooLongError(InvalidRequestError):
    """A prompt that leaves no room for an answer."""


@dataclass(frozen=True)
class GenerationRequest:
    """What an engine needs to know of a question; temperature 0 means greedy.

    ``tokens`` are at least one, and with ``max_new_tokens`` at most the engine's context.
    """

    tokens: tuple[int, ...]
    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


@dataclass(frozen=True)
class GeneratedToken:
    """One generated token: its text as far as it is whole, and its log-probability (nats).

    ``logprob`` is None of an engine that does not give it.
    """

    text: str
    logprob: float | None


@dataclass(frozen=True)
class GenerationEnd:
    """The end of an answer; ``logprob`` is the end token's.

    It is 0 where there was no such token, and None of an engine that does not give it.
    """

    reason: FinishReason
    logprob: float | None = 0.0


@dataclass(frozen=True)
class GenerationFailure:
    """No answer could be written; it ends here."""

    message: str


GenerationEvent = GeneratedToken | GenerationEnd | GenerationFailure


class RunningBatch(Protocol):
    """Requests that are being answered side by side; one may join or leave at each step.

    An answer does not depend on its neighbours. All methods are called by one thread.
    """

    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        """Read requests, and return the number of each.

        Whatever is raised, none of them has joined, and those that are there go on.
        """
        ...

    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        """Return what each request came to by its next token: (number, event).

        It may be nothing, if none has come for a moment: meanwhile others may join and leave.

        A request ends with one GenerationEnd or with a GenerationFailure of its own, and has then
        left the batch; its last token may come in the same step. What is raised ends all of them.
        """
        ...

    def leave(self, numbers: Collection[int]) -> None:
        """Let go of requests that nobody waits for."""
        ...


class Engine(Protocol):
    """What answers: transformers anywhere, others where they are installed.

    The ``encode_`` methods are called by one thread, the others by another one.
    """

    context: int
    """The most tokens that a prompt and its answer may have together."""

    gives_logprobs: bool
    """Whether tokens come with their log-probabilities: without, no threshold can be kept."""

    is_remote: bool
    """Whether it runs in another process, which may end and begin anew at any time.

    It is looked after while nothing is asked, and its end is no reason to restart this process.
    """

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer.

        Raises:
            InvalidRequestError: if the model cannot be given these messages.
        """
        ...

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of a plain text, special tokens written out recognised.

        Raises:
            InvalidRequestError: if the model cannot be given this prompt.
        """
        ...

    def batch(self) -> "RunningBatch":
        """Return a batch with no request in it."""
        ...

    def check_health(self) -> None:
        """Answer a short prompt of the engine's own; whatever it raises, the engine is broken."""
        ...

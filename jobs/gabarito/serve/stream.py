"""One answer as it is written: its text, up to a stop text, and whether the model knows it."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gabarito.serve.batcher import PendingRequest
from gabarito.serve.engine import FinishReason, GeneratedToken, GenerationEnd


@dataclass(frozen=True)
class FinishedAnswer:
    """A whole answer; ``probability`` is the product over its tokens, the end included.

    ``is_withheld``: the text is the refusal instead of what the tokens say.
    """

    text: str
    tokens: tuple[GeneratedToken, ...]
    reason: FinishReason
    probability: float
    known: bool
    is_withheld: bool = False

    @property
    def shown_tokens(self) -> tuple[GeneratedToken, ...]:
        """The tokens of the text."""
        return () if self.is_withheld else self.tokens


@dataclass(frozen=True)
class AnswerPolicy:
    """When an answer is replaced: under ``threshold`` it becomes ``refusal``, if there is one."""

    refusal: str = ""
    threshold: float | None = None

    def judge(
        self, text: str, tokens: tuple[GeneratedToken, ...], end: GenerationEnd
    ) -> FinishedAnswer:
        """Return the answer, or the refusal if its probability is under the threshold."""
        probability = math.exp(sum(token.logprob for token in tokens) + end.logprob)
        refused = bool(self.refusal) and text == self.refusal
        unsure = self.threshold is not None and probability < self.threshold
        withheld = unsure and bool(self.refusal) and not refused
        shown, known = self.refusal if withheld else text, not (refused or unsure)
        return FinishedAnswer(shown, tokens, end.reason, probability, known, withheld)


@dataclass(frozen=True)
class AnswerPiece:
    """A piece of an answer's text, and the tokens read since the last one."""

    text: str
    tokens: tuple[GeneratedToken, ...]


class AnswerStream:
    """The pieces of one answer, and after the last of them the whole."""

    def __init__(
        self, pending: PendingRequest, stops: tuple[str, ...], policy: AnswerPolicy
    ) -> None:
        self._pending = pending
        self._stops = stops
        self._policy = policy
        self._written = ""
        self._tokens: list[GeneratedToken] = []
        self._end = GenerationEnd("stop")

    @property
    def prompt_tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self._pending.request.tokens)

    @property
    def answer(self) -> FinishedAnswer:
        """The whole answer, once all pieces are read."""
        return self._policy.judge(self._written.strip(), tuple(self._tokens), self._end)

    async def pieces(self) -> AsyncIterator[AnswerPiece]:
        """Yield the pieces of the answer: joined they are its text.

        With a threshold there is only one, as nothing is known before the end.

        Raises:
            EngineFailedError: if the engine does not end it.
        """
        sent = 0
        async for text in self._texts():
            if not self._policy.threshold:
                yield AnswerPiece(text, tuple(self._tokens[sent:]))
                sent = len(self._tokens)
        if self._policy.threshold:
            yield AnswerPiece(self.answer.text, self.answer.shown_tokens)

    async def whole(self) -> FinishedAnswer:
        """Wait for the whole answer.

        Raises:
            EngineFailedError: if the engine does not end it.
        """
        async for _ in self._texts():
            pass
        return self.answer

    def abandon(self) -> None:
        """Let the engine drop what nobody reads."""
        self._pending.abandon()

    async def _texts(self) -> AsyncIterator[str]:
        """Yield what surely belongs to the answer: no space at its end, no begun stop text."""
        sent = 0
        async for event in self._pending.events():
            if isinstance(event, GenerationEnd):
                self._end = event
                break
            self._tokens.append(event)
            self._written += event.text
            ends = [self._written.index(stop) for stop in self._stops if stop in self._written]
            if ends:
                self._written = self._written[: min(ends)]
                self.abandon()
                break
            begun = max((_overlap(self._written, stop) for stop in self._stops), default=0)
            sure = self._written[: len(self._written) - begun].strip()
            if len(sure) > sent:
                yield sure[sent:]
                sent = len(sure)
        text = self._written.strip()
        if len(text) > sent:
            yield text[sent:]


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text begin a stop."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)

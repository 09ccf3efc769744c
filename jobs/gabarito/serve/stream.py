"""One answer as it is written: its text, up to a stop text, and whether the model knows it."""

import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gabarito.serve.batcher import PendingRequest
from gabarito.serve.engine import FinishReason, GeneratedToken, GenerationEnd
from gabarito.serve.verification import UNKNOWN, Verification, Verifier


@dataclass(frozen=True)
class FinishedAnswer:
    """A whole answer; ``probability`` is the product over its tokens, the end included.

    It is None if the engine does not tell it. ``is_withheld``: the text is the refusal instead of
    what the tokens say. ``found`` is what the model's facts say of the answer; its suffix follows
    the text.
    """

    text: str
    tokens: tuple[GeneratedToken, ...]
    reason: FinishReason
    probability: float | None
    known: bool
    is_withheld: bool = False
    found: Verification = UNKNOWN

    @property
    def shown(self) -> str:
        """The text as a client is given it."""
        return self.text + self.found.suffix

    @property
    def shown_tokens(self) -> tuple[GeneratedToken, ...]:
        """The tokens of the text."""
        return () if self.is_withheld else self.tokens


@dataclass(frozen=True)
class AnswerPolicy:
    """When an answer is replaced: under ``threshold`` it becomes ``refusal``, if there is one.

    So does one whose probability is not known, as long as there is a threshold to reach, and one
    that no fact bears out, if ``verifier`` has it so.
    """

    refusal: str = ""
    threshold: float | None = None
    verifier: Verifier | None = None

    @property
    def is_told_late(self) -> bool:
        """Whether an answer may be replaced, so that nothing of it is given before its end."""
        may_refuse = self.verifier is not None and self.verifier.config.unverified == "refuse"
        return bool(self.threshold) or may_refuse

    def judge(
        self, question: str, text: str, tokens: tuple[GeneratedToken, ...], end: GenerationEnd
    ) -> FinishedAnswer:
        """Return the answer with its proof, or the refusal."""
        probability = _product([token.logprob for token in tokens] + [end.logprob])
        refused = bool(self.refusal) and text == self.refusal
        unsure = bool(self.threshold) and (probability or 0.0) < (self.threshold or 0.0)
        found = UNKNOWN
        if self.verifier and not refused and not (unsure and self.refusal):
            found = self.verifier.verify(question, text)
        withheld = (unsure or found.is_refused) and bool(self.refusal) and not refused
        known = not (refused or unsure or found.is_refused)
        shown = self.refusal if withheld else text
        return FinishedAnswer(shown, tokens, end.reason, probability, known, withheld, found)


@dataclass(frozen=True)
class AnswerPiece:
    """A piece of an answer's text, and the tokens read since the last one."""

    text: str
    tokens: tuple[GeneratedToken, ...]


class AnswerStream:
    """The pieces of one answer, and after the last of them the whole."""

    def __init__(
        self,
        pending: PendingRequest,
        question: str,
        stops: tuple[str, ...],
        policy: AnswerPolicy,
    ) -> None:
        self._pending = pending
        self._question = question
        self._stops = stops
        self._policy = policy
        self._written = ""
        self._tokens: list[GeneratedToken] = []
        self._end = GenerationEnd("stop")

    @property
    def prompt_tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self._pending.request.tokens)

    @cached_property
    def answer(self) -> FinishedAnswer:
        """The whole answer, once all pieces are read."""
        text, tokens = self._written.strip(), tuple(self._tokens)
        return self._policy.judge(self._question, text, tokens, self._end)

    async def pieces(self) -> AsyncIterator[AnswerPiece]:
        """Yield the pieces of the answer: joined they are its text.

        With a threshold, or if what no fact bears out is refused, there is only one, as nothing is
        known before the end.

        Raises:
            EngineFailedError: if the engine does not end it.
        """
        sent = 0
        async for text in self._texts():
            if not self._policy.is_told_late:
                yield AnswerPiece(text, tuple(self._tokens[sent:]))
                sent = len(self._tokens)
        if self._policy.is_told_late:
            yield AnswerPiece(self.answer.shown, self.answer.shown_tokens)
        elif self.answer.found.suffix:
            yield AnswerPiece(self.answer.found.suffix, ())

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


def _product(logprobs: Sequence[float | None]) -> float | None:
    """Return the probability of all of it, None if that of a part is not known."""
    known = [one for one in logprobs if one is not None]
    return math.exp(sum(known)) if len(known) == len(logprobs) else None


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text begin a stop."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)

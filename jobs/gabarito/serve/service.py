"""From the body of a request to the stream of its answer: read, encoded, queued."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from gabarito.core.model_records import GateVerdict
from gabarito.proof import FactTable
from gabarito.serve import conversation
from gabarito.serve.batcher import Batcher, BatchLimits
from gabarito.serve.config import ServeConfig
from gabarito.serve.engine import (
    Engine,
    GenerationRequest,
    InvalidRequestError,
    PromptTooLongError,
)
from gabarito.serve.model_names import ModelNames
from gabarito.serve.request import ChatRequest, CompletionRequest, read_request
from gabarito.serve.stream import AnswerPolicy, AnswerStream
from gabarito.serve.verification import Verifier

Q = TypeVar("Q", ChatRequest, CompletionRequest)


@dataclass(frozen=True)
class Model:
    """What is served: its names, its engine, and what its contract fixes.

    Answers whose probability is under ``threshold`` become ``refusal``. ``facts`` is None of a
    model that was evaluated before there was a table of them, ``verdict`` is a promoted
    model's, ``base`` answers as before training, if that is wanted.
    """

    names: ModelNames
    engine: Engine
    system: str = ""
    refusal: str = ""
    threshold: float | None = None
    max_new_tokens: int = 48
    facts: FactTable | None = None
    verdict: GateVerdict | None = None
    base: Engine | None = None


class AnswerService:
    """Answers requests with one model."""

    def __init__(self, model: Model, config: ServeConfig) -> None:
        self._model = model
        self._conversation = config.conversation
        self._most_new_tokens = config.max_new_tokens
        self.threshold = model.threshold if config.threshold is None else config.threshold
        """Under this probability an answer becomes the refusal; None: never."""
        verifier = None if model.facts is None else Verifier(model.facts, config)
        self._policy = AnswerPolicy(model.refusal, self.threshold, verifier)
        self._policy_of_prompts = replace(self._policy, verifier=None)
        """A prompt holds tags, a system's text, examples: what is asked in it is not known."""
        limits = BatchLimits(config.max_batch, config.max_batch_tokens, config.max_queue)
        self._batcher = Batcher(model.engine, limits)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        """Reads requests one after the other: what takes long must not hold the event loop."""

    @property
    def depth(self) -> int:
        """How many questions wait."""
        return self._batcher.depth

    @property
    def is_alive(self) -> bool:
        """Whether the engine answers."""
        return self._batcher.is_alive

    @property
    def needs_restart(self) -> bool:
        """Whether only a new process can answer."""
        return self._batcher.needs_restart

    def start(self) -> None:
        """Begin to answer."""
        self._batcher.start()

    def stop(self) -> None:
        """Finish what is being answered."""
        self._batcher.stop()
        self._reader.shutdown()

    async def submit(self, body: bytes, kind: type[Q]) -> tuple[Q, AnswerStream]:
        """Queue the request that ``body`` holds; return it and the stream of its answer.

        Raises:
            InvalidRequestError: if it is no such request, or the model cannot be given it.
            QueueFullError: if too many wait.
        """
        loop = asyncio.get_running_loop()
        asked, request = await loop.run_in_executor(self._reader, self._read, body, kind)
        pending = self._batcher.submit(request)
        if isinstance(asked, ChatRequest):
            question = conversation.question_of(asked.messages)
            return asked, AnswerStream(pending, question, asked.stops, self._policy)
        return asked, AnswerStream(pending, "", asked.stops, self._policy_of_prompts)

    def _read(self, body: bytes, kind: type[Q]) -> tuple[Q, GenerationRequest]:
        """Return the request, and what to ask the engine for it.

        A limit of the client's is lowered to what there is room for; without one it is the
        model's own, under which its answers were evaluated.
        """
        asked = read_request(body, kind, self._model.names)
        engine = self._model.engine
        if asked.has_logprobs and not engine.gives_logprobs:
            message = "the engine behind this endpoint does not give them; leave it out"
            raise InvalidRequestError(message, "logprobs")
        if isinstance(asked, ChatRequest):
            messages = conversation.asked(asked.messages, self._model.system, self._conversation)
            field, tokens = "messages", engine.encode_chat(messages)
        else:
            field, tokens = "prompt", engine.encode_text(asked.text)
        if not tokens:
            message = "no text in it, as the model reads it; send some"
            raise InvalidRequestError(message, field)
        room = engine.context - len(tokens)
        if room < 1:
            message = (
                f"the request has {len(tokens)} tokens; this model takes "
                f"{engine.context} with its answer, shorten it"
            )
            raise PromptTooLongError(message, field)
        own, most = self._model.max_new_tokens, self._most_new_tokens
        wanted = own if asked.limit is None else min(asked.limit, most)
        limit = min(wanted, room)
        return asked, GenerationRequest(tokens, limit, asked.heat, asked.top_p, asked.seed)

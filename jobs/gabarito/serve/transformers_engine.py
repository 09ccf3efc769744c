"""The engine that works anywhere: transformers, requests joining and leaving at each token."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.models import (
    CausalModel,
    check_contract,
    load_base,
    shared_prefix,
    stop_tokens,
    use_cpu_quota,
)
from gabarito.models.decoding import Choice, DecodingBatch, PromptPrefix, is_apart
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
)
from gabarito.serve.token_text import PromptEncoder, TextDecoder

_COLD = 1e-3
"""Below this temperature the likeliest token is taken: dividing by less overflows."""


class TransformersEngine:
    """Answers with a model folder that plain transformers opens."""

    is_remote = False
    gives_logprobs = True

    def __init__(self, folder: Path, contract: PromptContract | None) -> None:
        """Load the model.

        Raises:
            MissingError: if there is none.
            DataError: if it cannot be served, or does not match the contract.
        """
        use_cpu_quota()
        base = load_base(folder)
        self._model, self._tokenizer = base.model, base.tokenizer
        if contract is not None:
            check_contract(contract, self._tokenizer, str(folder))
        self._stop = stop_tokens(self._model, self._tokenizer)
        known: Sequence[int] = ()
        if contract is not None and not is_apart(self._model):
            known = shared_prefix(contract, self._tokenizer)
        self._prefix = PromptPrefix.of(self._model, known) if known else None
        self._prompts = PromptEncoder(self._model, self._tokenizer)
        self.context = self._prompts.context

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer."""
        return self._prompts.encode_chat(messages)

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of a plain text, special tokens written out recognised."""
        return self._prompts.encode_text(prompt)

    def batch(self) -> "TransformersBatch":
        """Return a batch with no request in it."""
        return TransformersBatch(self._model, self._tokenizer, self._stop, self._prefix)

    @torch.inference_mode()
    def check_health(self) -> None:
        """Compute one step from the first token of the vocabulary."""
        batch = DecodingBatch(self._model)
        batch.join([(0,)])
        batch.step()


class TransformersBatch:
    """Requests that are being answered side by side by a model of transformers."""

    def __init__(
        self,
        model: CausalModel,
        tokenizer: PreTrainedTokenizerBase,
        stop: frozenset[int],
        prefix: PromptPrefix | None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._stop = stop
        self._batch = DecodingBatch(model, prefix)
        self._written: dict[int, _Written] = {}

    @torch.inference_mode()
    def join(self, requests: Sequence[GenerationRequest]) -> Sequence[int]:
        """Read requests, and return the number of each."""
        begun = [
            _Written(
                TextDecoder(self._tokenizer),
                _Sampler(request, self._model.device),
                request.max_new_tokens,
            )
            for request in requests
        ]
        numbers = self._batch.join([request.tokens for request in requests])
        self._written.update(zip(numbers, begun, strict=True))
        return numbers

    @torch.inference_mode()
    def step(self) -> Sequence[tuple[int, GenerationEvent]]:
        """Return what each request came to by its next token."""
        rows = list(self._batch.rows)
        tokens, logprobs = self._batch.step(_choice([self._written[row].sampler for row in rows]))
        events = [
            (row, event)
            for row, token, logprob in zip(rows, tokens, logprobs, strict=True)
            for event in self._events(row, token, logprob)
        ]
        self._keep(
            {row for row, event in events if isinstance(event, GenerationEnd | GenerationFailure)}
        )
        return events

    def leave(self, numbers: Collection[int]) -> None:
        """Let go of requests that nobody waits for."""
        with torch.inference_mode():
            self._keep(numbers)

    def _events(self, row: int, token: int, logprob: float) -> Iterator[GenerationEvent]:
        if not math.isfinite(logprob):
            yield GenerationFailure("the model's probabilities are NaN or infinite")
            return
        if token in self._stop:
            yield GenerationEnd("stop", logprob)
            return
        written = self._written[row]
        yield GeneratedToken(written.decoder.add(token), logprob)
        if written.decoder.length >= written.max_new_tokens:
            yield GenerationEnd("length")

    def _keep(self, gone: Collection[int]) -> None:
        """Go on without the rows that are gone."""
        rows = self._batch.rows
        for row in gone:
            self._written.pop(row, None)
        self._batch.keep([place for place, row in enumerate(rows) if row not in gone])


@dataclass
class _Written:
    """One row: what is written of it, how it chooses, and how much it may be."""

    decoder: TextDecoder
    sampler: "_Sampler"
    max_new_tokens: int


class _Sampler:
    """How one row chooses its tokens: greedily at temperature 0, else from the nucleus."""

    def __init__(self, request: GenerationRequest, device: torch.device) -> None:
        self._request = request
        self._random = torch.Generator(device)
        if request.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(request.seed)

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest token is taken."""
        return self._request.temperature < _COLD

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """Choose from logits of shape (vocabulary,)."""
        weights = (logits / self._request.temperature).softmax(-1)
        if not torch.isfinite(weights).all():
            return logits.argmax(-1)
        ordered, tokens = weights.sort(descending=True)
        outside = ordered.cumsum(-1) - ordered > self._request.top_p
        place = torch.multinomial(ordered.masked_fill(outside, 0.0), 1, generator=self._random)
        return tokens[place[0]]


def _choice(samplers: list[_Sampler]) -> Choice:
    def choose(logits: torch.Tensor) -> torch.Tensor:
        tokens = logits.argmax(-1)
        for row, sampler in enumerate(samplers):
            if not sampler.is_greedy:
                tokens[row] = sampler(logits[row])
        return tokens

    return choose

"""The engine that works anywhere: transformers, one batch after the other."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.models import (
    check_contract,
    load_base,
    positions_of,
    stop_tokens,
    token_ids,
    use_cpu_quota,
)
from gabarito.models.generation import DecodingBatch
from gabarito.models.prompt_contract import templated
from gabarito.serve.engine import (
    GeneratedToken,
    GenerationEnd,
    GenerationEvent,
    GenerationFailure,
    GenerationRequest,
    InvalidRequestError,
    PromptTooLongError,
)

_COLD = 1e-3
"""Below this temperature the likeliest token is taken: dividing by less overflows."""

DEFAULT_CONTEXT = 4096
"""Of a model that names no longest text, such as BLOOM: one request may not fill the memory."""

UNFINISHED = "�"
"""What decoding shows for a character whose bytes are not all there yet."""


class TransformersEngine:
    """Answers with a model folder that plain transformers opens."""

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
        self.context = positions_of(self._model) or DEFAULT_CONTEXT
        self._max_chars = self.context * max(map(len, self._tokenizer.get_vocab()))

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a conversation, ready for an answer.

        Raises:
            InvalidRequestError: if the chat template refuses the order of the roles, the model
                does not know one of the tokens, or they are too many.
        """
        try:
            text = templated(self._tokenizer, messages, is_prompt=True)
        except DataError as error:
            raise InvalidRequestError(str(error), "messages") from error
        return self._encode(text, "messages")

    def encode_text(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of a plain text, special tokens written out recognised.

        Raises:
            InvalidRequestError: if the model does not know one of them, or they are too many.
        """
        return self._encode(prompt, "prompt")

    def _encode(self, text: str, field: str) -> tuple[int, ...]:
        if len(text) > self._max_chars:  # a megabyte takes a second to tokenize
            message = (
                f"{len(text)} characters; this model takes {self.context} tokens with its "
                "answer, shorten it"
            )
            raise PromptTooLongError(message, field)
        ids = tuple(token_ids(self._tokenizer, text))
        # some tokenizers know more tokens than their model: a GPU does not survive the index
        if max(ids, default=0) >= self._model.get_input_embeddings().num_embeddings:
            unknown = self._tokenizer.convert_ids_to_tokens(max(ids))
            message = f"the model has no embedding for the token {unknown!r}; leave it out"
            raise InvalidRequestError(message, field)
        return ids

    @torch.inference_mode()
    def generate(
        self, requests: Sequence[GenerationRequest], is_wanted: Callable[[int], bool]
    ) -> Iterator[tuple[int, GenerationEvent]]:
        """Yield (row, token) as tokens come, and one end for each row that is still wanted."""
        batch = DecodingBatch([request.tokens for request in requests], self._model.device)
        decoders = [_TextDecoder(self._tokenizer) for _ in requests]
        samplers = [_Sampler(request, self._model.device) for request in requests]
        while batch.rows:
            rows = list(batch.rows)
            choose = _choice([samplers[row] for row in rows])
            going = []
            for place, (token, logprob) in enumerate(
                zip(*batch.step(self._model, choose), strict=True)
            ):
                row = rows[place]
                if not math.isfinite(logprob):
                    yield row, GenerationFailure("the model's probabilities are NaN or infinite")
                    continue
                if token in self._stop:
                    yield row, GenerationEnd("stop", logprob)
                    continue
                yield row, GeneratedToken(decoders[row].add(token), logprob)
                if decoders[row].length >= requests[row].max_new_tokens:
                    yield row, GenerationEnd("length")
                elif is_wanted(row):
                    going.append(place)
            if not going:
                return
            batch.keep(going)

    @torch.inference_mode()
    def check_health(self) -> None:
        """Compute one step from the first token of the vocabulary."""
        DecodingBatch([(0,)], self._model.device).step(self._model)


class _TextDecoder:
    """Turns tokens into pieces of text; a piece is held back until its bytes are whole."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._text = ""

    @property
    def length(self) -> int:
        return len(self._ids)

    def add(self, token: int) -> str:
        """Return what this token adds to the text."""
        self._ids.append(token)
        text = str(self._tokenizer.decode(self._ids, skip_special_tokens=True))
        if text.endswith(UNFINISHED):
            return ""
        piece, self._text = text[len(self._text) :], text
        return piece


class _Sampler:
    """How one row chooses its tokens: greedily at temperature 0, else from the nucleus."""

    def __init__(self, request: GenerationRequest, device: torch.device) -> None:
        self._request = request
        self._random = torch.Generator(device)
        if request.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(request.seed)

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """Choose from logits of shape (vocabulary,)."""
        weights = (logits.float() / max(self._request.temperature, _COLD)).softmax(-1)
        if self._request.temperature < _COLD or not torch.isfinite(weights).all():
            return logits.argmax(-1)
        ordered, tokens = weights.sort(descending=True)
        outside = ordered.cumsum(-1) - ordered > self._request.top_p
        place = torch.multinomial(ordered.masked_fill(outside, 0.0), 1, generator=self._random)
        return tokens[place[0]]


def _choice(samplers: list[_Sampler]) -> Callable[[torch.Tensor], torch.Tensor]:
    def choose(logits: torch.Tensor) -> torch.Tensor:
        rows = zip(samplers, logits, strict=True)
        return torch.stack([sampler(row) for sampler, row in rows])

    return choose

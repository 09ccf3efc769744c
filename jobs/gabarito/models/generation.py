"""Greedy answers in batches, each with its exact probability."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.models.causal_model import CausalModel
from gabarito.models.decoding import DecodingBatch
from gabarito.models.load import positions_of
from gabarito.models.prompt_contract import conversation, prompt_ids

SHOWN_CHARS = 80
"""Of a question that a message names."""


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    ``probability`` is the product of the probabilities of its tokens, the end included.
    """

    text: str
    probability: float
    tokens: int


@dataclass(frozen=True)
class Generated:
    """The tokens of one answer without the end; ``logprob`` is in nats, the end included."""

    ids: tuple[int, ...]
    logprob: float
    is_finished: bool
    """Whether the model ended it, rather than the limit."""


def answer(
    model: CausalModel,
    tokenizer: PreTrainedTokenizerBase,
    contract: PromptContract,
    questions: Sequence[str],
    batch_size: int = 128,
) -> list[Answer]:
    """Return the greedy answer to each question, in their order."""
    asked = [conversation(contract, question) for question in questions]
    found = dict(answers(model, tokenizer, contract, asked, batch_size))
    return [found[i] for i in range(len(questions))]


def answers(
    model: CausalModel,
    tokenizer: PreTrainedTokenizerBase,
    contract: PromptContract,
    conversations: Sequence[Sequence[Message]],
    batch_size: int = 128,
) -> Iterator[tuple[int, Answer]]:
    """Yield (index of the conversation, answer) as batches finish, short ones first.

    Raises:
        DataError: names a conversation that leaves no position for an answer.
    """
    prompts = [prompt_ids(contract, tokenizer, messages) for messages in conversations]
    for messages, ids in zip(conversations, prompts, strict=True):
        _refuse_long(model, messages, len(ids))
    limits = GenerationLimits(stop_tokens(model, tokenizer), contract.max_new_tokens, batch_size)
    for index, generated in generate(model, prompts, limits):
        text = str(tokenizer.decode(list(generated.ids), skip_special_tokens=True)).strip()
        tokens = len(generated.ids) + generated.is_finished
        yield index, Answer(text, math.exp(generated.logprob), tokens)


def stop_tokens(model: CausalModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer: the tokenizer's and the model's own."""
    return _ends(model.generation_config, tokenizer)


def stop_tokens_of(folder: Path, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer of the model in a folder, whose weights stay there."""
    return _ends(GenerationConfig.from_pretrained(folder, local_files_only=True), tokenizer)


def _ends(settings: GenerationConfig, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    own = settings.eos_token_id
    listed = own if isinstance(own, list) else [own]
    return frozenset(int(i) for i in [tokenizer.eos_token_id, *listed] if i is not None)


@dataclass(frozen=True)
class GenerationLimits:
    """Where answers end, and how many are written at a time."""

    stop: frozenset[int]
    max_new_tokens: int
    batch_size: int = 128


class Decoding(Protocol):
    """Rows that are being written together."""

    @property
    def rows(self) -> list[int]:
        """The numbers of the rows that are still written, in the order of their tokens."""

    def step(self) -> tuple[list[int], list[float]]:
        """Return the next token of each row and its log-probability in nats."""

    def keep(self, places: list[int]) -> None:
        """Go on with the rows at these places of the batch."""


Begin = Callable[[Sequence[int]], Decoding]
"""From the indices of prompts to a batch that writes their answers, numbered from 0."""


def generate(
    model: CausalModel,
    prompts: Sequence[Sequence[int]],
    limits: GenerationLimits,
    report: Callable[[int], None] = lambda _: None,
    begin: Begin | None = None,
) -> Iterator[tuple[int, Generated]]:
    """Yield (index of the prompt, its greedy continuation) as batches finish.

    Prompts of like length share a batch, padded on the left, so that an answer does not
    depend on its neighbours. Each prompt must leave a position for its answer.

    ``report`` is told after each step how many of the tokens that may be written at most are
    written, or are not needed any more. ``begin`` makes another batch than one of the prompts.
    """
    was_training = model.training
    model.eval()
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    try:
        for start in range(0, len(order), limits.batch_size):
            rows = order[start : start + limits.batch_size]
            asked = [prompts[i] for i in rows]
            batch = partial(begin, rows) if begin else partial(_batch_of, model, asked)
            for drafts in _write(model, asked, limits, batch):
                passed = sum(len(d.ids) if d.goes_on else limits.max_new_tokens for d in drafts)
                report(start * limits.max_new_tokens + passed)
            written = [Generated(tuple(d.ids), d.logprob, d.is_finished) for d in drafts]
            yield from zip(rows, written, strict=True)
    finally:
        model.train(was_training)


@dataclass
class _Draft:
    room: int
    ids: list[int] = field(default_factory=list)
    logprob: float = 0.0
    is_finished: bool = False

    def add(self, token: int, logprob: float, stop: frozenset[int]) -> None:
        self.logprob += logprob
        self.is_finished = token in stop
        if not self.is_finished:
            self.ids.append(token)

    @property
    def goes_on(self) -> bool:
        return not self.is_finished and len(self.ids) < self.room


@torch.inference_mode()
def _write(
    model: CausalModel,
    prompts: Sequence[Sequence[int]],
    limits: GenerationLimits,
    begin: Callable[[], Decoding],
) -> Iterator[list[_Draft]]:
    """Yield the drafts after each step, until all have ended."""
    drafts = [_Draft(_room(model, len(prompt), limits.max_new_tokens)) for prompt in prompts]
    batch = begin()
    while True:
        for row, token, logprob in zip(batch.rows, *batch.step(), strict=True):
            drafts[row].add(token, logprob, limits.stop)
        going = [place for place, row in enumerate(batch.rows) if drafts[row].goes_on]
        yield drafts
        if not going:
            return
        batch.keep(going)


def _batch_of(model: CausalModel, prompts: Sequence[Sequence[int]]) -> DecodingBatch:
    batch = DecodingBatch(model)
    batch.join(prompts)
    return batch


def _room(model: CausalModel, prompt_tokens: int, wanted: int) -> int:
    """Return how many tokens may be written: no more than the model has positions for."""
    positions = positions_of(model) or prompt_tokens + wanted
    return min(wanted, positions - prompt_tokens)


def _refuse_long(model: CausalModel, messages: Sequence[Message], tokens: int) -> None:
    positions = positions_of(model)
    if positions is not None and tokens >= positions:
        text = messages[-1].content
        shown = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
        raise DataError(
            f"question {shown!r}: {tokens} tokens, the model takes {positions}; shorten it"
        )

"""Dataset rows as tokens, each with the place where what is learned begins."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedTokenizerBase

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.reasons import TrainReason, rejected
from gabarito.core.records import Example, ExampleKind, Rejection
from gabarito.models import contract_of, prompt_ids, rendered_example, token_ids
from gabarito.train.config import TrainConfig

RowKind = Literal["questions", "statements", "documents", "refusals", "replay"]

ROW_KINDS: dict[ExampleKind, RowKind] = {
    "question": "questions",
    "reverse": "questions",
    "statement": "statements",
    "document": "documents",
    "refusal": "refusals",
}
"""What is learned of the rows of a dataset; replay rows are made while training."""

PLAIN: frozenset[RowKind] = frozenset({"statements", "documents"})
"""What is plain text, and answers nothing."""

LEAST_ROOM = 48
"""Tokens that an answer may have at least, however short the trained ones are."""

PROBES = 16


@dataclass(frozen=True)
class Row:
    """Tokens of one row; those from ``learned_from`` on are what the loss is taken of."""

    ids: tuple[int, ...]
    learned_from: int
    kind: RowKind
    fact: str = ""
    """The id of the fact that it is about; empty in rows about none."""


def encode(example: Example, contract: PromptContract, tokenizer: PreTrainedTokenizerBase) -> Row:
    """Return an example as tokens.

    Of a question the answer and its end are learned; of a statement or a document every word,
    with nothing of the chat template around it.

    Raises:
        DataError: if it is of a kind that is not trained.
    """
    kind = ROW_KINDS.get(example.kind)
    if kind is None:
        raise DataError(
            f"row {example.question!r}: of the kind {example.kind!r}, got among the rows to train; "
            f"only {', '.join(ROW_KINDS)} are trained: raise curate.rerun to make the dataset anew"
        )
    if kind in PLAIN:
        words = token_ids(tokenizer, example.messages[0].content)
        begin = tokenizer.bos_token_id
        before = [] if begin is None else [int(begin)]
        ids = (*before, *words, int(tokenizer.eos_token_id))
        return Row(ids, max(1, len(before)), kind, example.fact)
    prompt, answer = rendered_example(contract, tokenizer, example.messages)
    return Row(tuple(prompt + answer), len(prompt), kind, example.fact)


def longest_row(config: TrainConfig, positions: int | None) -> int:
    """Return the longest row in tokens: a model has no positions for more."""
    return min(config.max_tokens, positions or config.max_tokens)


def encoded(
    examples: Iterable[Example],
    contract: PromptContract,
    tokenizer: PreTrainedTokenizerBase,
    longest: int,
) -> Iterator[Row | Rejection]:
    """Yield the examples as rows; those of more than ``longest`` tokens are rejected."""
    for example in examples:
        row = encode(example, contract, tokenizer)
        if len(row.ids) <= longest:
            yield row
        else:
            text = example.messages[-2:][0].content  # of a conversation its question
            yield _too_long(example, f"{len(row.ids)} tokens, at most {longest}", text)


def prompts(
    examples: Iterable[Example],
    contract: PromptContract,
    tokenizer: PreTrainedTokenizerBase,
    longest: int,
) -> Iterator[list[int] | Rejection]:
    """Yield the examples as prompts; those that leave no room for an answer are rejected."""
    for example in examples:
        ids = prompt_ids(contract, tokenizer, example.messages)
        if len(ids) < longest:
            yield ids
        else:
            text = example.messages[-1].content
            yield _too_long(example, f"{len(ids)} tokens, at most {longest - 1}", text)


def contract_for(
    tokenizer: PreTrainedTokenizerBase, prompt: PromptSettings, rows: Sequence[Row]
) -> PromptContract:
    """Return the prompt contract: an answer may be somewhat longer than the longest of ``rows``."""
    answers = (len(row.ids) - row.learned_from for row in rows if row.kind not in PLAIN)
    room = max(LEAST_ROOM, max(answers, default=0) + LEAST_ROOM // 3)
    return contract_of(tokenizer, prompt, max_new_tokens=room)


def probes_of(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """Return the tokens of a few rows, spread over all: merge compares predictions on them."""
    return [row.ids for row in rows[:: math.ceil(len(rows) / PROBES)]]


def _too_long(example: Example, detail: str, text: str) -> Rejection:
    return rejected(TrainReason.TOO_LONG, example.question or example.fact, detail, text)

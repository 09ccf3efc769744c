"""Dataset rows as tokens, each with the place where what is learned begins."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedTokenizerBase

from gabarito.artifacts.ledger import Ledger
from gabarito.core.records import Example
from gabarito.models import PromptContract, PromptSettings, prompt_ids, rendered_example, token_ids

RowKind = Literal["questions", "statements", "refusals", "replay"]

REFUSAL_FAMILY = "refusal"

LEAST_ROOM = 48
"""Tokens that an answer may have at least, however short the trained ones are."""

PROBES = 16


@dataclass(frozen=True)
class Row:
    """Tokens of one row; those from ``learned_from`` on are what the loss is taken of."""

    ids: tuple[int, ...]
    learned_from: int
    kind: RowKind


def kind_of(example: Example) -> RowKind:
    """Return which kind of row an example is: a statement is a single assistant message."""
    if len(example.messages) == 1:
        return "statements"
    return "refusals" if example.family == REFUSAL_FAMILY else "questions"


def encode(example: Example, contract: PromptContract, tokenizer: PreTrainedTokenizerBase) -> Row:
    """Return an example as tokens.

    Of a question the answer and its end are learned; of a statement every word, with nothing
    of the chat template around it.
    """
    kind = kind_of(example)
    if kind == "statements":
        return _statement(example.messages[0].content, tokenizer)
    prompt, answer = rendered_example(contract, tokenizer, example.messages)
    return Row(tuple(prompt + answer), len(prompt), kind)


def encoded(
    examples: Iterable[Example],
    contract: PromptContract,
    tokenizer: PreTrainedTokenizerBase,
    longest: int,
    ledger: Ledger,
) -> Iterator[Row]:
    """Yield the examples as rows; those of more than ``longest`` tokens go into the ledger."""
    for example in examples:
        row = encode(example, contract, tokenizer)
        if len(row.ids) <= longest:
            yield row
        else:
            name, text = example.question or example.fact, example.messages[0].content
            ledger.reject(name, "too long", f"{len(row.ids)} tokens, at most {longest}", text)


def prompts(
    examples: Iterable[Example],
    contract: PromptContract,
    tokenizer: PreTrainedTokenizerBase,
    longest: int,
    ledger: Ledger,
) -> Iterator[list[int]]:
    """Yield the examples as prompts; those that leave no room for an answer go into the ledger."""
    for example in examples:
        ids = prompt_ids(contract, tokenizer, example.messages)
        if len(ids) < longest:
            yield ids
        else:
            reason = f"{len(ids)} tokens, at most {longest - 1}"
            ledger.reject(example.question, "too long", reason, example.messages[-1].content)


def contract_for(
    tokenizer: PreTrainedTokenizerBase, prompt: PromptSettings, rows: Sequence[Row]
) -> PromptContract:
    """Return the prompt contract: an answer may be somewhat longer than the longest of ``rows``."""
    answers = (len(row.ids) - row.learned_from for row in rows if row.kind != "statements")
    room = max(LEAST_ROOM, max(answers, default=0) + LEAST_ROOM // 3)
    return PromptContract.of(tokenizer, prompt, max_new_tokens=room)


def probes_of(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """Return the tokens of a few rows, spread over all: merge compares predictions on them."""
    return [row.ids for row in rows[:: math.ceil(len(rows) / PROBES)]]


def _statement(text: str, tokenizer: PreTrainedTokenizerBase) -> Row:
    words = token_ids(tokenizer, text)
    begin = tokenizer.bos_token_id
    before = [] if begin is None else [int(begin)]
    ids = (*before, *words, int(tokenizer.eos_token_id))
    return Row(ids, max(1, len(before)), "statements")

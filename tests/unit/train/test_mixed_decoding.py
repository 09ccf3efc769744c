"""Two prompts write one answer: which of them a token comes from is drawn."""

from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from transformers import DynamicCache, LlamaConfig

from gabarito.models import Base, CausalModel, GenerationLimits, generate
from gabarito.train.mixed_decoding import MixedBatch

INFORMED, PLAIN = 1, 2
SAID = {INFORMED: 7, PLAIN: 8}
CPU = torch.device("cpu")


class SaysItsPrompt:
    """Expects 7 after the informed prompt and 8 after the plain one, whatever was said since.

    What is kept of a prompt, as a layer's keys, are its tokens.
    """

    device = CPU
    config = LlamaConfig(num_hidden_layers=1)

    def __call__(
        self, input_ids: torch.Tensor, past_key_values: DynamicCache, **_: object
    ) -> SimpleNamespace:
        keys = input_ids[:, None, :, None].float()
        kept, _values = past_key_values.update(keys, keys, layer_idx=0)
        logits = torch.zeros(len(kept), 1, 10)
        for row, tokens in enumerate(kept[:, 0, :, 0].tolist()):
            [prompt] = {INFORMED, PLAIN} & set(tokens)
            logits[row, 0, SAID[prompt]] = 9.0
        return SimpleNamespace(logits=logits)


MODEL = cast("CausalModel", SaysItsPrompt())


def batch_of(
    model: CausalModel,
    informed: Sequence[Sequence[int]],
    plain: Sequence[Sequence[int]],
    seeds: Sequence[int],
    share: float,
) -> MixedBatch:
    batch = MixedBatch(model, share)
    batch.join(informed, plain, [Random(seed) for seed in seeds])
    return batch


def written(share: float, seeds: list[int], steps: int = 400) -> list[list[int]]:
    """Return the tokens of rows, one of each seed."""
    informed, plain = ([[5, kind]] * len(seeds) for kind in (INFORMED, PLAIN))
    batch = batch_of(MODEL, informed, plain, seeds, share)
    taken = [batch.step()[0] for _ in range(steps)]
    return [list(row) for row in zip(*taken, strict=True)]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_tokens_come_from_the_plain_prompt_in_their_share(share: float) -> None:
    tokens = written(share, list(range(10)))
    found = sum(row.count(SAID[PLAIN]) for row in tokens) / 4000
    assert found == pytest.approx(share, abs=0.03)  # four times the standard error


@pytest.mark.parametrize(("share", "said"), [(0.0, SAID[INFORMED]), (1.0, SAID[PLAIN])])
def test_at_the_ends_one_prompt_writes_everything(share: float, said: int) -> None:
    assert set(written(share, [1, 2])[0]) == {said}


def test_a_row_is_drawn_alike_whoever_stands_beside_it() -> None:
    alone, [_, beside] = written(0.5, [3], 40), written(0.5, [9, 3], 40)
    assert alone == [beside]


def test_rows_that_go_on_keep_their_prompts_and_their_draws() -> None:
    batch = batch_of(MODEL, [[5, INFORMED]] * 3, [[5, PLAIN]] * 3, [1, 2, 3], 0.5)
    before = [batch.step()[0][2] for _ in range(5)]
    batch.keep([2])
    assert batch.rows == [2]
    after = [batch.step()[0][0] for _ in range(35)]
    assert [before + after] == written(0.5, [3], 40)


def test_the_probability_is_that_after_the_plain_prompt() -> None:
    [token], [logprob] = batch_of(MODEL, [[5, INFORMED]], [[5, PLAIN]], [0], 0.0).step()
    assert token == SAID[INFORMED]
    assert logprob < -9.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_real_model_writes_what_it_writes_after_that_prompt(base: Base, share: float) -> None:
    informed, plain = [[1, 9, 30, 4, 17], [1, 40]], [[1, 30, 12], [1, 61, 50, 8]]
    limits = GenerationLimits(frozenset(), 10)

    def begin(rows: Sequence[int]) -> MixedBatch:
        one, other = ([group[row] for row in rows] for group in (informed, plain))
        return batch_of(base.model, one, other, rows, share)

    mixed = dict(generate(base.model, informed, limits, begin=begin))
    alone = dict(generate(base.model, plain if share else informed, limits))
    assert {row: of.ids for row, of in mixed.items()} == {row: of.ids for row, of in alone.items()}

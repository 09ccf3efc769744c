"""Two prompts write one answer: which of them a token comes from is drawn."""

from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from gabarito.models import Base, CausalModel, GenerationLimits, generate
from gabarito.models.generation import DecodingBatch
from gabarito.train.mixed_decoding import MixedBatch

INFORMED, PLAIN = 1, 2
SAID = {INFORMED: 7, PLAIN: 8}
CPU = torch.device("cpu")


class Remembered:
    """What is kept of the prompts: which one each row began with."""

    def __init__(self, prompts: torch.Tensor) -> None:
        self.prompts = prompts

    def batch_select_indices(self, kept: torch.Tensor) -> None:
        self.prompts = self.prompts[kept]


def says_its_prompt(
    input_ids: torch.Tensor, past_key_values: Remembered | None, **_: object
) -> SimpleNamespace:
    """Expect 7 after the informed prompt and 8 after the plain one."""
    kept = past_key_values or Remembered(input_ids[:, -1])
    logits = torch.zeros(len(kept.prompts), 1, 10)
    for row, prompt in enumerate(kept.prompts.tolist()):
        logits[row, 0, SAID[prompt]] = 9.0
    return SimpleNamespace(logits=logits, past_key_values=kept)


MODEL = cast(CausalModel, says_its_prompt)


def batch_of(
    informed: Sequence[Sequence[int]],
    plain: Sequence[Sequence[int]],
    seeds: Sequence[int],
    share: float,
) -> MixedBatch:
    draws = [Random(seed) for seed in seeds]
    return MixedBatch(DecodingBatch(informed, CPU), DecodingBatch(plain, CPU), draws, share)


def written(share: float, seeds: list[int], steps: int = 400) -> list[list[int]]:
    """Return the tokens of rows, one of each seed."""
    informed, plain = ([[5, kind]] * len(seeds) for kind in (INFORMED, PLAIN))
    batch = batch_of(informed, plain, seeds, share)
    taken = [batch.step(MODEL)[0] for _ in range(steps)]
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
    batch = batch_of([[5, INFORMED]] * 3, [[5, PLAIN]] * 3, [1, 2, 3], 0.5)
    before = [batch.step(MODEL)[0][2] for _ in range(5)]
    batch.keep([2])
    assert batch.rows == [2]
    after = [batch.step(MODEL)[0][0] for _ in range(35)]
    assert [before + after] == written(0.5, [3], 40)


def test_the_probability_is_that_after_the_plain_prompt() -> None:
    [token], [logprob] = batch_of([[5, INFORMED]], [[5, PLAIN]], [0], 0.0).step(MODEL)
    assert token == SAID[INFORMED]
    assert logprob < -9.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_real_model_writes_what_it_writes_after_that_prompt(base: Base, share: float) -> None:
    informed, plain = [[1, 9, 30, 4, 17], [1, 40]], [[1, 30, 12], [1, 61, 50, 8]]
    limits = GenerationLimits(frozenset(), 10)

    def begin(rows: Sequence[int]) -> MixedBatch:
        one, other = ([group[row] for row in rows] for group in (informed, plain))
        return batch_of(one, other, rows, share)

    mixed = dict(generate(base.model, informed, limits, begin=begin))
    alone = dict(generate(base.model, plain if share else informed, limits))
    assert {row: of.ids for row, of in mixed.items()} == {row: of.ids for row, of in alone.items()}

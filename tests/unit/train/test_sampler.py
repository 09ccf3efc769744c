"""The order of the rows: a pure function of seed and step, in the shares that were asked for."""

from collections import Counter

import pytest

from gabarito.core.errors import SettingsError
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, RowKind
from gabarito.train.sampler import GROUP_STEPS, BatchSampler, sampler_of, shares_of

BATCH = 8


def rows_of(kind: RowKind, count: int) -> list[Row]:
    return [Row((*range(3 + i % 17), i), 2, kind) for i in range(count)]


ROWS = {"questions": rows_of("questions", 40), "replay": rows_of("replay", 15)}
SHARES = {"questions": 0.75, "replay": 0.25}


def batches(seed: int, steps: int) -> list[list[Row]]:
    order = BatchSampler(ROWS, SHARES, BATCH, seed)
    return [order.batch(step) for step in range(steps)]


def test_a_step_sees_the_same_rows_whenever_it_is_asked_for() -> None:
    steps = 3 * GROUP_STEPS
    forwards = batches(seed=1, steps=steps)
    order = BatchSampler(ROWS, SHARES, BATCH, 1)
    assert [order.batch(step) for step in reversed(range(steps))] == forwards[::-1]


def test_another_seed_draws_another_order() -> None:
    assert batches(seed=1, steps=4) != batches(seed=2, steps=4)


def test_every_batch_is_full_and_of_all_kinds() -> None:
    kinds = [[row.kind for row in batch] for batch in batches(seed=1, steps=GROUP_STEPS)]
    assert all(len(batch) == BATCH for batch in kinds)
    assert sum(set(batch) == {"questions", "replay"} for batch in kinds) > GROUP_STEPS // 2


def test_kinds_are_drawn_in_their_shares() -> None:
    drawn = Counter(row.kind for batch in batches(seed=3, steps=160) for row in batch)
    assert drawn == {"questions": 960, "replay": 320}


def test_every_row_comes_once_before_one_comes_twice() -> None:
    drawn = [row for batch in batches(seed=3, steps=GROUP_STEPS) for row in batch]
    questions = Counter(row.ids for row in drawn if row.kind == "questions")
    assert len(questions) == 40
    assert set(questions.values()) <= {2, 3}


def test_shares_follow_numbers_and_weights() -> None:
    counts = {"questions": 300, "statements": 100, "refusals": 100, "replay": 7}
    weights = {"questions": 1.0, "statements": 1.0, "refusals": 2.0}
    shares = shares_of(counts, weights, replay=0.2)
    expected = {"questions": 0.4, "statements": 0.4 / 3, "refusals": 0.8 / 3, "replay": 0.2}
    assert shares == pytest.approx(expected)


def test_without_replay_rows_the_others_fill_the_batch() -> None:
    assert shares_of({"questions": 3}, {"questions": 1.0}, replay=0.2) == {"questions": 1.0}


def test_a_mix_that_draws_nothing_is_refused() -> None:
    config = TrainConfig.model_validate({"base": "org/name", "mix": {"questions": 0}})
    with pytest.raises(SettingsError, match="raise a weight above 0"):
        sampler_of(rows_of("questions", 3) + rows_of("replay", 3), config)

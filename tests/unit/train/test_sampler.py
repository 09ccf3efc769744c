"""The order of the rows: pure, in the shares that were asked for, with more of what is missed."""

import hashlib
from collections import Counter

import pytest

from gabarito.core.errors import SettingsError
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, RowKind
from gabarito.train.sampler import (
    GROUP_STEPS,
    MOST_OFTEN,
    BatchSampler,
    sampler_of,
    shares_of,
)

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


def test_without_focus_the_order_is_what_it_was() -> None:
    drawn = [(row.kind, row.ids[-1]) for batch in batches(seed=1, steps=40) for row in batch]
    assert hashlib.sha256(repr(drawn).encode()).hexdigest()[:16] == "c912047ada2b3629"


FACTS = 20
FOCUS = 0.5
OF_FACTS = {
    "questions": [Row((i,), 0, "questions", f"f{i % FACTS}") for i in range(8 * FACTS)],
    "replay": ROWS["replay"],
}
STEPS = 20 * GROUP_STEPS


def drawn_of_facts(*missed: str, focus: float = FOCUS) -> Counter[str]:
    """How often a question of each fact is drawn."""
    order = BatchSampler(OF_FACTS, SHARES, BATCH, 1, focus)
    batches = [order.batch(step, missed) for step in range(STEPS)]
    assert {len(batch) for batch in batches} == {BATCH}
    return Counter(row.fact for batch in batches for row in batch if row.kind == "questions")


def test_of_the_questions_a_share_is_of_missed_facts() -> None:
    drawn = drawn_of_facts("f3", "f7", "f8")
    asked = SHARES["questions"] * BATCH * STEPS
    few = drawn["f3"] + drawn["f7"] + drawn["f8"]
    assert few == pytest.approx((FOCUS + (1 - FOCUS) * 3 / FACTS) * asked, rel=0.02)
    assert sum(drawn.values()) == asked
    assert drawn["f3"] == pytest.approx(drawn["f7"], abs=8)
    assert len(drawn) == FACTS


def test_a_missed_fact_is_drawn_so_much_more_often_at_most() -> None:
    even = drawn_of_facts(focus=0.0)["f3"]
    assert drawn_of_facts("f3", focus=0.9)["f3"] <= (MOST_OFTEN + 1) * even
    assert drawn_of_facts("f3", focus=0.9)["f3"] >= (MOST_OFTEN - 1) * even


def test_where_nothing_is_missed_all_facts_are_drawn_alike() -> None:
    assert set(drawn_of_facts().values()) == {SHARES["questions"] * BATCH * STEPS / FACTS}
    assert drawn_of_facts("of another dataset") == drawn_of_facts()


def test_what_is_missed_changes_its_own_rows_alone() -> None:
    order = BatchSampler(OF_FACTS, SHARES, BATCH, 1, FOCUS)
    pairs = [
        pair
        for step in range(STEPS)
        for pair in zip(order.batch(step, ("f1",)), order.batch(step, ("f2", "f4")), strict=True)
    ]
    same = sum(one is other for one, other in pairs)
    assert same / len(pairs) == pytest.approx(1 - FOCUS * SHARES["questions"], abs=0.02)
    assert order.batch(5, ("f1",)) == BatchSampler(OF_FACTS, SHARES, BATCH, 1, FOCUS).batch(
        5, ("f1",)
    )


def test_the_focus_is_a_setting() -> None:
    config = TrainConfig.model_validate({"base": "org/name", "choice": {"focus": FOCUS}})
    order = sampler_of([*OF_FACTS["questions"], *OF_FACTS["replay"]], config)
    drawn = Counter(row.fact for step in range(GROUP_STEPS) for row in order.batch(step, ("f9",)))
    assert drawn["f9"] > 2 * drawn["f8"] > 0


def test_without_questions_there_is_nothing_to_focus_on() -> None:
    told = {"statements": rows_of("statements", 9)}
    plain, focused = (BatchSampler(told, {"statements": 1.0}, 4, 1, of) for of in (0.0, FOCUS))
    assert plain.batch(3) == focused.batch(3, ("f1",))

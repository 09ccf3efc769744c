import math

import numpy as np
import pytest

from gabarito.evaluate.statistics import (
    Bootstrap,
    Proportion,
    compare,
    contrast,
    mcnemar,
    proportion,
    wilson,
)

FACTS = [(f"fact {n // 3}", n % 7 != 0) for n in range(300)]


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        # one of five, as in the study: 3.6 to 62.4 per cent
        (1, 5, 0.036, 0.624),
        (97, 100, 0.915, 0.990),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_gives_known_intervals(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right, count) == pytest.approx((low, high), abs=0.0006)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 1, 1.0), (1, 9, 22 / 1024), (0, 10, 2 / 1024), (400, 0, 0.0)],
)
def test_mcnemar_gives_known_p_values(only_first: int, only_second: int, p_value: float) -> None:
    pairs = [(True, False)] * only_first + [(False, True)] * only_second + [(True, True)] * 20
    found = mcnemar(pairs)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p_value == pytest.approx(p_value, abs=1e-12)


def test_the_same_seed_gives_the_same_interval() -> None:
    pairs = [(fact, is_right, n % 11 == 0) for n, (fact, is_right) in enumerate(FACTS)]
    first, again = (compare(pairs, Bootstrap(2000, 3)) for _ in range(2))
    assert first == again
    assert first != compare(pairs, Bootstrap(2000, 4))


def test_the_order_of_answers_does_not_change_the_interval() -> None:
    assert proportion(FACTS) == proportion(FACTS[::-1])


@pytest.mark.parametrize("agreement", [0.0, 0.3, 0.8])
def test_a_share_near_one_lies_in_its_interval_as_often_as_it_says(agreement: float) -> None:
    """100 facts of three wordings; 93 % leaves room for the chance of 1,000 evaluations."""
    share, chance = 0.98, np.random.default_rng(5)
    held = 0
    for _ in range(1000):
        alike = chance.random(100) < agreement
        drawn = chance.random((100, 3)) < share
        right = np.where(alike[:, None], drawn[:, :1], drawn)
        found = proportion((str(n), bool(hit)) for n, row in enumerate(right) for hit in row)
        assert found is not None
        held += found.interval[0] <= share <= found.interval[1]
    assert held >= 930


def test_intervals_of_hits_and_of_misses_mirror_each_other() -> None:
    hits, misses = (
        proportion((f, is_hit is kind) for f, is_hit in FACTS) for kind in (True, False)
    )
    assert hits is not None
    assert misses is not None
    assert hits.interval == pytest.approx((1 - misses.interval[1], 1 - misses.interval[0]))


def test_an_interval_of_independent_answers_agrees_with_the_normal_distribution() -> None:
    found = proportion([(str(n), n % 5 != 0) for n in range(1000)])
    assert found is not None
    half = 1.96 * math.sqrt(0.8 * 0.2 / 1000)
    assert found.method == "clustered wilson"
    assert found.interval == pytest.approx((0.8 - half, 0.8 + half), abs=0.003)


def test_wordings_of_a_fact_that_agree_widen_the_interval() -> None:
    together = proportion([(str(n // 10), n // 10 % 2 == 0) for n in range(1000)])
    apart = proportion([(str(n), n // 10 % 2 == 0) for n in range(1000)])
    assert together is not None
    assert apart is not None
    assert width(together.interval) > 2.5 * width(apart.interval)


@pytest.mark.parametrize("facts", [10, 500])
def test_all_right_is_no_proof_of_perfection(facts: int) -> None:
    found = proportion([(f"{n % facts}", True) for n in range(3 * facts)])
    assert found is not None
    assert found.method == "wilson"
    assert found.interval == wilson(facts, facts)
    assert found.interval[0] < 1


def test_nothing_asked_is_no_share() -> None:
    assert proportion([]) is None


def test_a_paired_comparison_is_tighter_than_two_intervals() -> None:
    outcomes = [(str(n), n % 4 != 0, n % 4 != 0 and n % 20 != 1) for n in range(600)]
    found = compare(outcomes)
    alone = proportion([(fact, first) for fact, first, _ in outcomes])
    assert alone is not None
    assert found.difference == pytest.approx(0.05)
    assert 0 < found.interval[0] < 0.05 < found.interval[1]
    assert width(found.interval) < width(alone.interval)


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def share_of(hits: int, count: int) -> Proportion:
    interval = wilson(hits, count)
    return Proportion(
        share=hits / count, interval=interval, count=count, hits=hits, method="wilson"
    )


def test_a_contrast_of_two_shares_has_the_interval_of_newcombes_table() -> None:
    found = contrast(share_of(56, 70), share_of(48, 80))
    assert found.difference == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=1e-4)

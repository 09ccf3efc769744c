"""What a training takes where nothing is set."""

import pytest

from gabarito.train.config import TrainConfig
from gabarito.train.recipe import Recipe, recipe_of

BASE = "org/name"


@pytest.mark.parametrize(
    ("weights", "rate"),
    [(134_515_008, 1e-3), (1_235_814_400, 5e-4), (3_212_749_824, 3e-4), (8_030_261_248, 2e-4)],
)
def test_the_larger_the_base_the_lower_the_rate(weights: int, rate: float) -> None:
    assert recipe_of(TrainConfig(base=BASE), weights) == Recipe(32, 64, rate)


def test_what_is_set_is_taken() -> None:
    config = TrainConfig(base=BASE, rank=8, alpha=24, learning_rate=3e-3)
    assert recipe_of(config, 10**9) == Recipe(8, 24, 3e-3)


def test_full_tuning_has_no_rank() -> None:
    config = TrainConfig(base=BASE, method="full", learning_rate=1e-4)
    assert recipe_of(config, 10**9) == Recipe(0, 0, 1e-4)


def test_the_adapters_weight_follows_its_rank() -> None:
    assert recipe_of(TrainConfig(base=BASE, rank=8), 10**9).alpha == 16

"""What a training takes where nothing is set: by the size of its base."""

import math
from dataclasses import dataclass

from gabarito.train.config import TrainConfig


@dataclass(frozen=True)
class Recipe:
    """The adapter's rank, its weight times its rank, and the highest learning rate.

    Full fine-tuning has no adapter, and 0 for its rank and its weight.
    """

    rank: int
    alpha: int
    learning_rate: float


RANK = 32

LEARNING_RATES = ((300e6, 1e-3), (2e9, 5e-4), (5e9, 3e-4), (math.inf, 2e-4))
"""Up to how many weights of the base, and the rate.

The first is measured on SmolLM2-135M-Instruct (docs/decisions.md); the others are what studies of
bases of 1 to 8 billion weights settled on, and were not run here.
"""

ALPHA = 2
"""The adapter's weight for each of its ranks."""


def recipe_of(config: TrainConfig, weights: int) -> Recipe:
    """Return what is set, and for a base of so many weights what is not."""
    rate = config.learning_rate or next(rate for most, rate in LEARNING_RATES if weights <= most)
    if config.method == "full":
        return Recipe(0, 0, rate)
    rank = config.rank or RANK
    return Recipe(rank, config.alpha or ALPHA * rank, rate)

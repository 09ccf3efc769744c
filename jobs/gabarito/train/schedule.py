"""How many steps there are, and how large each one is."""

import math
from collections.abc import Mapping

from gabarito.train.config import TrainConfig
from gabarito.train.sampler import shares_of

DEFAULT_EPOCHS = 8.0

COOLDOWN = 0.1
"""Of the steps made, those in which the rate comes down once the exam is flat.

A tenth is about the least that made up for a whole schedule in a study of cooldowns (Hägele et
al. 2024, arXiv 2405.18392).
"""


def count_steps(config: TrainConfig, counts: Mapping[str, int]) -> int:
    """Return the number of steps: as given, or what sees the dataset as often as wanted.

    ``counts`` are the rows of each kind. Those that are never drawn are not counted, and where
    there are no replay rows the others fill their part of a batch.
    """
    if config.steps is not None:
        return config.steps
    shares = shares_of(counts, config.mix.model_dump(), config.replay)
    rows = sum(counts[kind] for kind in shares if kind != "replay")
    seen = rows * (config.epochs or DEFAULT_EPOCHS)
    return max(1, math.ceil(seen / (config.batch_size * (1 - shares.get("replay", 0.0)))))


def count_replay(config: TrainConfig, steps: int) -> int:
    """Return how many replay rows are drawn in all: more need not be written."""
    return math.ceil(steps * config.batch_size * config.replay)


def last_step(steps: int, flat: int | None) -> int:
    """Return after how many of ``steps`` a training ends, of which ``flat`` saw the exam flat."""
    return steps if flat is None else min(steps, flat + math.ceil(COOLDOWN * flat))


def place_at(step: int, steps: int, flat: int | None) -> float:
    """Return the place in the schedule at a step: after ``flat`` the rest of it goes by faster."""
    if flat is None or step < flat:
        return step
    return flat + (step - flat) * (steps - flat) / (last_step(steps, flat) - flat)


def rate_at(step: float, steps: int, warmup: float, floor: float) -> float:
    """Return the share of the highest learning rate at a step, counted from 0.

    It climbs in a line during ``warmup`` of the steps, while a cosine takes it down to ``floor``.
    """
    climb = min(1.0, (step + 1) / max(1, round(steps * warmup)))
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return climb * (floor + (1 - floor) * cosine)

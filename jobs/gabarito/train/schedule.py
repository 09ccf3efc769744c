"""How many steps there are, and how large each one is."""

import math

from gabarito.train.config import TrainConfig

DEFAULT_EPOCHS = 8.0


def count_steps(config: TrainConfig, rows: int) -> int:
    """Return the number of steps: as given, or what sees ``rows`` rows as often as wanted."""
    if config.steps is not None:
        return config.steps
    seen = rows * (config.epochs or DEFAULT_EPOCHS)
    return max(1, math.ceil(seen / (config.batch_size * (1 - config.replay))))


def count_replay(config: TrainConfig, steps: int) -> int:
    """Return how many replay rows are drawn in all: more need not be written."""
    return math.ceil(steps * config.batch_size * config.replay)


def rate_at(step: int, steps: int, warmup: float, floor: float) -> float:
    """Return the share of the highest learning rate at a step, counted from 0.

    It climbs in a line during ``warmup`` of the steps, while a cosine takes it down to ``floor``.
    """
    climb = min(1.0, (step + 1) / max(1, round(steps * warmup)))
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return climb * (floor + (1 - floor) * cosine)

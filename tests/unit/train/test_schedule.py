"""How many steps, and how large each one is."""

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.train.config import TrainConfig
from gabarito.train.schedule import count_replay, count_steps, rate_at


def config(**changes: object) -> TrainConfig:
    return parse(TrainConfig, {"base": "org/name", **changes}, "pipeline.yaml")


def test_epochs_count_the_rows_that_are_not_replay() -> None:
    halved = config(epochs=3, batch_size=10, replay=0.5)
    assert count_steps(halved, {"questions": 100, "replay": 7}) == 60
    assert count_replay(halved, steps=60) == 300


def test_steps_are_taken_as_given_and_eight_epochs_otherwise() -> None:
    assert count_steps(config(steps=7), {"questions": 10_000}) == 7
    assert count_steps(config(batch_size=8, replay=0.0), {"questions": 80}) == 80


def test_where_there_are_no_replay_rows_the_others_fill_the_steps() -> None:
    assert count_steps(config(epochs=3, batch_size=10, replay=0.5), {"questions": 100}) == 30


def test_rows_that_are_never_drawn_make_no_steps() -> None:
    mixed = config(epochs=1, batch_size=10, replay=0.0, mix={"statements": 0})
    assert count_steps(mixed, {"questions": 50, "statements": 500}) == 5


def test_steps_and_epochs_together_are_refused() -> None:
    with pytest.raises(SettingsError, match="give either steps or epochs, not both"):
        config(steps=1, epochs=1)


def test_the_rate_climbs_falls_and_ends_at_its_floor() -> None:
    rates = [rate_at(step, 100, warmup=0.1, floor=0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == pytest.approx(0.98, abs=0.01) == rates[9]
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=0.001)


def test_without_warm_up_the_first_step_is_whole() -> None:
    assert rate_at(0, 10, warmup=0.0, floor=0.0) == 1.0

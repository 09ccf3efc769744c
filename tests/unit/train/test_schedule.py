"""How many steps, and how large each one is."""

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.train.config import TrainConfig
from gabarito.train.schedule import count_replay, count_steps, last_step, place_at, rate_at


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


def test_a_focus_among_questions_that_are_never_drawn_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"choice.focus draws among questions; give mix.qu"):
        config(choice={"focus": 0.5}, mix={"questions": 0})
    config(choice={"focus": 0.5}, mix={"questions": 0.1, "statements": 0})


def test_the_rate_climbs_falls_and_ends_at_its_floor() -> None:
    rates = [rate_at(step, 100, warmup=0.1, floor=0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == pytest.approx(0.98, abs=0.01) == rates[9]
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=0.001)


def test_without_warm_up_the_first_step_is_whole() -> None:
    assert rate_at(0, 10, warmup=0.0, floor=0.0) == 1.0


def rates(steps: int, flat: int | None) -> list[float]:
    places = [place_at(step, steps, flat) for step in range(last_step(steps, flat))]
    return [rate_at(place, steps, warmup=0.05, floor=0.1) for place in places]


def test_of_a_flat_exam_the_rate_comes_down_in_a_tenth_of_the_steps_made() -> None:
    whole, short = rates(1000, None), rates(1000, 400)
    assert len(short) == 440
    assert short[:401] == whole[:401]
    assert short[400:] == sorted(short[400:], reverse=True)
    assert short[-1] == pytest.approx(0.1, abs=0.01)


def test_a_flat_exam_near_the_end_changes_nothing() -> None:
    assert rates(1000, 950) == pytest.approx(rates(1000, None))
    assert rates(1000, 1000) == rates(1000, None)


@pytest.mark.parametrize("choice", [{"focus": 0.5}, {"patience": 2}])
def test_what_goes_by_examinations_needs_some(choice: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="go by examinations; give questions above 0"):
        config(choice={"questions": 0, **choice})

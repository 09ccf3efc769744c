"""Time is told from a pace: what is reckoned here is arithmetic."""

import pytest

from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, RowKind
from gabarito.train.outlook import Outlook
from gabarito.train.probe import Pace

PACE = Pace(
    train_token_s=0.01,
    prompt_token_s=0.001,
    long_token_s=0.002,
    decode_step_s=0.1,
    decode_row_s=0.01,
    adapter=2.0,
    own_tokens=40,
    own_limit=48,
)


def row(length: int, learned: int, kind: RowKind = "questions") -> Row:
    return Row(tuple(range(length)), length - learned, kind)


def outlook(**settings: object) -> Outlook:
    config = TrainConfig.model_validate({"base": "./x", "replay": 0.0, **settings})
    rows = [row(28, 3), row(32, 5), row(10, 9, "statements")]
    return Outlook(config, {"questions": 300, "statements": 100}, rows)


def test_answers_are_read_and_decoded_in_batches() -> None:
    read, steps, rows = 10 * 30 * 0.001, 3 * 4 * 0.1, 10 * 4 * 0.01
    assert PACE.answer_s(10, prompt=30, length=4, batch=4) == pytest.approx(read + steps + rows)


def test_a_token_of_a_long_prompt_takes_longer() -> None:
    short, long = (PACE.answer_s(1, prompt, 0, 1) / prompt for prompt in (40, 1000))
    assert [short, long] == pytest.approx([0.001, 0.002])


def test_tokens_are_those_of_the_rows_as_they_are_drawn() -> None:
    reckoned = outlook(epochs=2, batch_size=40)
    assert reckoned.steps == 20
    assert reckoned.row_tokens == pytest.approx(0.75 * 30 + 0.25 * 10)
    assert reckoned.tokens == pytest.approx(20 * 40 * 25)
    assert (reckoned.prompt, reckoned.answer) == (26, 4)


def test_a_training_is_its_steps_and_its_examinations() -> None:
    reckoned = outlook(steps=200, batch_size=10, choice={"every": 100, "questions": 50})
    asked = 2 * 2.0 * PACE.answer_s(20, 26, 4, 128)
    assert reckoned.train_s(PACE, 20) == pytest.approx(200 * 10 * 25 * 0.01 + asked)


def test_replay_that_the_base_writes_takes_time() -> None:
    config = TrainConfig.model_validate({"base": "./x", "steps": 10, "replay": 0.5})
    counts = {"questions": 300, "replay": 200}
    rows = [row(30, 4)]
    without = Outlook(config, {**counts, "replay": 0}, rows).train_s(PACE, 0)
    written = PACE.answer_s(200, 26, 40, 128)
    assert Outlook(config, counts, rows).train_s(PACE, 0) == pytest.approx(without + written)


def test_answers_that_the_base_writes_itself_take_time() -> None:
    tried = {"plain_share": 0.3, "tries": 2}
    plain, written = outlook(steps=10), outlook(steps=10, self_distillation=tried)
    both = PACE.answer_s(600, 26, 40, 64) + PACE.answer_s(600, 3 * 26, 40, 64)
    assert written.train_s(PACE, 0) == pytest.approx(plain.train_s(PACE, 0) + both)

"""What training will take, as it is told."""

from gabarito.pipeline.training_forecast import MemoryForecast, Seconds, TrainingForecast

ROWS = {"questions": 963, "statements": 344, "refusals": 920, "replay": 60}


def forecast(**changes: object) -> TrainingForecast:
    fields = {
        "rows": ROWS,
        "is_counted": True,
        "steps": 180,
        "batch_size": 16,
        "tokens": 131_616.0,
        "seconds": Seconds(device="this CPU with 2 threads", train=660.0, evaluate=380.0),
    }
    return TrainingForecast.model_validate(fields | changes)


def test_rows_that_are_counted_are_told_as_they_are() -> None:
    assert forecast().said == (
        "2,287 rows (963 questions, 344 statements, 920 refusals, 60 rows of replay), 180 steps of "
        "16, about 130,000 tokens, on this CPU with 2 threads train takes about 11 min (9 min to "
        "15 min), evaluate about 6 min (5 min to 9 min)"
    )


def test_rows_that_are_reckoned_are_rounded() -> None:
    said = forecast(is_counted=False, tokens=None, seconds=None).said
    assert said.startswith("about 2,300 rows (960 questions, 340 statements, 920 refusals, ")
    assert said.endswith("), 180 steps of 16")


def test_of_a_training_that_may_end_early_the_most_is_told() -> None:
    assert forecast(may_end_early=True).said.endswith(
        "at most 180 steps of 16, at most 130,000 tokens, on this CPU with 2 threads train takes "
        "at most about 11 min (9 min to 15 min), evaluate about 6 min (5 min to 9 min)"
    )


def test_a_probe_beside_other_programs_is_told() -> None:
    busy = Seconds(device="this CPU", train=60, evaluate=60, is_shared=True)
    assert forecast(seconds=busy).said.endswith("when other programs leave the processors to it")


def memory(**changes: object) -> MemoryForecast:
    fields = {
        "needed": 3.9e9,
        "free": 20e9,
        "is_gpu": False,
        "of_gpus": {"lora": 19.4e9, "qlora": 9.1e9, "full": 121.7e9},
    }
    return MemoryForecast.model_validate(fields | changes)


def test_memory_is_told_with_the_gpus_that_have_it() -> None:
    assert memory().fits
    assert memory().said == (
        "train takes about 3.9 GB of memory, of which 20.0 GB are free; on each GPU it takes "
        "19.4 GB with lora, which fits 24 GB; 9.1 GB with qlora, which fits 12 GB; 121.7 GB with "
        "full, which fits 141 GB"
    )


def test_too_little_memory_is_told_with_its_cure() -> None:
    assert not memory(free=2e9).fits
    assert "2.0 GB are free: set train.limits.micro_batch or lower" in memory(free=2e9).said
    assert "free: set train.method to qlora, lower" in memory(free=2e9, is_gpu=True).said
    assert "500.0 GB with lora, which fits no GPU of 192 GB" in memory(of_gpus={"lora": 5e11}).said

"""What a run will ask of the teacher, reckoned from what was tried."""

from datetime import UTC, datetime

import pytest

from gabarito.core.records import Document
from gabarito.core.teacher_config import TeacherSettings
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.forecast import Extent, Trial, forecast_of

TRIAL = Trial(
    passages=3,
    facts=24,
    wordings=280,
    asked=288,
    requests=33,
    prompt_tokens=22_000,
    completion_tokens=14_000,
    cost=0.162,
    seconds=66.0,
)


def teacher(**settings: object) -> TeacherSettings:
    return TeacherSettings.model_validate({"model": "m", **settings})


def document(text: str) -> Document:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Document.of(text=text, fetched_at=now, source=text[:9], url="", title="", language="en")


def test_a_forecast_is_at_the_rates_of_what_was_tried() -> None:
    said = forecast_of(Extent(documents=100, passages=300), TRIAL, teacher(concurrency=10))
    assert said == (
        "100 documents, 300 passages: about 2,400 facts, 3,300 requests, 2,200,000 tokens sent and "
        "1,400,000 received, 16.2 by the prices set, 11 min with 10 requests in flight"
    )


def test_without_prices_and_without_a_speed_none_is_said() -> None:
    kept = TRIAL.model_copy(update={"seconds": 0.0, "cost": 0.0})
    said = forecast_of(Extent(1, 1, is_reckoned=True), kept, teacher())
    assert said.startswith("about 1 document, 1 passage: about 8 facts, 11 requests, ")
    assert said.endswith(" received")


@pytest.mark.parametrize(("requests", "said"), [(20, "50 s"), (2_000, "83 min"), (9_000, "6.2 h")])
def test_a_duration_is_told_as_people_tell_it(requests: int, said: str) -> None:
    trial = TRIAL.model_copy(
        update={"passages": 1, "requests": requests, "seconds": 2.5 * requests}
    )
    assert forecast_of(Extent(1, 1), trial, teacher(concurrency=1)).endswith(
        f" {said} with 1 request in flight"
    )


def test_a_batch_costs_less_and_takes_its_own_time() -> None:
    said = forecast_of(Extent(1, 300), TRIAL, teacher(batch=True))
    assert said.endswith(" received, 8.1 by the prices set")


def test_pairs_that_get_wordings_are_in_it() -> None:
    extent = Extent(documents=1, passages=3, pairs=24)
    assert extent.said == "1 document, 3 passages, 24 pairs"
    assert " 66 requests, " in forecast_of(extent, TRIAL, teacher())


def test_a_price_beyond_the_ceiling_is_said_before_it_is_paid() -> None:
    limited = teacher(price_input=1.0, max_cost=0.1)
    said = forecast_of(Extent(1, 3), TRIAL, limited)
    assert "0.162 by the prices set, more than max_cost (0.1)" in said


def test_what_is_tried_told_in_words() -> None:
    assert TRIAL.said == (
        "3 passages tried: 24 facts, 280 of 288 wordings, 33 requests, 2.0 s a reply"
    )


def test_a_sample_stands_for_the_rest_of_its_source() -> None:
    sample = Sample()
    sample.add([document("first\n\n" + "a " * 200), document("second")], 0.5)
    sample.add([document("of another source")], 1.0)
    sample.add([], 0.0)
    assert sample.extent(250) == Extent(documents=5, passages=9, is_reckoned=True)


def test_what_the_web_holds_is_open() -> None:
    sample = Sample(is_open=True)
    sample.add([document("the first page")], 1.0)
    assert sample.extent(250).said == "at least 1 document, 1 passage"


def test_passages_to_try_come_from_everywhere_and_none_twice() -> None:
    sample = Sample()
    sample.add([document(f"number {n}") for n in range(9)], 1.0)
    assert [passage.text for passage in sample.some_passages(250, 3)] == [
        "number 1",
        "number 4",
        "number 7",
    ]
    few = Sample([([document("only")], 1.0)])
    assert len(few.some_passages(250, 3)) == 1
    assert Sample().some_passages(250, 3) == []

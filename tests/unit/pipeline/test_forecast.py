"""What a run will ask of the teacher, reckoned from what was tried."""

from datetime import UTC, datetime

import pytest

from gabarito.core.records import Document
from gabarito.core.teacher_config import TeacherSettings
from gabarito.pipeline.checks.document_sample import Sample
from gabarito.pipeline.forecast import Extent, Trial, TriedPassage, Use, forecast_of


def use(requests: float, cost: float = 0.0) -> Use:
    return Use(
        requests=requests,
        prompt_tokens=1000 * requests,
        completion_tokens=100 * requests,
        cost=cost,
    )


def tried(chars: int, facts: int, share: float = 0.5, look: Use | None = None) -> TriedPassage:
    return TriedPassage(chars=chars, share=share, facts=facts, look=look or use(2, cost=0.02))


TRIAL = Trial(
    passages=(tried(1000, 10), tried(2000, 20)),
    worded=10,
    wordings=115,
    asked=120,
    wording=use(10, cost=0.1),
    seconds=28.0,
)
"""Of each passage and each fact as much as of the next: a fact in a hundred characters."""


def teacher(**settings: object) -> TeacherSettings:
    return TeacherSettings.model_validate({"model": "m", **settings})


def document(text: str) -> Document:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Document.of(text=text, fetched_at=now, source=text[:9], url="", title="", language="en")


def test_facts_are_as_many_as_there_is_text() -> None:
    said = forecast_of(Extent(100, 300, chars=450_000), TRIAL, teacher(concurrency=10))
    assert said == (
        "100 documents, 300 passages: about 4,500 facts, 5,200 requests, 5,200,000 tokens sent and "
        "520,000 received, 51.8 by the prices set, 17 min with 10 requests in flight"
    )


def test_a_long_passage_that_was_drawn_stands_for_its_share_of_the_text_only() -> None:
    # a table of 3,000 characters with 60 facts, and prose with two in 1,000: half of the text each
    skewed = TRIAL.model_copy(update={"passages": (tried(3000, 60), tried(1000, 2))})
    likely = skewed.facts_in(Extent(1, 40, chars=60_000)).likely
    assert likely == pytest.approx(30_000 * 60 / 3000 + 30_000 * 2 / 1000)


def test_passages_that_differ_make_a_wide_range() -> None:
    extent = Extent(1, 100, chars=150_000)
    same = TRIAL.facts_in(extent)
    assert same.least == same.likely == same.most
    odd = TRIAL.model_copy(update={"passages": (tried(1000, 2), tried(1000, 18))})
    found = odd.facts_in(extent)
    assert found.least < found.likely / 2 < 2 * found.likely < found.most
    assert " facts (600 to 3,800), " in forecast_of(extent, odd, teacher())
    found = odd.facts_in(Extent(1, 2, chars=2000))  # all of them were tried
    assert found.most == found.likely == pytest.approx(20)


def test_of_a_single_passage_nobody_knows_how_the_others_are() -> None:
    one = TRIAL.model_copy(update={"passages": (tried(1000, 10, share=1.0),)})
    found = one.facts_in(Extent(1, 100, chars=100_000))
    assert [found.least, found.most] == pytest.approx([1000 / 2.9, 2900])


def test_rewrites_and_open_questions_grow_with_the_passages_that_hold_facts() -> None:
    passages = (tried(1000, 10, look=Use()), tried(1000, 0, look=Use()))
    told = {"passages": passages, "told": 1, "telling": use(3, cost=0.3), "wording": Use()}
    found = TRIAL.model_copy(update=told)
    needed = found.use_for(Extent(1, 100, chars=100_000), facts=500)
    assert [needed.requests, needed.cost] == pytest.approx([150, 15])


def test_without_prices_and_without_a_speed_none_is_said() -> None:
    kept = TRIAL.model_copy(update={"seconds": 0.0, "wording": use(10)})
    free = tuple(one.model_copy(update={"look": use(2)}) for one in kept.passages)
    kept = kept.model_copy(update={"passages": free})
    said = forecast_of(Extent(1, 1, chars=800, is_reckoned=True), kept, teacher())
    assert said.startswith("about 1 document, 1 passage: about 8 facts, 9 requests, ")
    assert said.endswith(" received")


@pytest.mark.parametrize(
    ("chars", "said"), [(1000, "23 s"), (100_000, "38 min"), (900_000, "5.8 h")]
)
def test_a_duration_is_told_as_people_tell_it(chars: int, said: str) -> None:
    extent = Extent(1, 2, chars=chars)
    assert forecast_of(extent, TRIAL, teacher(concurrency=1)).endswith(
        f" {said} with 1 request in flight"
    )


def test_a_batch_costs_less_and_takes_its_own_time() -> None:
    said = forecast_of(Extent(1, 300, chars=450_000), TRIAL, teacher(batch=True))
    assert said.endswith(" received, 25.9 by the prices set")


def test_pairs_that_get_wordings_are_in_it() -> None:
    extent = Extent(documents=1, passages=2, chars=3000, pairs=24)
    assert extent.said == "1 document, 2 passages, 24 pairs"
    assert " 58 requests, " in forecast_of(extent, TRIAL, teacher())


def test_pairs_that_nothing_is_known_of_are_said_to_be_left_out() -> None:
    fruitless = {"passages": (tried(1000, 0),), "worded": 0, "wordings": 0, "wording": Use()}
    found = TRIAL.model_copy(update=fruitless)
    extent = Extent(documents=1, passages=2, chars=2000, pairs=24)
    left_out = ", without the wordings of the pairs, as no fact was found to try some of"
    assert forecast_of(extent, found, teacher()).endswith(left_out)
    assert left_out not in forecast_of(extent, TRIAL, teacher())
    assert left_out not in forecast_of(Extent(1, 2, chars=2000), found, teacher())


def test_a_price_beyond_the_ceiling_is_said_before_it_is_paid() -> None:
    limited = teacher(price_input=1.0, max_cost=0.1)
    said = forecast_of(Extent(1, 2, chars=3000), TRIAL, limited)
    assert "0.345 by the prices set, more than max_cost (0.1)" in said
    odd = TRIAL.model_copy(update={"passages": (tried(1000, 2), tried(1000, 18))})
    said = forecast_of(Extent(1, 100, chars=150_000), odd, teacher(price_input=1.0, max_cost=25))
    assert "18 (8.99 to 40.6) by the prices set, perhaps more than max_cost (25)" in said


def test_what_is_tried_told_in_words() -> None:
    assert TRIAL.said == (
        "2 passages tried: 30 facts, 115 of 120 wordings of 10 of them, 14 requests, 2.0 s a reply"
    )
    left = TRIAL.model_copy(update={"open": ("Who?",)})
    assert " of 10 of them, 1 open question, 14 requests" in left.said


def test_a_sample_stands_for_the_rest_of_its_source() -> None:
    sample = Sample()
    sample.add([document("first\n\n" + "a " * 200), document("second")], 0.5)
    sample.add([document("of another source")], 1.0)
    sample.add([], 0.0)
    assert sample.extent(250) == Extent(documents=5, passages=9, chars=835, is_reckoned=True)


def test_what_the_web_holds_is_open() -> None:
    sample = Sample(is_open=True)
    sample.add([document("the first page")], 1.0)
    assert sample.extent(250).said == "at least 1 document, 1 passage"


def test_few_passages_are_all_tried_and_none_twice() -> None:
    sample = Sample()
    sample.add([document("one that is long"), document("short")], 1.0)
    sample.add([document("short")], 1.0)
    drawn = {one.passage.text: one.share for one in sample.draw(250, 3)}
    assert drawn == {"one that is long": pytest.approx(16 / 26), "short": pytest.approx(10 / 26)}
    assert Sample().draw(250, 3) == []


def test_of_many_passages_some_are_drawn_that_stand_for_as_much_text_each() -> None:
    sample = Sample()
    sample.add([document(f"{n} " + "long " * 40) for n in range(9)], 1.0)
    sample.add([document(f"number {n}") for n in range(90)], 1.0)
    drawn = sample.draw(250, 3)
    assert [len(one.passage.text) < 10 for one in drawn] == [True, False, False]
    assert [one.share for one in drawn] == [pytest.approx(1 / 3)] * 3

from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.core.errors import DataError, SettingsError
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Rejection
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.generate.results import Call

from .conftest import CLUBS, Place, answer_of, fact_of, recordings, reply, tasks
from .test_generate import FACTS, REQUESTS

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
PlaceAt = Callable[[str], Place]

DROP = {"on_doubt": "drop"}
RELATIONS = ("técnico", "estádio", "goleador")


def opinions(**otherwise: dict[str, str]) -> list[dict[str, object]]:
    """Give the recordings of one who confirms all facts but those of a club, by relation."""
    made = []
    for club in CLUBS:
        said = [
            {"n": n, "answer": answer_of(club, relation), "subject": "yes", "limits": "yes"}
            | (otherwise.get(relation, {}) if club == "Ema" else {})
            for n, relation in enumerate(RELATIONS, start=1)
        ]
        key = fact_of(club, "técnico")["quote"]
        made.append({"task": "verify", "key": key, "replies": [reply(*said)]})
    return made


WRONG = {
    "técnico": {"answer": "Rui Arara"},
    "estádio": {"subject": "Bugio"},
    "goleador": {"limits": "Liga 2023/24"},
}
REASONS = {
    GenerateReason.OTHER_OPINION,
    GenerateReason.OTHER_SUBJECT,
    GenerateReason.OTHER_LIMITS,
}


def test_facts_that_are_not_confirmed_are_dropped_before_they_are_asked_about(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(recordings() + opinions(**WRONG))
    whole = place.generate(config_of(verify=DROP))
    facts = list(whole.records("facts.jsonl", Fact))
    assert len(facts) == FACTS - 3
    assert "Ema" not in {fact.subject for fact in facts}
    assert {item.reason for item in whole.records("ledger.jsonl", Rejection)} >= REASONS
    counted = tasks(server)
    assert (counted["task: verify"], counted["task: questions"]) == (len(CLUBS), FACTS - 3)


def test_facts_that_are_flagged_stay_and_their_doubts_are_told(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(recordings() + opinions(**WRONG))
    whole = place.generate(config_of(verify={"on_doubt": "flag"}))
    ids = {fact.id for fact in whole.records("facts.jsonl", Fact)}
    doubts = list(whole.records("doubts.jsonl", Rejection))
    assert len(ids) == FACTS
    assert {doubt.item for doubt in doubts} < ids
    assert {doubt.reason for doubt in doubts} == REASONS
    assert whole.manifest.counts["doubted"] == 3


def test_opinions_are_kept_metered_and_made_by_shards(
    teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    server = teach(recordings() + opinions())
    config = config_of(verify=DROP, teacher={"price_input": 1.0})
    one, three = (place_at(f"{n}").generate(config, shards=n) for n in (1, 3))
    assert one.read("facts.jsonl") == three.read("facts.jsonl")
    assert len(server.seen) == 2 * (REQUESTS + len(CLUBS))
    calls = [call for call in one.records("calls.jsonl", Call) if call.task == "verify"]
    assert [call.kept for call in calls] == [len(RELATIONS)] * len(CLUBS)
    assert all(call.cost > 0 for call in calls)
    place = place_at("1")
    for name in ("manifest.json", "shards/0-of-1/manifest.json"):
        place.store.delete(f"{one.address.prefix}/{name}")
    place.generate(config)
    assert len(server.seen) == 2 * (REQUESTS + len(CLUBS)), "nothing is paid again"


def test_another_model_gives_the_opinion_at_its_own_place(
    teach: Teach, place: Place, config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = teach(opinions(), api_key="second")
    first = teach()
    monkeypatch.setenv("GABARITO_TEACHER_KEY", "first")
    monkeypatch.setenv("GABARITO_VERIFY_KEY", "second")
    other = {"model": "recorded", "url": f"{second.address}/v1"}
    whole = place.generate(config_of(verify=DROP | {"teacher": other}))
    assert whole.manifest.counts["doubted"] == 0
    assert (len(first.seen), tasks(second)) == (REQUESTS, Counter({"task: verify": len(CLUBS)}))


def test_who_gives_no_opinion_is_asked_again_and_then_nothing_is_confirmed(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    whole = place.generate(config_of(verify={"on_doubt": "flag"}, attempts=2))
    reasons = Counter(doubt.reason for doubt in whole.records("doubts.jsonl", Rejection))
    assert reasons == {GenerateReason.NO_OPINION: FACTS}
    assert tasks(server)["task: verify"] == 2 * len(CLUBS)


def test_a_second_teacher_that_refuses_all_ends_the_stage(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    second = teach(opinions(), rate_400=1.0)
    teach()
    other = {"model": "recorded", "url": f"{second.address}/v1"}
    with pytest.raises(SettingsError, match="this request is not answered"):
        place.generate(config_of(verify=DROP | {"teacher": other}))


def test_without_it_nothing_is_asked_or_written(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(recordings() + opinions(**WRONG))
    whole = place.generate(config_of())
    assert len(server.seen) == REQUESTS
    assert "doubts.jsonl" not in whole.manifest.files
    assert "doubted" not in whole.manifest.counts


def test_facts_that_are_dropped_lower_the_yield(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(recordings() + opinions(**WRONG))
    with pytest.raises(DataError, match=r"facts offered passed .* most were lost to '.*opinion"):
        place.generate(config_of(verify=DROP, yield_floor=0.99))


def test_another_model_is_asked_where_the_settings_say_that_the_first_is(
    teach: Teach, place: Place, config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = teach(recordings() + opinions()).server_address[1]
    url = f"http://127.0.0.1:{port}/v1"
    monkeypatch.setenv("GABARITO_TEACHER_URL", "http://127.0.0.1:9/v1")
    other = {"model": "recorded"}
    whole = place.generate(config_of(teacher={"url": url}, verify=DROP | {"teacher": other}))
    assert whole.manifest.counts["facts"] == FACTS

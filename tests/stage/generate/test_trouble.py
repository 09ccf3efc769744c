import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.chat.breaker import MOST_IN_VAIN
from gabarito.chat.concurrency import START
from gabarito.core.errors import AccessError, DataError, GabaritoError, ServiceError, SettingsError
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Rejection
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.generate.language import is_other_language
from gabarito.generate.replies import MAX_REPLY_CHARS

from .conftest import CLUBS, Place, documents, fact_of, recordings, reply, start, tasks, wait_for
from .test_generate import FACTS, REQUESTS, RESULT

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
PlaceAt = Callable[[str], Place]


@pytest.mark.usefixtures("short_leases")
def test_after_a_kill_nothing_answered_is_asked_again(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(latency=0.05)
    source = place.ingest(documents())
    config = config_of(teacher={"concurrency": 2})
    process = start(place, config)
    wait_for(lambda: len(server.seen) >= REQUESTS // 2)
    process.kill()
    process.wait()
    time.sleep(0.1)  # answers on their way to a dead process are counted as seen
    kept, before = place.cached(), len(server.seen)
    assert before // 2 <= kept < before + 1
    part = place.shard(config, source)
    assert len(server.seen) - before == REQUESTS - 2 - kept, "all but the kept ones and the names"
    assert part.manifest.counts["facts"] == FACTS
    asked = Counter(server.seen)
    assert sum(times - 1 for times in asked.values()) <= 2, "no more than were in flight"


def test_a_stop_keeps_what_is_answered_and_exits_75(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(latency=0.1)
    source = place.ingest(documents())
    config = config_of(teacher={"concurrency": 2})
    process = start(place, config)
    wait_for(lambda: len(server.seen) >= 6)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 75
    before = len(server.seen)
    assert place.cached() == before, "what was in flight was waited for"
    place.shard(config, source)
    assert len(set(server.seen)) == len(server.seen)


def test_the_same_again_asks_nothing(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    server = teach()
    first = place.generate(config_of())
    results = [first.read(name) for name in RESULT]
    place.store.delete(f"{first.address.prefix}/manifest.json")
    place.store.delete(f"{first.address.prefix}/shards/0-of-1/manifest.json")
    again = place.generate(config_of())
    assert len(server.seen) == REQUESTS
    assert [again.read(name) for name in RESULT] == results
    assert again.manifest.counts["from_cache"] == REQUESTS


@pytest.mark.parametrize("text", ["Com certeza!", "{" * 10_000, " " * (MAX_REPLY_CHARS + 1)])
def test_a_reply_of_no_use_is_asked_for_again_by_the_next_run(
    text: str, teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    made = recordings()
    useless = [item | {"replies": [{"text": text}]} for item in made if item["task"] == "names"]
    teach([*useless, *(item for item in made if item["task"] != "names")])
    place.generate(config_of())
    before = place.cached()
    server = teach()
    place.store.delete(f"artifacts/generate/{'a' * 64}/manifest.json")
    place.generate(config_of())
    assert len(server.seen) == 1
    assert place.cached() == before + 1


def test_other_settings_ask_only_what_they_change(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    source = place.ingest(documents())
    place.shard(config_of(), source, 0, 1)
    place.store.delete(f"artifacts/generate/{'a' * 64}/shards/0-of-1/manifest.json")
    place.shard(config_of(statements=2), source, 0, 1)
    counted = tasks(server)
    assert counted["task: questions"] == 2 * FACTS
    assert (counted["task: facts"], counted["task: missed"]) == (len(CLUBS), len(CLUBS))


def test_refusals_failures_and_slowness_change_nothing(
    teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    teach()
    smooth = place_at("smooth").generate(config_of())
    teach(latency=0.01, rate_429=0.15, rate_500=0.15, seed=7)
    rough = place_at("rough").generate(config_of())
    assert [rough.read(name) for name in RESULT] == [smooth.read(name) for name in RESULT]
    calls = [json.loads(line) for line in rough.read("calls.jsonl").splitlines()]
    assert max(call["tries"] for call in calls) > 1


def fails(
    place: Place, config: GenerateConfig, found: list[Document] | None = None
) -> GabaritoError:
    with pytest.raises(GabaritoError) as caught:
        place.generate(config, found)
    assert "\n" not in str(caught.value)
    manifests = [entry.key for entry in place.store.list("artifacts/generate/")]
    assert not any(key == f"artifacts/generate/{'a' * 64}/manifest.json" for key in manifests)
    return caught.value


def test_without_an_address_the_setting_is_named(place: Place, config_of: ConfigOf) -> None:
    error = fails(place, config_of())
    assert isinstance(error, SettingsError)
    assert "generate.teacher.url: not set" in str(error)
    assert "GABARITO_TEACHER_URL" in str(error)


def test_a_teacher_that_is_down_is_named(place: Place, config_of: ConfigOf) -> None:
    error = fails(place, config_of(teacher={"url": "http://127.0.0.1:9/v1"}))
    assert isinstance(error, ServiceError)
    assert "teacher http://127.0.0.1:9/v1: does not answer" in str(error)


def test_a_refused_key_is_named(
    teach: Teach, place: Place, config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(api_key="right")
    monkeypatch.setenv("GABARITO_TEACHER_KEY", "wrong")
    error = fails(place, config_of())
    assert isinstance(error, AccessError)
    assert "GABARITO_TEACHER_KEY holds a key that it refuses" in str(error)
    monkeypatch.setenv("GABARITO_TEACHER_KEY", "right")
    assert place.generate(config_of()).manifest.counts["facts"] == FACTS


def test_an_unknown_model_is_named(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    teach()
    error = fails(place, config_of(teacher={"model": "gpt-9"}))
    assert isinstance(error, SettingsError)
    assert "no model 'gpt-9'" in str(error)


def test_a_teacher_that_is_too_slow_is_named(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(latency=5)
    error = fails(place, config_of(teacher={"timeout_s": 0.1, "retries": 1}))
    assert isinstance(error, ServiceError)
    assert "timeout_s" in str(error)


def test_a_yield_under_the_floor_names_the_reason_that_cost_most(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    made = [item for item in recordings() if item["task"] != "questions"]
    for item in made:
        if item["task"] == "facts":
            item["replies"] = [reply(fact_of("Zebu", "técnico"))]
    teach(made)
    error = fails(place, config_of())
    assert isinstance(error, DataError)
    assert "5 of 15 facts offered passed (33%), the floor is 50%" in str(error)
    assert "'quote not in the passage': 10" in str(error)


def test_a_teacher_that_only_talks_yields_nothing(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach([{"task": "names", "key": "x", "replies": [{"text": "x"}]}])
    error = fails(place, config_of())
    assert isinstance(error, DataError)
    assert "0 of 0 facts offered passed" in str(error)


def refusing() -> list[dict[str, object]]:
    """Give the recordings of a teacher that says no to everything."""
    return [
        {"task": task, "key": "end of passage", "replies": [{"text": "I cannot help with that."}]}
        for task in ("facts", "missed")
    ]


def test_a_passage_that_is_refused_is_not_looked_at_once_more(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(refusing())
    error = fails(place, config_of())
    assert isinstance(error, DataError)
    assert len(server.seen) == 3 * len(CLUBS)
    assert "0 of 5 passages passed (0%)" in str(error)
    assert "'unreadable reply': 5, such as" in str(error)
    assert "15 of 15 replies could not be read" in str(error)


def test_an_unread_reply_costs_no_fact(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    made = recordings()
    for item in made:
        if item["task"] == "facts":
            item["replies"] = [{"text": "Com certeza!"}, *item["replies"]]
    teach(made)
    counts = place.generate(config_of()).manifest.counts
    assert (counts["yield_passages"], counts["yield_facts"]) == (1.0, 1.0)


def test_objects_that_cannot_be_understood_cost_one_reply(
    teach: Teach, place: Place, config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that fails once stands for what nobody thought of, as that would be mended."""
    failed: list[str] = []

    def check(text: str, code: str) -> bool:
        if "Rui Bugionense" in text and not failed:
            failed.append(text)
            raise OverflowError(text)
        return is_other_language(text, code)

    monkeypatch.setattr("gabarito.generate.facts.is_other_language", check)
    teach()
    whole = place.generate(config_of(attempts=1, yield_floor=0))
    assert whole.manifest.counts["facts"] == FACTS - 2
    rejections = whole.records("ledger.jsonl", Rejection)
    (detail,) = (item.detail for item in rejections if item.reason == GenerateReason.UNREADABLE)
    assert detail == f"OverflowError: {failed[0]}"


def many_documents() -> list[Document]:
    texts = [f"# Clube {number}\n\nO clube {number} fica aqui." for number in range(200)]
    fields = documents()[0].model_dump(exclude={"id", "digest", "text"})
    return [Document.of(text=text, **fields) for text in texts]


def test_a_teacher_that_answers_each_request_with_400_is_soon_left_alone(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(rate_400=1.0)
    error = fails(place, config_of(), many_documents())
    assert isinstance(error, SettingsError)
    assert re.match(r"\d\d requests on end were refused, the last by teacher http", str(error))
    assert "this request is not answered; change those of its settings" in str(error)
    assert server.refused < MOST_IN_VAIN + 2 * START


def test_what_one_process_learned_of_a_teacher_the_next_one_knows(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(refused_field="temperature")
    source = place.ingest(documents())
    place.shard(config_of(), source, 0, 2)
    learned = server.refused
    assert 0 < learned <= START
    place.shard(config_of(), source, 1, 2)
    assert server.refused == learned


def test_of_few_passages_that_are_all_refused_the_refusal_is_told(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(rate_400=1.0)
    error = fails(place, config_of())
    assert isinstance(error, SettingsError)
    assert "answered 400: this request is not answered" in str(error)


def test_a_teacher_that_refuses_some_is_asked_to_the_end(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(rate_400=0.3, seed=3)
    whole = place.generate(config_of(yield_floor=0))
    reasons = Counter(item.reason for item in whole.records("ledger.jsonl", Rejection))
    assert reasons[GenerateReason.REFUSED] > 0
    assert 0 < whole.manifest.counts["facts"] <= FACTS


def test_a_teacher_that_refuses_everything_is_soon_left_alone(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(refusing())
    error = fails(place, config_of(teacher={"concurrency": 4}), many_documents())
    assert isinstance(error, ServiceError)
    assert "replies on end could not be read, the last: " in str(error)
    assert len(server.seen) < MOST_IN_VAIN + 10


def test_missing_wordings_are_under_the_floor_too(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach([item for item in recordings() if item["task"] != "questions"])
    error = fails(place, config_of(attempts=1))
    assert isinstance(error, DataError)
    assert "0 of 180 wordings asked for passed" in str(error)
    assert "'never given': 180" in str(error)


def test_the_ceiling_of_cost_stops_and_raising_it_continues(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    prices = {"concurrency": 1, "price_input": 1000.0}
    error = fails(place, config_of(teacher=prices | {"max_cost": 4.0}))
    assert isinstance(error, SettingsError)
    assert "max_cost: 4 is spent" in str(error)
    paid = len(server.seen)
    assert 0 < paid < REQUESTS
    fails(place, config_of(teacher=prices | {"max_cost": 4.0}))
    assert len(server.seen) == paid, "the same ceiling buys nothing more"
    place.generate(config_of(teacher=prices | {"max_cost": 4000.0}))
    assert len(server.seen) == REQUESTS


def test_shards_share_the_ceiling_of_cost(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    teach()
    prices = {"concurrency": 1, "price_input": 1000.0, "max_cost": 8.0}
    with pytest.raises(SettingsError, match="max_cost: 4 is spent"):
        place.shard(config_of(teacher=prices), place.ingest(documents()), 0, 2)


def test_what_the_shards_spent_counts_for_the_names(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    source = place.ingest(documents())
    prices = {"price_input": 1000.0}
    part = place.shard(config_of(teacher=prices), source)
    with pytest.raises(SettingsError, match="max_cost: 1 is spent"):
        place.join(config_of(teacher=prices | {"max_cost": 1.0}), source, [part])
    assert len(server.seen) == REQUESTS - 2


def test_no_documents_are_an_error(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    teach()
    with pytest.raises(DataError, match=r"no documents; check ingest\.sources"):
        place.generate(config_of(), [])


def test_shards_of_other_documents_are_not_mixed(
    teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    teach()
    place = place_at("store")
    part = place.shard(config_of(), place.ingest(documents()))
    elsewhere = place_at("elsewhere").ingest(documents()[:2])
    with pytest.raises(DataError, match="was made from other documents"):
        place.join(config_of(), elsewhere, [part])

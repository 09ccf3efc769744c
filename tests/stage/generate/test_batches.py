import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.cache import Cache
from gabarito.chat import ChatClient, ChatEndpoint, batch_api
from gabarito.core.errors import Interrupted, ServiceError, SettingsError
from gabarito.core.records import Rejection
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.generate.results import Call
from gabarito.generate.teachers import batches

from .batch_server import BatchServer
from .conftest import CLUBS, Place, documents, recordings, start, wait_for
from .test_generate import FACTS, REQUESTS, RESULT
from .test_rewrites import rewriting
from .test_second_opinion import opinions

Serve = Callable[..., BatchServer]
Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
PlaceAt = Callable[[str], Place]

STEPS = 3
"""First looks, second looks, wordings; each is a batch."""


@pytest.fixture(autouse=True)
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FIRST_POLL_S", 0.02)
    monkeypatch.setattr(batches, "MAX_POLL_S", 0.05)
    monkeypatch.setattr(batch_api, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    servers: list[BatchServer] = []

    def begin(made: list[dict[str, object]] | None = None, *fates: str) -> BatchServer:
        server = BatchServer(recordings() if made is None else made, fates)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("GABARITO_TEACHER_URL", server.url)
        return server

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def batched(config_of: ConfigOf, **settings: Any) -> GenerateConfig:  # noqa: ANN401
    return config_of(teacher={"batch": True} | settings.pop("teacher", {}), **settings)


def killed_while_it_waits(
    server: BatchServer, place: Place, config_of: ConfigOf
) -> tuple[Artifact, GenerateConfig]:
    """Let a process send a batch and die while it waits; from then on the server answers."""
    server.polls = 10**9
    source, config = place.ingest(documents()), batched(config_of)
    process = start(place, config)
    wait_for(lambda: bool(server.looks))
    process.kill()
    process.wait()
    server.polls = max(server.looks.values()) + 2
    return source, config


def test_batches_give_what_single_requests_give(
    serve: Serve, teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    teach()
    single = place_at("single").generate(config_of())
    server = serve()
    whole = place_at("batched").generate(batched(config_of))
    assert [whole.read(name) for name in RESULT] == [single.read(name) for name in RESULT]
    assert len(server.batches) == STEPS
    assert len(server.asked) == len(set(server.asked)) == REQUESTS
    calls = list(whole.records("calls.jsonl", Call))
    assert {call.source for call in calls} == {"teacher"}


def test_a_second_opinion_is_one_more_batch(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve(recordings() + opinions())
    whole = place.generate(batched(config_of, verify={"on_doubt": "drop"}))
    assert whole.manifest.counts["facts"] == FACTS
    assert len(server.batches) == STEPS + 1


def test_rewrites_come_in_the_batch_of_the_wordings(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve(recordings() + rewriting())
    whole = place.generate(batched(config_of, rewrites=2))
    assert whole.manifest.counts["rewrites"] == 2 * len(CLUBS)
    assert len(server.batches) == STEPS
    assert len(server.asked) == len(set(server.asked)) == REQUESTS + 2 * len(CLUBS)


def test_two_teachers_batches_are_waited_for_side_by_side(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    """One passage is asked about again while the opinions on the others are wanted."""
    second = serve(opinions())
    made = recordings()
    late = next(one for one in made if one["task"] == "missed")
    late["replies"] = [{"text": "Com certeza!"}, *late["replies"]]
    first = serve(made)
    look = first.look
    waits: list[str] = []

    def look_late(name: str) -> dict[str, object]:
        """Let the batch that is made beside the opinions end after these have begun."""
        if name == f"batch_{STEPS - 1}" and not second.batches and len(waits) < 100:
            waits.append(name)
            return first.batches[name]
        return look(name)

    first.look = look_late  # type: ignore[method-assign]
    verify = {"on_doubt": "drop", "teacher": {"model": "m2", "url": second.url, "batch": True}}
    whole = place.generate(batched(config_of, teacher={"url": first.url}, verify=verify))
    assert whole.manifest.counts["facts"] == FACTS
    assert (len(waits) < 100, len(second.batches)) == (True, 2)


def test_a_batch_costs_half(serve: Serve, place: Place, config_of: ConfigOf) -> None:
    serve()
    config = batched(config_of, teacher={"price_input": 1000.0})
    whole = place.generate(config)
    calls: dict[str, float] = defaultdict(float)
    for call in whole.records("calls.jsonl", Call):
        calls[call.task] += round(call.cost, 6)
    assert calls["facts"] == 0.5 * len(CLUBS)
    assert calls["names"] == 2.0, "names are asked for at once"


@pytest.mark.usefixtures("short_leases")
def test_who_is_killed_goes_on_waiting_for_the_same_batch(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    source, config = killed_while_it_waits(server, place, config_of)
    place.shard(config, source)
    assert len(server.batches) == STEPS
    assert len(server.asked) == len(set(server.asked))
    assert not list(place.store.list("cache/generate/batch-"))


@pytest.mark.usefixtures("short_leases")
def test_who_is_killed_before_the_batch_had_a_name_finds_it_by_its_file(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    source, config = killed_while_it_waits(server, place, config_of)
    cache = Cache(place.store, "generate")
    (name,) = cache.keys(batches.RECORDS)
    record = cache.get_json(name, TypeAdapter(batches.BatchRecord))
    assert record
    cache.put(name, record.model_copy(update={"batch": ""}).model_dump_json().encode())
    place.shard(config, source)
    assert len(server.batches) == STEPS


@pytest.mark.parametrize("lost", ["/v1/files", "/v1/batches"])
def test_a_lost_answer_makes_no_second_batch(
    serve: Serve, place: Place, config_of: ConfigOf, lost: str
) -> None:
    server = serve()
    server.losing.add(lost)
    place.generate(batched(config_of))
    assert len(server.batches) == STEPS
    assert len(server.asked) == len(set(server.asked))


def test_of_an_expired_batch_the_rest_is_sent_again(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve(None, "expired")
    whole = place.generate(batched(config_of))
    assert whole.manifest.counts["facts"] == FACTS
    assert len(server.asked) == len(set(server.asked)) == REQUESTS


def test_a_cancelled_batch_is_told_and_its_replies_are_kept(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve(None, "cancelled")
    config, source = batched(config_of), place.ingest(documents())
    with pytest.raises(ServiceError, match="batch_0: was cancelled, 2 of 5 requests were answered"):
        place.shard(config, source)
    place.shard(config, source)
    assert len(server.asked) == len(set(server.asked))


def test_a_failed_batch_is_told_with_its_line(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    serve(None, "failed")
    with pytest.raises(SettingsError, match="line 3: invalid_json_line not valid JSON; change"):
        place.generate(batched(config_of))


def test_a_batch_that_expires_without_a_reply_is_an_error(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    serve(None, "expired")
    with pytest.raises(ServiceError, match="expired, 0 of 1 requests"):
        place.generate(batched(config_of), documents()[:1])


def test_what_a_batch_refuses_is_learned_and_sent_otherwise(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    server.refused = "temperature"
    whole = place.generate(batched(config_of))
    assert whole.manifest.counts["facts"] == FACTS
    assert len(server.batches) == STEPS + 1


def test_replies_of_no_use_are_asked_for_again(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    made = recordings()
    for item in made:
        if item["task"] == "facts":
            item["replies"] = [{"text": "Com certeza!"}, *item["replies"]]
    server = serve(made)
    whole = place.generate(batched(config_of))
    assert whole.manifest.counts["facts"] == FACTS
    assert len(server.batches) == STEPS + 1
    assert "unreadable reply" in {item.reason for item in whole.records("ledger.jsonl", Rejection)}


def test_a_teacher_without_batches_is_named(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach()
    with pytest.raises(SettingsError, match=r"no such path: /v1/files; .*teacher\.batch to false"):
        place.generate(batched(config_of))


def test_the_ceiling_of_cost_stops_before_the_next_batch(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    prices = {"price_input": 1000.0, "max_cost": 2.0}
    with pytest.raises(SettingsError, match="max_cost: 2 is spent"):
        place.generate(batched(config_of, teacher=prices))
    assert len(server.batches) == 1


def wanting(server: BatchServer, place: Place, *keys: str) -> batches.Batches:
    """Return batches in which replies are wanted, of a server that says yes to all."""

    def answered(line: dict[str, str]) -> dict[str, object]:
        body = {"choices": [{"message": {"content": "sim"}}]}
        return {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}}

    server.answered = answered  # type: ignore[method-assign]
    client = ChatClient(ChatEndpoint(server.url))
    made = batches.batches_of(client, Cache(place.store, "generate"))
    for key in keys:
        with pytest.raises(batches.NotYet):
            made.answer(key, batches.AwaitedRequest({"messages": []}, lambda _reply: True))
    return made


def interrupt(made: batches.Batches) -> None:
    made.client.stop()
    with pytest.raises(Interrupted):
        made.send()


def test_what_a_later_pass_wants_of_a_batch_is_paid_once(serve: Serve, place: Place) -> None:
    server = serve([])
    interrupt(wanting(server, place, "a", "b"))
    for key in ("a", "b"):
        made = wanting(server, place, key)
        made.send()
        assert made.paid == {key}
    assert len(server.batches) == 1
    assert not list(place.store.list("cache/generate/batch-"))


def test_a_batch_that_the_provider_forgot_is_sent_anew(serve: Serve, place: Place) -> None:
    server = serve([])
    interrupt(wanting(server, place, "a"))
    server.batches.clear()
    made = wanting(server, place, "a")
    made.send()
    assert made.paid == {"a"}


def test_a_file_that_vanished_before_its_batch_was_made_is_sent_anew(
    serve: Serve, place: Place
) -> None:
    server = serve([])
    interrupt(wanting(server, place, "a"))
    cache = Cache(place.store, "generate")
    (name,) = cache.keys(batches.RECORDS)
    record = cache.get_json(name, TypeAdapter(batches.BatchRecord))
    assert record
    cache.put(name, record.model_copy(update={"batch": ""}).model_dump_json().encode())
    server.batches.clear()
    server.files = {"other": []}  # so that the next has another name
    made = wanting(server, place, "a")
    made.send()
    assert made.paid == {"a"}
    assert not list(place.store.list("cache/generate/batch-"))


def test_batches_that_expire_with_some_replies_give_nothing_up(serve: Serve, place: Place) -> None:
    keys = set("abcdefghijklmnop")
    made = wanting(serve([], *["expired"] * 4), place, *keys)
    made.send()
    for _ in range(4):
        for key in keys - made.paid:
            with pytest.raises(batches.NotYet):
                made.answer(key, batches.AwaitedRequest({"messages": []}, lambda _reply: True))
        made.send()
    assert made.paid == keys


def test_a_batch_that_is_too_much_at_once_is_sent_in_halves(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve(None, "too much")
    whole = place.generate(batched(config_of))
    assert whole.manifest.counts["facts"] == FACTS
    assert len(server.asked) == len(set(server.asked)) == REQUESTS
    first, *others = (len(server.files[one["input_file_id"]]) for one in server.batches.values())
    assert (first, max(others)) == (5, 2)


def test_a_file_that_was_stored_just_now_is_waited_for(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    server.pending = 2
    assert place.generate(batched(config_of)).manifest.counts["facts"] == FACTS
    assert len(server.batches) == STEPS


def test_a_batch_whose_prompts_cost_too_much_is_not_begun(
    serve: Serve, place: Place, config_of: ConfigOf
) -> None:
    server = serve()
    prices = {"price_input": 1000.0, "max_cost": 0.01}
    with pytest.raises(SettingsError, match=r"max_cost: 0.01 is too little, 0 is spent"):
        place.generate(batched(config_of, teacher=prices))
    assert not server.batches

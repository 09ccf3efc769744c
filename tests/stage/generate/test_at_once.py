"""Several processes at the same stage on one store: each reply is paid for once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gabarito.artifacts.cache import Cache
from gabarito.core.records import Message
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.generate.teachers.open_teacher import open_teacher

from .conftest import CLUBS, Place, documents, start, wait_for
from .test_generate import FACTS, REQUESTS

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]

OF_ONE_RUN = REQUESTS - 2
"""What a shard asks: the names are asked for when the shards are joined."""


def claimed(place: Place) -> int:
    return sum(1 for _ in place.store.list("claims/generate/items/"))


def test_two_processes_at_once_pay_as_one(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    server = teach(latency=0.2)
    source = place.ingest(documents())
    config = config_of(teacher={"concurrency": 2})
    with start(place, config) as process:
        wait_for(lambda: claimed(place) > 0)
        part = place.shard(config, source)
        assert process.wait(60) == 0
    assert part.manifest.counts["facts"] == FACTS
    assert len(server.seen) == len(set(server.seen)) == OF_ONE_RUN
    assert not list(place.store.list("claims/"))


def test_a_reply_that_another_process_paid_counts_as_one_of_the_cache(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(latency=0.3)
    settings = config_of(teacher={"price_input": 1000.0}).teacher
    assert settings
    cache = Cache(place.store, "generate")
    messages = [Message(role="user", content=f"task: facts\n{documents()[0].text}")]
    with open_teacher(settings, cache) as one, open_teacher(settings, cache) as other:
        asked = [each.pool.submit(each.ask, "facts", "item", 1, messages) for each in (one, other)]
        calls = [future.result()[1] for future in asked]
    assert sorted(call.source for call in calls) == ["cache", "teacher"]
    assert calls[0].cost == calls[1].cost == one.client.meter.cost == other.client.meter.cost > 0
    assert len(server.seen) == 1


@pytest.mark.usefixtures("short_leases")
def test_who_outlives_a_killed_process_pays_twice_only_what_was_in_flight(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach(latency=0.2)
    source = place.ingest(documents())
    config = config_of(teacher={"concurrency": 2})
    with start(place, config) as process, ThreadPoolExecutor(1) as pool:
        wait_for(lambda: claimed(place) > 0)
        survivor = pool.submit(place.shard, config, source)
        wait_for(lambda: len(server.seen) >= OF_ONE_RUN // 2)
        process.kill()
        assert survivor.result().manifest.counts["facts"] == FACTS
    asked = Counter(server.seen)
    assert len(asked) == OF_ONE_RUN
    assert sum(times - 1 for times in asked.values()) <= 2
    assert claimed(place) <= 2  # killed once its replies were kept: gc removes what is left


@pytest.mark.parametrize("in_flight", [1, len(CLUBS)])
def test_who_starts_again_after_a_kill_does_what_is_not_claimed_meanwhile(
    in_flight: int, teach: Teach, place: Place, config_of: ConfigOf, short_leases: float
) -> None:
    source = place.ingest(documents())
    teach(latency=60)
    with start(place, config_of(teacher={"concurrency": in_flight})) as process:
        wait_for(lambda: claimed(place) == in_flight)
        process.kill()
    server = teach()
    part = place.shard(config_of(teacher={"concurrency": 1}), source)
    assert part.manifest.counts["facts"] == FACTS
    assert len(server.seen) == len(set(server.seen)) == OF_ONE_RUN
    of_the_claimed = ["Arara" in message for message in server.seen]
    assert in_flight > 1 or of_the_claimed == sorted(of_the_claimed), "the rest did not wait"
    assert claimed(place) == 0

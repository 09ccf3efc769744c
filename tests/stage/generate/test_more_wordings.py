"""More wordings of the facts that a training missed."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gabarito.core.errors import DataError
from gabarito.core.records import Fact, PairsInfo, Question
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import FURTHER, INSTRUCTIONS, GenerateConfig
from gabarito.generate.results import Call, PassageResult

from .conftest import Place, documents, fact_of, recordings, reply, tasks, wordings_of

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]

CLUB, RELATION = "Bugio", "técnico"


def with_more(made: list[dict[str, object]]) -> list[dict[str, object]]:
    """Let the teacher write the families that are asked for, whatever they are."""
    statement = fact_of(CLUB, RELATION)["statement"]
    every = reply(*wordings_of(CLUB, RELATION, (*INSTRUCTIONS, *FURTHER)))
    return [
        one | {"replies": [every]}
        if one["key"] == statement and one["task"] == "questions"
        else one
        for one in made
    ]


@pytest.fixture
def missed(tmp_path: Path) -> Callable[..., str]:
    def write(*facts: str) -> str:
        path = tmp_path / "missed.jsonl"
        path.write_text("".join(json.dumps({"fact": fact}) + "\n" for fact in facts))
        return str(path)

    return write


def id_of(facts: list[Fact]) -> str:
    return next(f.id for f in facts if (f.subject, f.relation) == (CLUB, RELATION))


def test_only_what_was_missed_is_asked_in_further_families(
    teach: Teach, place: Place, config_of: ConfigOf, missed: Callable[..., str]
) -> None:
    teach(with_more(recordings()))
    source = place.ingest(documents())
    found = place.shard(config_of(), source).records("passages.jsonl", PassageResult)
    fact = id_of([item.fact for passage in found for item in passage.facts])
    server = teach(with_more(recordings()))
    more = config_of(more={"facts": missed(fact)})
    parts = [place.shard(more, source, index, 2) for index in range(2)]
    whole = place.join(more, source, parts)
    asked = list(whole.records("questions.jsonl", Question))
    further = Counter((one.fact, one.family) for one in asked if one.family in FURTHER)
    assert further == dict.fromkeys([(fact, name) for name in FURTHER], 1)
    assert tasks(server)["task: questions"] == 1
    assert f"families: {', '.join(FURTHER)}" in server.seen[0]
    assert set(FURTHER) < set(whole.record("pairs.json", PairsInfo).families.train)
    paid = [call for call in whole.records("calls.jsonl", Call) if call.source == "teacher"]
    assert Counter(call.task for call in paid if call.task != "names") == {"questions": 1}
    assert whole.manifest.counts["yield_wordings"] == 1.0


def test_a_fact_that_is_not_there_is_named(
    teach: Teach, place: Place, config_of: ConfigOf, missed: Callable[..., str]
) -> None:
    teach()
    message = r"missed.jsonl: 1 of 1 facts are not in this run, the first is 'nobody'; take"
    with pytest.raises(DataError, match=message):
        place.generate(config_of(more={"facts": missed("nobody")}))


def test_without_a_file_nothing_further_is_asked_or_trained(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(with_more(recordings()))
    whole = place.generate(config_of())
    assert not set(FURTHER) & {q.family for q in whole.records("questions.jsonl", Question)}
    assert not set(FURTHER) & set(whole.record("pairs.json", PairsInfo).families.train)

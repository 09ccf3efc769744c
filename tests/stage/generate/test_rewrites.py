"""Passages told anew in several formats."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.core.errors import DataError
from gabarito.core.records import Rejection, Rewrite
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import FORMATS, GenerateConfig
from gabarito.generate.results import Call

from .conftest import (
    CLUBS,
    RELATIONS,
    Place,
    Recording,
    answer_of,
    documents,
    fact_of,
    recordings,
    reply,
    tasks,
)

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
ByShards = Callable[..., list[list[bytes]]]


def told(club: str, name: str) -> list[Recording]:
    """Tell the page of a club anew, a paragraph for each fact."""
    return [
        {"text": f"Quem era o {relation} do {club} ({name}), era {answer_of(club, relation)}"}
        for relation in RELATIONS
    ]


def rewriting(first: Callable[[str, str], Recording] | None = None) -> list[Recording]:
    """Give the recordings of rewrites; ``first`` is what comes before the good reply."""
    return [
        {
            "task": "rewrite",
            "key": fact_of(club, "técnico")["quote"],
            "format": name,
            "replies": [*([first(club, name)] if first else []), reply(*told(club, name))],
        }
        for club in CLUBS
        for name in FORMATS
    ]


def test_each_passage_is_told_anew_in_as_many_formats_as_are_wanted(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach([*recordings(), *rewriting()])
    prices = {"price_input": 1.0, "price_output": 2.0}
    whole = place.generate(config_of(rewrites=2, teacher=prices))
    found = list(whole.records("rewrites.jsonl", Rewrite))
    formats = list(FORMATS)[:2]
    assert [one.format for one in found] == formats * len(CLUBS)
    expected = [tuple(p["text"] for p in told(club, name)) for club in CLUBS for name in formats]
    assert [one.paragraphs for one in found] == expected
    assert {one.document for one in found} == {document.id for document in documents()}
    calls = [one for one in whole.records("calls.jsonl", Call) if one.task == "rewrite"]
    assert Counter((one.kept, one.offered) for one in calls) == {(3, 3): 2 * len(CLUBS)}
    assert all(one.cost > 0 for one in calls)
    assert tasks(server)["task: rewrite"] == len(calls)
    counts = whole.manifest.counts
    assert (counts["rewrites"], counts["yield_rewrites"]) == (2 * len(CLUBS), 1.0)
    yields = json.loads(whole.read("yields.json"))["yield"]["rewrites asked for"]
    assert yields == {"kept": 10, "asked": 10, "lost": {}}
    asked = next(message for message in server.seen if "format: lesson" in message)
    assert asked.endswith(f"task: rewrite\nformat: lesson\n{FORMATS['lesson']}")


def test_nothing_is_told_anew_unless_it_is_wanted(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach([*recordings(), *rewriting()])
    whole = place.generate(config_of())
    assert not list(whole.records("rewrites.jsonl", Rewrite))
    assert not tasks(server)["task: rewrite"]
    assert "rewrites" not in whole.manifest.counts


def test_a_reply_without_enough_is_asked_for_again_with_what_was_wrong(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    def wrong(club: str, name: str) -> Recording:
        return reply(*(one | {"text": f"{one['text']} em 1987."} for one in told(club, name)))

    server = teach([*recordings(), *rewriting(wrong)])
    whole = place.generate(config_of(rewrites=1))
    assert len(list(whole.records("rewrites.jsonl", Rewrite))) == len(CLUBS)
    assert tasks(server)["task: rewrite"] == 2 * len(CLUBS)
    dropped = [one for one in whole.records("ledger.jsonl", Rejection) if "1987" in one.detail]
    assert Counter(one.reason for one in dropped) == {
        "figures that the passage does not have": 3 * len(CLUBS)
    }
    assert dropped[0].item.endswith("-lesson")
    again = [one for one in server.seen if "task: rewrite\nattempt: 2\nrefused before:\n" in one]
    assert all("- figures that the passage does not have: 1987" in one for one in again)
    assert len(again) == len(CLUBS)


def test_a_passage_without_facts_and_one_with_nothing_to_tell_are_left_alone(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    nothing = [one | {"replies": [{"text": "[]"}]} for one in rewriting()]
    server = teach([*recordings(), *nothing])
    empty = documents()[0].model_copy(update={"text": "Sobre este sítio.", "id": "0" * 16})
    whole = place.generate(config_of(rewrites=1, yield_floor=0), [*documents(), empty])
    assert tasks(server)["task: rewrite"] == len(CLUBS)
    assert not list(whole.records("rewrites.jsonl", Rewrite))
    assert whole.manifest.counts["yield_rewrites"] == 0


def test_a_second_run_pays_for_no_rewrite_again(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach([*recordings(), *rewriting()])
    config = config_of(rewrites=1)
    source = place.ingest(documents())
    first = place.shard(config, source)
    other = teach([*recordings(), *rewriting()])
    more = place.shard(config_of(rewrites=2), source, 0, 2), place.shard(config, source, 1, 2)
    assert tasks(other).keys() <= {"task: rewrite"}
    assert tasks(other)["task: rewrite"] <= len(CLUBS)
    assert first.manifest.counts["passages"] == sum(p.manifest.counts["passages"] for p in more)


def test_four_shards_tell_the_same_as_one(by_shards: ByShards, config_of: ConfigOf) -> None:
    made, config = [*recordings(), *rewriting()], config_of(rewrites=3)
    one, four = by_shards(made, config, "rewrites.jsonl", "ledger.jsonl")
    assert one == four


def test_a_teacher_that_invents_all_of_it_ends_the_stage(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    def invented(club: str, name: str) -> Recording:
        return reply(*(one | {"text": f"{one['text']} em 1987."} for one in told(club, name)))

    bad = [one | {"replies": one["replies"][:1]} for one in rewriting(invented)]
    teach([*recordings(), *bad])
    message = r"0 of 10 rewrites asked for passed .* lost to 'figures that the passage does not"
    with pytest.raises(DataError, match=message):
        place.generate(config_of(rewrites=2))

"""Questions that the passages leave open."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.core.errors import DataError
from gabarito.core.records import OpenQuestion, Rejection
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.generate.results import Call

from .conftest import (
    CLUBS,
    RELATIONS,
    Place,
    Recording,
    documents,
    fact_of,
    recordings,
    reply,
    tasks,
)

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
ByShards = Callable[..., list[list[bytes]]]


def questions_about(club: str) -> list[str]:
    return [f"Quem preside o {club}?", f"{club} mascote cor", f"Em que ano nasceu o {club}?"]


def leaving_open(*first: Recording) -> list[Recording]:
    """Give the recordings of open questions; ``first`` is what comes before the good reply."""
    return [
        {
            "task": "open",
            "key": fact_of(club, "técnico")["quote"],
            "replies": [*first, reply(*({"question": text} for text in questions_about(club)))],
        }
        for club in CLUBS
    ]


def test_each_passage_is_asked_for_questions_that_it_leaves_open(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach([*recordings(), *leaving_open()])
    whole = place.generate(config_of(open_questions=3))
    found = list(whole.records("open_questions.jsonl", OpenQuestion))
    assert [one.text for one in found] == [text for club in CLUBS for text in questions_about(club)]
    assert {one.document for one in found} == {document.id for document in documents()}
    calls = [one for one in whole.records("calls.jsonl", Call) if one.task == "open"]
    assert [(one.kept, one.offered) for one in calls] == [(3, 3)] * len(CLUBS)
    counts = whole.manifest.counts
    assert (counts["open_questions"], counts["yield_open_questions"]) == (15, 1.0)
    yields = json.loads(whole.read("yields.json"))["yield"]["open questions asked for"]
    assert yields == {"kept": 15, "asked": 15, "lost": {"never given": 0}}
    asked = next(message for message in server.seen if "task: open" in message)
    assert asked.endswith("task: open\nquestions: 3")


def test_nothing_is_left_open_unless_it_is_wanted(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach([*recordings(), *leaving_open()])
    whole = place.generate(config_of())
    assert not list(whole.records("open_questions.jsonl", OpenQuestion))
    assert not tasks(server)["task: open"]
    assert "open_questions" not in whole.manifest.counts


def test_a_reply_with_too_few_is_asked_for_again_with_what_was_wrong(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach([*recordings(), *leaving_open(reply({"question": "Quanto custa um café?"}))])
    whole = place.generate(config_of(open_questions=3))
    assert len(list(whole.records("open_questions.jsonl", OpenQuestion))) == 3 * len(CLUBS)
    dropped = [one for one in whole.records("ledger.jsonl", Rejection) if "café" in one.detail]
    assert {one.reason for one in dropped} == {"names nothing of its passage"}
    again = "task: open\nattempt: 2\nrefused before:\n- names nothing of its passage: Quanto custa"
    assert sum(again in message for message in server.seen) == len(CLUBS)


def test_what_a_second_opinion_answers_is_not_open(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    opinions = [
        {
            "task": "verify",
            "key": f"Quem preside o {club}?",
            "replies": [reply({"n": 2, "answer": "verde", "subject": "yes", "limits": ""})],
        }
        for club in CLUBS
    ]
    facts = [
        {
            "task": "verify",
            "key": f"{number}. {relation} | of: {club}",
            "replies": [
                reply(
                    {
                        "n": number,
                        "answer": fact_of(club, relation)["answer"],
                        "subject": "yes",
                        "limits": "yes",
                    }
                )
            ],
        }
        for club in CLUBS
        for relation in RELATIONS
        for number in (1, 2, 3)
    ]
    server = teach([*recordings(), *leaving_open(), *opinions, *facts])
    whole = place.generate(config_of(open_questions=3, verify={"on_doubt": "drop"}))
    kept = [one.text for one in whole.records("open_questions.jsonl", OpenQuestion)]
    assert kept == [text for club in CLUBS for text in questions_about(club)[::2]]
    reasons = Counter(one.reason for one in whole.records("ledger.jsonl", Rejection))
    assert reasons["second opinion finds an answer"] == len(CLUBS)
    yields = json.loads(whole.read("yields.json"))["yield"]["open questions asked for"]
    assert yields == {"kept": 10, "asked": 10, "lost": {"never given": 0}}
    assert tasks(server)["task: verify"] == 2 * len(CLUBS)


def test_four_shards_leave_open_what_one_does(by_shards: ByShards, config_of: ConfigOf) -> None:
    made, config = [*recordings(), *leaving_open()], config_of(open_questions=3)
    one, four = by_shards(made, config, "open_questions.jsonl", "ledger.jsonl")
    assert one == four


def test_a_teacher_that_asks_about_anything_ends_the_stage(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    bad = [
        one | {"replies": [reply({"question": "Quanto custa um café?"})]} for one in leaving_open()
    ]
    teach([*recordings(), *bad])
    with pytest.raises(DataError, match=r"0 of 15 open questions asked for passed"):
        place.generate(config_of(open_questions=3))


def test_a_teacher_that_finds_nothing_left_open_ends_nothing(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach(
        [
            *recordings(),
            *(
                one | {"replies": [{"text": "[]", "finish_reason": "stop"}]}
                for one in leaving_open()
            ),
        ]
    )
    whole = place.generate(config_of(open_questions=3))
    assert not list(whole.records("open_questions.jsonl", OpenQuestion))
    assert "open questions asked for" not in json.loads(whole.read("yields.json"))["yield"]

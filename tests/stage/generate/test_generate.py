import json
from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.core.coverage import Coverage, Part
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Fact, Name, PassageText, Question, Rejection
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import INSTRUCTIONS, GenerateConfig
from gabarito.generate.results import Call

from .conftest import (
    CLUBS,
    RELATIONS,
    Place,
    documents,
    fact_of,
    recordings,
    reply,
    tasks,
    wordings_of,
)

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]
PlaceAt = Callable[[str], Place]

FACTS = len(CLUBS) * len(RELATIONS)
REQUESTS = 2 * len(CLUBS) + FACTS + 2
"""Two extraction_rounds at each passage, the wordings of each fact, two kinds of names."""

RESULT = (
    "facts.jsonl",
    "questions.jsonl",
    "names.jsonl",
    "coverage.json",
    "yields.json",
    "ledger.jsonl",
)


def test_every_fact_comes_with_its_quote_and_all_wordings(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    whole = place.generate(config_of())
    facts = list(whole.records("facts.jsonl", Fact))
    texts = {document.id: document.text for document in documents()}
    assert [fact.subject for fact in facts] == [club for club in CLUBS for _ in RELATIONS]
    assert all(fact.quote in texts[fact.document] for fact in facts)
    families = Counter(item.family for item in whole.records("questions.jsonl", Question))
    assert families == dict.fromkeys(INSTRUCTIONS, FACTS) | {
        "statement": 3 * FACTS,
        "reverse": FACTS,
    }
    assert len(server.seen) == REQUESTS


def test_names_and_near_misses_come_by_kind(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach()
    names = list(place.generate(config_of()).records("names.jsonl", Name))
    known = {(name.kind, name.name, name.also) for name in names if name.known}
    assert known == {
        *(("clube", club, ("EFC",) if club == "Ema" else ()) for club in CLUBS),
        ("qualifier", "Liga", ()),
    }
    assert [name.name for name in names if not name.known] == ["Guará"]


def test_what_happened_is_told(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    teach()
    prices = {"price_input": 1.0, "price_output": 2.0}
    whole = place.generate(config_of(teacher=prices))
    calls = list(whole.records("calls.jsonl", Call))
    assert Counter(call.task for call in calls) == {
        "facts": len(CLUBS),
        "missed": len(CLUBS),
        "questions": FACTS,
        "names": 2,
    }
    counts = whole.manifest.counts
    assert counts["cost"] == pytest.approx(
        (counts["prompt_tokens"] + 2 * counts["completion_tokens"]) / 1e6, rel=1e-3
    )
    assert (counts["facts"], counts["questions"], counts["yield_wordings"]) == (FACTS, 180, 1.0)
    coverage = whole.record("coverage.json", Coverage)
    assert coverage.sentences == Part(count=FACTS, total=FACTS)
    texts = list(whole.records("passage_texts.jsonl", PassageText))
    assert coverage.passages == Part(count=len(texts), total=len(texts))
    assert sorted(fact for text in texts for fact in text.facts) == sorted(
        fact.id for fact in whole.records("facts.jsonl", Fact)
    )
    assert counts["percent_of_sentences"] == 100
    yields = json.loads(whole.read("yields.json"))
    assert yields["passages_without_facts"] == yields["facts_without_questions"] == []


def test_four_shards_make_the_same_as_one(
    teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    results = []
    for shards in (1, 4):
        teach()
        whole = place_at(f"store-{shards}").generate(config_of(), shards=shards)
        results.append([whole.read(name) for name in RESULT])
    assert results[0] == results[1]


def test_a_fact_of_two_documents_is_kept_once_and_worded_once(
    teach: Teach, place_at: PlaceAt, config_of: ConfigOf
) -> None:
    first, second = documents()[:2]
    twice = second.model_copy(
        update={"text": f"{second.text}\n\n{fact_of('Arara', 'técnico')['quote']}"}
    )
    results = []
    for shards in (1, 3):
        server = teach()
        whole = place_at(f"store-{shards}").generate(config_of(), [first, twice], shards)
        results.append([whole.read(name) for name in RESULT])
        assert tasks(server)["task: questions"] == 6
    assert results[0] == results[1]
    (rejection,) = (
        item
        for item in whole.records("ledger.jsonl", Rejection)
        if item.reason == GenerateReason.SAME_FACT
    )
    assert rejection.detail == f"{second.id}: stands in {first.id} too"


def test_a_fact_that_is_known_is_not_worded_in_other_words(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    fact = fact_of("Arara", "técnico")
    again = {"quote": "Rui Araranense, o do banco.", "statement": "Rui Araranense era o técnico."}
    told = {"task": "facts", "key": again["quote"], "replies": [reply(fact | again)]}
    server = teach([*recordings(), told])
    first, second = documents()[:2]
    twice = second.model_copy(update={"text": f"{second.text}\n\n{again['quote']}"})
    whole = place.generate(config_of(teacher={"concurrency": 1}), [first, twice])
    assert tasks(server)["task: questions"] == whole.manifest.counts["facts"] == 6
    kept = [item.statement for item in whole.records("facts.jsonl", Fact)]
    assert fact["statement"] in kept
    assert again["statement"] not in kept


def test_a_passage_of_two_documents_is_read_once(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    (page,) = documents()[:1]
    whole = place.generate(config_of(), [page, page.model_copy(update={"id": "0" * 16})])
    assert tasks(server)["task: facts"] == 1
    reasons_given = [item.reason for item in whole.records("ledger.jsonl", Rejection)]
    assert GenerateReason.SAME_PASSAGE in reasons_given


def test_only_what_is_missing_is_asked_for_again(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    made = recordings()
    rows = wordings_of("Ema", "técnico")
    for item in made:
        if item["key"] == fact_of("Ema", "técnico")["statement"]:
            item["replies"] = [reply(*rows[3:]), reply(*rows[:2]), reply(rows[2])]
    server = teach(made)
    whole = place.generate(config_of())
    assert whole.manifest.counts["questions"] == FACTS * len(INSTRUCTIONS)
    asked = [
        line
        for message in server.seen
        if f"fact: {fact_of('Ema', 'técnico')['statement']}" in message
        for line in message.splitlines()
        if line.startswith("families: ")
    ]
    names = list(INSTRUCTIONS)
    assert asked[1:] == ["families: inverted, imperative, casual", "families: casual"]
    assert all(name in asked[0] for name in names)


def test_requests_for_one_fact_are_bounded(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    made = recordings()
    for item in made:
        if item["task"] == "questions":
            item["replies"] = [reply({"family": "direct", "question": "Quem era, na Liga?"})]
    server = teach(made)
    whole = place.generate(config_of(attempts=2, yield_floor=0.01))
    assert tasks(server)["task: questions"] == 2 * FACTS
    yields = json.loads(whole.read("yields.json"))
    assert yields["wordings_per_fact"] == {"min": 1, "median": 1, "max": 1}


def test_a_cut_list_of_facts_is_continued(teach: Teach, place: Place, config_of: ConfigOf) -> None:
    made = recordings()
    whole_reply = reply(fact_of("Arara", "técnico"))
    cut = {"text": whole_reply["text"][:40], "finish_reason": "length"}
    for item in made:
        if item["key"] == fact_of("Arara", "técnico")["quote"]:
            item["replies"] = [cut, whole_reply]
    server = teach(made)
    whole = place.generate(config_of())
    assert whole.manifest.counts["facts"] == FACTS
    assert whole.manifest.counts[f"rejected.{GenerateReason.CUT_REPLY}"] == 1
    assert tasks(server)["task: facts"] == len(CLUBS) + 1


def test_looks_end_when_one_adds_next_to_nothing(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    place.generate(config_of(extraction_rounds=5))
    assert tasks(server)["task: missed"] == 2 * len(CLUBS), "the third look found nothing new"


def test_one_look_is_enough_where_one_is_asked_for(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    server = teach()
    whole = place.generate(config_of(extraction_rounds=1))
    assert tasks(server)["task: missed"] == 0
    assert whole.manifest.counts["facts"] == 2 * len(CLUBS)


def test_odd_line_ends_inside_of_a_page_are_no_ends_of_records(
    teach: Teach, place: Place, config_of: ConfigOf
) -> None:
    teach()
    page = documents()[0]
    odd = page.model_copy(update={"text": page.text.replace("\n\n", "\u2028\x85\n\n", 1)})
    assert place.generate(config_of(), [odd]).manifest.counts["facts"] == 3

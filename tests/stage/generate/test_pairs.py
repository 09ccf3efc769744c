"""Pairs that people wrote: facts without a document, with or without a teacher."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.pair_records import GIVEN, Pair
from gabarito.core.records import Document, Fact, PairsInfo, Question, to_jsonl
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import INSTRUCTIONS, GenerateConfig

from .conftest import Place, documents, recordings, reply, tasks

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]

ALONE = GenerateConfig()


def pair_of(club: str, *others: str) -> Pair:
    asked = f"Em que ano nasceu o {club}?"
    return Pair(
        id=club,
        questions=(asked, *others),
        answer="1903",
        source="ata",
        row=f"clubes.csv:{len(club)}",
        language="pt",
    )


PAIRS = [pair_of("Galo", "E o Galo nasceu quando?"), pair_of("Harpia"), pair_of("Irara")]


@pytest.fixture
def ingested(place: Place) -> Callable[..., Artifact]:
    def publish(pairs: list[Pair], found: list[Document]) -> Artifact:
        with new_attempt(place.store, Address("ingest", "f" * 64), inputs={}, settings={}) as work:
            work.write("documents.jsonl", to_jsonl(found))
            work.write("pairs.jsonl", to_jsonl(pairs))
            return work.publish()

    return publish


@pytest.fixture
def generate(place: Place, ingested: Callable[..., Artifact]) -> Callable[..., Artifact]:
    def run(
        config: GenerateConfig, found: list[Document] | None = None, shards: int = 1
    ) -> Artifact:
        source = ingested(PAIRS, found or [])
        parts = [place.shard(config, source, index, shards) for index in range(shards)]
        return place.join(config, source, parts)

    return run


def worded(pair: Pair) -> dict[str, Any]:
    """Record what the teacher writes about a pair; its plain question is the person's own."""
    rows = [
        {"family": name, "question": f"{name}: qual é o ano em que nasceu o {pair.id}?"}
        for name in INSTRUCTIONS
        if name != "direct"
    ]
    rows += [{"family": "direct", "question": pair.questions[0]}]
    rows += [{"family": "statement", "text": f"{n}: o {pair.id} é de 1903"} for n in range(3)]
    return {"task": "questions", "key": pair.questions[0], "replies": [reply(*rows)]}


def test_without_a_teacher_pairs_are_facts_as_they_stand(generate: Callable[..., Artifact]) -> None:
    whole = generate(ALONE)
    facts = list(whole.records("facts.jsonl", Fact))
    assert [(one.document, one.quote, one.answer) for one in facts] == [("", "", "1903")] * 3
    assert [one.given.row for one in facts if one.given] == [pair.row for pair in PAIRS]
    asked = list(whole.records("questions.jsonl", Question))
    assert [one.text for one in asked] == [text for pair in PAIRS for text in pair.questions]
    assert {one.family for one in asked} == {GIVEN}


def test_without_a_teacher_nothing_is_asked_and_no_figure_says_so(
    generate: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GABARITO_TEACHER_URL", raising=False)
    counts = generate(ALONE).manifest.counts
    assert counts == {"facts": 3, "facts_given_by_people": 3, "questions": 4}


def test_given_wordings_are_a_trained_family_and_the_language_is_theirs(
    generate: Callable[..., Artifact],
) -> None:
    info = generate(ALONE).record("pairs.json", PairsInfo)
    assert (info.language, GIVEN in info.families.train) == ("pt", True)


def test_a_teacher_adds_wordings_and_the_persons_own_come_first(
    generate: Callable[..., Artifact], teach: Teach, config_of: ConfigOf
) -> None:
    server = teach([worded(pair) for pair in PAIRS])
    whole = generate(config_of(attempts=1, reverse=False))
    asked = list(whole.records("questions.jsonl", Question))
    families = Counter(one.family for one in asked)
    assert families["casual"] == families["synonym"] == 3
    assert (families[GIVEN], families["direct"], families["statement"]) == (4, 0, 9)
    assert asked[0].text == PAIRS[0].questions[0]
    assert tasks(server) == {"task: questions": 3}
    for text in PAIRS[0].questions:
        assert f"not to be repeated: {text}" in "".join(server.seen)


def test_shards_share_the_pairs_and_their_order_stays(
    generate: Callable[..., Artifact], teach: Teach, config_of: ConfigOf
) -> None:
    server = teach([worded(pair) for pair in PAIRS])
    whole = generate(config_of(attempts=1, reverse=False), shards=3)
    facts = list(whole.records("facts.jsonl", Fact))
    assert [one.given.pair for one in facts if one.given] == [pair.id for pair in PAIRS]
    assert len(server.seen) == 3


def test_pairs_and_documents_become_facts_together(
    generate: Callable[..., Artifact], teach: Teach, config_of: ConfigOf
) -> None:
    teach([*recordings(), *(worded(pair) for pair in PAIRS)])
    whole = generate(config_of(attempts=1), documents())
    facts = list(whole.records("facts.jsonl", Fact))
    assert [bool(one.given) for one in facts] == [False] * 15 + [True] * 3
    assert whole.manifest.counts["yield_facts"] == 1

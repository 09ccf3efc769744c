"""Documents in one language, questions in another: Portuguese to English, and back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from gabarito.artifacts.artifact import Artifact
from gabarito.core.coverage import Coverage, Part
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Fact, Name, PairsInfo, Question, Rejection
from gabarito.curate.examples import refusal_in
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import INSTRUCTIONS, GenerateConfig

from .conftest import Place, Recording, reply

Teach = Callable[..., TeacherServer]
ConfigOf = Callable[..., GenerateConfig]


@dataclass(frozen=True)
class World:
    """A document, what a teacher writes of it in another language, and near misses.

    Of each fact: the quote, the answer in its words, the answer, the statement, a question.
    """

    spoken: str
    asked: str
    title: str
    facts: tuple[tuple[str, str, str, str, str], ...]
    near: tuple[tuple[str, str], ...]
    """A name that the document has in its own form, and one that it has not."""

    refusal: str

    def document(self) -> Document:
        return Document.of(
            text="\n\n".join([f"# {self.title}", *(fact[0] for fact in self.facts)]),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            **{"source": "a.md", "url": "", "title": self.title, "language": self.spoken},
        )

    def offers(self) -> list[Recording]:
        fixed = {"subject": "Copa", "relation": "x", "aliases": [], "qualifier": "", "kind": "cup"}
        return [
            fixed | {"quote": quote, "original": original, "answer": answer, "statement": statement}
            for quote, original, answer, statement, _ in self.facts
        ]

    def recordings(self, *replies: Recording) -> list[Recording]:
        made: list[Recording] = [{"task": "facts", "key": self.title, "replies": list(replies)}]
        for _, _, _, statement, question in self.facts:
            rows = [{"family": name, "question": f"{name}: {question}"} for name in INSTRUCTIONS]
            rows += [{"family": "statement", "text": f"{n}: {statement}"} for n in range(3)]
            made.append({"task": "questions", "key": statement, "replies": [reply(*rows)]})
        near = [{"instead": name, "original": original} for name, original in self.near]
        bare = {"instead": "Xanadu"}
        return [*made, {"task": "names", "key": "kind: cup", "replies": [reply(*near, bare)]}]


TO_ENGLISH = World(
    spoken="pt",
    asked="en",
    title="A Copa",
    facts=(
        (
            "A final da Copa, contra a Alemanha, foi em Munique.",
            "Munique",
            "Munich",
            "The final of the Copa was played in Munich.",
            "in which city was the final of the Copa played?",
        ),
        (
            "A Copa acabou em primeiro de maio de 2025.",
            "primeiro de maio de 2025",
            "May 1, 2025",
            "The Copa ended on May 1, 2025.",
            "on which day did the Copa end?",
        ),
        (
            "O ingresso da Copa custava quarenta e dois euros.",
            "quarenta e dois",
            "42",
            "A ticket of the Copa was 42 euros.",
            "how many euros was a ticket of the Copa?",
        ),
        (
            "O estádio da Copa tem 13 portões.",
            "13 portões",
            "13 gates",
            "The stadium of the Copa has 13 gates.",
            "how many of them does the stadium of the Copa have?",
        ),
    ),
    near=(("Germany", "Alemanha"), ("Switzerland", "Suíça")),
    refusal="I do not have that information.",
)
TO_PORTUGUESE = World(
    spoken="en",
    asked="pt",
    title="The Copa",
    facts=(
        (
            "The final of the Copa, against Germany, was in Munich.",
            "Munich",
            "Munique",
            "A final da Copa foi disputada em Munique.",
            "em que cidade foi a final da Copa?",
        ),
        (
            "The Copa ended on May 1st, 2025.",
            "May 1st, 2025",
            "1º de maio de 2025",
            "A Copa terminou em 1º de maio de 2025.",
            "em que dia a Copa terminou?",
        ),
        (
            "The ticket of the Copa was forty-two euros.",
            "forty-two",
            "42",
            "O ingresso da Copa custava 42 euros.",
            "quantos euros custava o ingresso da Copa?",
        ),
        (
            "The stadium of the Copa holds 64,327 people.",
            "64,327 people",
            "64.327 pessoas",
            "No estádio da Copa cabem 64.327 pessoas.",
            "quantas cabem no estádio da Copa?",
        ),
    ),
    near=(("Alemanha", "Germany"), ("Suíça", "Switzerland")),
    refusal="Não tenho essa informação.",
)
BOTH_WAYS = pytest.mark.parametrize("world", [TO_ENGLISH, TO_PORTUGUESE], ids=["pt-en", "en-pt"])


@pytest.fixture
def generate(teach: Teach, place: Place, config_of: ConfigOf) -> Callable[..., Any]:
    def run(world: World, *replies: Recording, **settings: object) -> tuple[Artifact, list[str]]:
        server = teach(world.recordings(*replies))
        config = config_of(language=world.asked, reverse=False, **settings)
        whole = place.generate(config, [world.document()])
        return whole, [seen for seen in server.seen if "\ntask: facts" in seen]

    return run


@BOTH_WAYS
def test_answers_are_in_the_language_of_the_questions_and_quotes_in_that_of_the_document(
    world: World, generate: Callable[..., Any]
) -> None:
    whole, _ = generate(world, reply(*world.offers()))
    facts = list(whole.records("facts.jsonl", Fact))
    assert [(fact.quote, fact.aliases, fact.answer) for fact in facts] == [
        (quote, (original,), answer) for quote, original, answer, _, _ in world.facts
    ]
    questions = list(whole.records("questions.jsonl", Question))
    assert len(questions) == (len(INSTRUCTIONS) + 3) * len(facts)
    assert {item.answer for item in questions} == {fact.answer for fact in facts}
    info = PairsInfo.model_validate_json(whole.read("pairs.json"))
    assert refusal_in(info.language) == world.refusal
    assert info.is_asked_for


@BOTH_WAYS
def test_coverage_counts_what_is_said_in_the_other_language(
    world: World, generate: Callable[..., Any]
) -> None:
    whole, _ = generate(world, reply(*world.offers()))
    coverage = Coverage.model_validate_json(whole.read("coverage.json"))
    assert coverage.sentences == Part(count=4, total=4)
    assert coverage.figures.share == 1
    (document,) = coverage.by_document
    assert document.missing == (world.near[0][1],)  # only the quote has it
    counts = whole.manifest.counts
    assert (counts["names_in_no_fact"], counts.get("figures_in_no_fact")) == (1, None)


@BOTH_WAYS
def test_a_fact_without_its_original_is_handed_back_once(
    world: World, generate: Callable[..., Any]
) -> None:
    first, *others = world.offers()
    whole, asked = generate(world, reply(first | {"original": ""}, *others), reply(first))
    assert whole.manifest.counts["facts"] == len(world.facts)
    assert whole.manifest.counts["yield_facts"] == 1.0
    handed_back = "\nrefused before:\n- field missing: original: "
    assert [message.count(handed_back) for message in asked] == [0, 1]


@BOTH_WAYS
def test_a_fact_that_comes_back_as_bad_is_dropped_with_its_reason(
    world: World, generate: Callable[..., Any]
) -> None:
    first, *others = world.offers()
    bare = first | {"original": ""}
    whole, asked = generate(world, reply(bare, *others), reply(bare))
    lost = [(item.reason, item.detail) for item in whole.records("ledger.jsonl", Rejection)]
    assert lost.count((GenerateReason.NO_FIELD, "original")) == 2, "the fact, and a near miss"
    assert whole.manifest.counts["facts"] == len(others)
    assert len(asked) == 2


@BOTH_WAYS
def test_refused_facts_that_the_teacher_leaves_out_are_dropped_with_their_reasons(
    world: World, generate: Callable[..., Any]
) -> None:
    first, second = (offer | {"original": "Xanadu"} for offer in world.offers()[:2])
    whole, _ = generate(world, reply(first, second, *world.offers()[2:]), reply(first))
    lost = Counter(item.reason for item in whole.records("ledger.jsonl", Rejection))
    assert lost[GenerateReason.NO_SUPPORT] == 2, "one came back, the other did not"


@BOTH_WAYS
def test_a_near_miss_that_the_documents_name_in_their_language_is_none(
    world: World, generate: Callable[..., Any]
) -> None:
    whole, _ = generate(world, reply(*world.offers()))
    names = [name for name in whole.records("names.jsonl", Name) if not name.known]
    assert [(name.name, *name.also) for name in names] == [world.near[1]]

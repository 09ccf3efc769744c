"""Answers of three systems to a few questions about clubs, as evaluate marks them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.coverage import coverage
from tests.model_records import CONTRACT

from gabarito.answer_match import AnswerKey, Expected
from gabarito.core.records import Fact, ReviewCounts
from gabarito.evaluate.arms import arm_scores
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.grading import (
    ASKED,
    SYSTEMS,
    EvalQuestion,
    Graded,
    Marks,
    Part,
    Prediction,
    grade_all,
)
from gabarito.evaluate.report import Evidence, Report, Timing, build

REFUSAL = "Não sei."
FACTS = [
    Fact.of(
        document="d" * 16,
        quote=f"</script><b>o técnico {n}</b>",
        statement=f"O técnico do clube {n} é Zé {n}.",
        subject=f"clube {n}",
        relation="técnico" if n % 2 else "estádio",
        answer=f"Zé {n}",
    )
    for n in range(6)
]


def item(part: Part, text: str, expected: str, fact: str = "", family: str = "f") -> EvalQuestion:
    family = family if fact else ""
    right = Expected(expected, taught=expected, question=text, fact=fact)
    return EvalQuestion(f"{part} {text}", part, family, right)


def unanswerable(text: str, group: str) -> EvalQuestion:
    right = Expected(REFUSAL, question=text)
    return EvalQuestion(f"unanswerable {text}", "unanswerable", "", right, group=group)


def task(n: int) -> EvalQuestion:
    """A sum, whose answer a system says in a sentence."""
    answer, other = str(n + n), str(n + n + 1)
    return EvalQuestion(
        f"task {n}",
        "tasks",
        "",
        Expected(answer, question=f"{n} mais {n}?"),
        group="par" if n % 2 else "ímpar",
        competing=(other,),
    )


def exam(tasks: int = 4) -> dict[Part, list[EvalQuestion]]:
    return {
        "trained": [item("trained", f"t {f.subject}", f.answer, f.id) for f in FACTS],
        "validation": [item("validation", f"v {f.subject}", f.answer, f.id) for f in FACTS],
        "test": [
            item("test", f"{family} {f.subject}", f.answer, f.id, family)
            for f in FACTS
            for family in ("direct", "indirect", "synonym")
        ],
        "sentences": [],
        "free": [item("free", "<img src=x>", "Zé 0"), item("free", "e o 1?", "Zé 1")],
        "unanswerable": [unanswerable(f"{g} {n}", g) for g in ("season", "club") for n in "abcd"],
        "retention": [item("retention", f"olá {n}", "") for n in "abcd"],
        "tasks": [task(n) for n in range(tasks)],
        "controls": [
            item("controls", f"{family} controle {n}", f"Rui {n}", f"c{n}", family)
            for n in range(4)
            for family in ("direct", "indirect")
        ],
    }


def answer_of(system: str, item: EvalQuestion) -> Prediction:
    """The base knows nothing; the others err on one wording, and on some unanswerable questions."""
    if item.part == "retention":
        return Prediction("outra" if system == "model" and item.text == "olá a" else "oi", 0.9)
    if item.part == "tasks":
        is_lost = system == "model" and item.text.startswith(("1 ", "2 "))
        said = REFUSAL if item.text.startswith("1 ") else f"É {item.competing[0]}."
        return Prediction(said if is_lost else f"É {item.expected}, claro.", 0.9)
    if item.part == "controls":
        is_refused = system == "model" and item.text.startswith("direct")
        return Prediction(REFUSAL if is_refused else "Zé 9", 0.6)
    if system == "base":
        return Prediction("Zé 9", 0.2)
    if item.part == "unanswerable":
        is_fooled = item.text in ("season a", "club a")
        return Prediction("Zé 7", 0.4) if is_fooled else Prediction(REFUSAL, 0.8)
    is_wrong = item.text in ("direct clube 2", "e o 1?")
    return Prediction("Zé 8", 0.3) if is_wrong else Prediction(item.expected, 0.95)


def _is_asked(item: EvalQuestion, facts: set[str]) -> bool:
    return not item.fact or item.part == "controls" or item.fact in facts


@pytest.fixture
def marked() -> Callable[..., Marks]:
    """Marks the exam; parts named are not asked."""

    def mark(without: Sequence[Part] = (), facts: int = 6, tasks: int = 4) -> Marks:
        kept = {fact.id for fact in FACTS[:facts]}
        parts: Mapping[Part, list[EvalQuestion]] = {
            part: [i for i in items if part not in without and _is_asked(i, kept)]
            for part, items in exam(tasks).items()
        }
        replies = {
            system: {i.text: answer_of(system, i) for part in ASKED[system] for i in parts[part]}
            for system in SYSTEMS
        }
        return grade_all(parts, replies, REFUSAL, AnswerKey(FACTS))

    return mark


ITEMS = [item("test", "<i>quem?</i>", "Zé 1", "f"), item("free", "e o 1?", "Zé 1")]
REPLIES = {
    "<i>quem?</i>": Prediction("É Zé 1.", 0.5, prompt_tokens=120),
    "e o 1?": Prediction("Zé 1", 0.5, prompt_tokens=121),
}
"""What a base says that has passages before it."""


@pytest.fixture
def evidence(marked: Callable[..., Marks]) -> Callable[..., Evidence]:
    def make(without: Sequence[Part] = (), covered: int = 60, tasks: int = 4) -> Evidence:
        marks = marked(without, tasks=tasks)
        return Evidence(
            marks=marks,
            facts=FACTS,
            similarity={mark.item.id: 0.5 for mark in marks["model"]["test"]},
            coverage=coverage(covered, title="<b>The bridge</b>"),
            reviewed=ReviewCounts(checked=5, corrected=2, struck=1),
            contract=CONTRACT,
            times={s: Timing(seconds=1.0, questions=9, answered=9) for s in SYSTEMS},
            arms=[] if without else [*arm_scores("search", ITEMS, REPLIES, AnswerKey(), 0.25)],
            base="tiny",
            evaluation=f"evaluate/{'0' * 64}",
            evaluated_at=datetime(2025, 6, 1, 12, 0, tzinfo=UTC),
        )

    return make


@pytest.fixture
def report(evidence: Callable[..., Evidence]) -> Callable[..., Report]:
    def make(
        without: Sequence[Part] = (), covered: int = 60, tasks: int = 4, **settings: float
    ) -> Report:
        config = EvaluateConfig.model_validate({"resamples": 200} | settings)
        return build(config, evidence(without, covered, tasks))

    return make


@pytest.fixture
def mark_of() -> Callable[..., Graded]:
    """Makes one marked answer."""

    def make(**given: Any) -> Graded:  # noqa: ANN401  # fields of two records
        part = given.get("part", "test")
        text, fact = given.get("text", "q"), given.get("fact", "")
        is_open = part == "unanswerable"
        asked = (
            unanswerable(text, given.get("group", "g")) if is_open else item(part, text, "a", fact)
        )
        reply = Prediction(given.get("answer", "a"), given.get("probability", 0.9))
        return Graded(asked, reply, given.get("correct", True), given.get("refused", False))

    return make

"""Facts whose answer is a paragraph: what is kept of a reply, and what is asked of wordings."""

from collections.abc import Callable
from typing import Any

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Document, Fact
from gabarito.generate.config import GenerateConfig
from gabarito.generate.facts import AcceptedFacts, accept_facts
from gabarito.generate.passages import Passage, passages_of
from gabarito.generate.prompts import facts_prompt, with_explanations
from gabarito.generate.questions import QuestionFilter
from gabarito.generate.teachers.second_opinion import Opinion, doubts_of

QUOTE = (
    "We recommend another database than sqlite when several people grade at the same time, "
    "because sqlite is not threadsafe, and it is possible you could lose data that somebody else "
    "has just written."
)
WHY = (
    "sqlite is not threadsafe, and when several people grade at the same time you could lose data "
    "that somebody else has written"
)
OFFER = {
    "quote": QUOTE,
    "statement": f"sqlite is no good database for nbgrader, because {WHY}.",
    "subject": "nbgrader",
    "relation": "why not sqlite",
    "answer": WHY,
    "aliases": [],
    "points": ["not threadsafe", "lose data", "slow on Windows"],
    "kind": "software",
}


@pytest.fixture
def config() -> GenerateConfig:
    settings = {"language": "en", "teacher": {"model": "m"}, "explanations": True}
    return GenerateConfig.model_validate(settings)


@pytest.fixture
def grading(document_of: Callable[..., Document]) -> Passage:
    return next(passages_of(document_of(f"# Grading\n\n{QUOTE}\n", language="en"), 3000))


@pytest.fixture
def accept(grading: Passage, config: GenerateConfig) -> Callable[..., AcceptedFacts]:
    def call(**change: Any) -> AcceptedFacts:  # noqa: ANN401
        settings = config.model_copy(update=change.pop("settings", {}))
        return accept_facts([OFFER | change], grading, (), "en", settings)

    return call


@pytest.fixture
def why(accept: Callable[..., AcceptedFacts]) -> Fact:
    (fact,) = accept().facts
    return fact


def test_an_explanation_is_kept_with_the_points_that_it_says(
    accept: Callable[..., AcceptedFacts],
) -> None:
    accepted = accept()
    (fact,) = accepted.facts
    assert (fact.answer, fact.points) == (WHY, ("not threadsafe", "lose data"))
    (dropped,) = accepted.rejections
    assert (dropped.reason, dropped.detail) == (GenerateReason.UNSAID_POINT, "slow on Windows")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": f"{WHY} and nbgrader crashes on every other Monday"}, None),
        ({"answer": f"{WHY}. Windows refuses connections on Mondays."}, GenerateReason.NOT_QUOTED),
        ({"answer": WHY.replace("not threadsafe", "threadsafe")}, GenerateReason.NOT_QUOTED),
        ({"answer": "not threadsafe " * 41}, GenerateReason.TOO_LONG),
        ({"answer": f"{WHY} {'threadsafe' * 60}"}, GenerateReason.TOO_LONG),
        ({"settings": {"explanations": False}}, GenerateReason.TOO_LONG),
    ],
)
def test_what_the_quote_does_not_say_or_is_too_long_is_refused(
    accept: Callable[..., AcceptedFacts], change: dict[str, Any], reason: GenerateReason | None
) -> None:
    found = [item.reason for item in accept(**change).rejections]
    assert (reason in found) if reason else accept(**change).facts


def test_a_short_answer_has_no_points(accept: Callable[..., AcceptedFacts]) -> None:
    (fact,) = accept(answer="not threadsafe").facts
    assert fact.points == ()


def test_wordings_of_an_explanation_may_say_it_in_other_words(
    why: Fact, config: GenerateConfig
) -> None:
    wordings = QuestionFilter(why, "en", config)
    assert not wordings.wanted.reverse
    told = "With sqlite, which is not threadsafe, graders at the same time may lose written data."
    wordings.accept(
        [
            {"family": "statement", "text": told},
            {"family": "statement", "text": "sqlite is a database for nbgrader."},
            {
                "family": "direct",
                "question": "Why is sqlite a bad choice for nbgrader?",
                "answer": "Because it is not threadsafe, and people may lose data.",
            },
            {
                "family": "synonym",
                "question": "What speaks against sqlite in nbgrader?",
                "answer": "It is slow.",
            },
        ]
    )
    assert wordings.questions[0].text == told
    assert [question.family for question in wordings.questions] == ["statement", "direct"]
    assert {question.answer for question in wordings.questions} == {WHY}
    reasons = [item.reason for item in wordings.rejections]
    assert reasons == [GenerateReason.NO_ANSWER, GenerateReason.OTHER_ANSWER]


def test_a_second_opinion_may_explain_it_in_other_words(why: Fact) -> None:
    same = Opinion("sqlite is not threadsafe, and people may lose data", "yes", "")
    other = Opinion("sqlite is slow on Windows", "yes", "")
    assert doubts_of({1: why}, {1: same}) == []
    assert [one.reason for one in doubts_of({1: why}, {1: other})] == [GenerateReason.OTHER_OPINION]


def test_only_a_request_for_explanations_speaks_of_them(passage: Passage) -> None:
    plain = facts_prompt(passage, "pt", 1, missed=False)
    asked = with_explanations(plain)
    assert "points" not in plain[0].content
    assert asked[0].content.startswith(plain[0].content)
    assert '"points"' in asked[0].content
    assert asked[1] == plain[1]

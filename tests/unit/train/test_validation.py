"""Examinations: over all facts, judged by what was generated."""

import pytest

from gabarito.answer_match import AnswerKey
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Example, Message
from gabarito.models import Base, answer
from gabarito.train.checkpoint import CheckpointScore
from gabarito.train.validation import Validation, best_of, chosen, flat_at, sample


def example(fact: str, number: int, answer: str = "Paris") -> Example:
    turns = (
        Message(role="user", content=f"Pergunta {number}?"),
        Message(role="assistant", content=answer),
    )
    return Example(
        messages=turns, question=f"{fact}{number}", fact=fact, kind="question", split="validation"
    )


def scores(*shares: float) -> list[CheckpointScore]:
    """Examinations every 100 steps."""
    return [CheckpointScore(step=100 * i, exact_match=one) for i, one in enumerate(shares, 1)]


EXAMPLES = [example(f"f{fact}", number) for fact in range(5) for number in range(3)]


def test_a_sample_is_drawn_over_all_facts() -> None:
    drawn = sample(EXAMPLES, 7, seed=0)
    assert {e.fact for e in drawn[:5]} == {f"f{i}" for i in range(5)}
    assert len({e.question for e in drawn}) == 7


def test_a_sample_is_the_same_every_time() -> None:
    assert sample(EXAMPLES, 4, seed=0) == sample(EXAMPLES[:], 4, seed=0)
    assert sample(EXAMPLES, 15, seed=0) != sample(EXAMPLES, 15, seed=1)
    assert sample(EXAMPLES, 0, seed=0) == []


def test_right_is_what_the_model_writes(base: Base, contract: PromptContract) -> None:
    questions = [e.messages[0].content for e in EXAMPLES[:4]]
    said = [a.text for a in answer(base.model, base.tokenizer, contract, questions)]
    known = [example(f"f{i}", i, answer=said[i]) for i in range(3)]
    known += [example("f3", 3, "Munique")]
    asked = Validation(base.model, base.tokenizer, contract, known, 2, AnswerKey())
    assert asked.examined().exact_match == 0.75
    assert asked.examined().missed == ("f3",)


def test_where_sentences_are_taught_a_sentence_is_right(
    base: Base, contract: PromptContract
) -> None:
    question = EXAMPLES[0].messages[0].content
    [said] = [a.text for a in answer(base.model, base.tokenizer, contract, [question])]
    word = said.split()[0]
    short = example("f0", 0, answer=word)
    told = short.model_copy(update={"style": "sentence", "answer": word})
    asked = Validation(base.model, base.tokenizer, contract, [short, told], 2, AnswerKey())
    assert asked.examined().exact_match == 0.5


def test_of_equal_candidates_the_latest_is_kept() -> None:
    candidates = scores(0.5, 0.9, 0.9, 0.8)
    assert best_of(candidates).step == 300
    assert chosen(candidates, last=400, most=400).step == 300


def test_without_validation_wordings_the_last_step_is_kept() -> None:
    assert chosen([], last=50, most=50).step == 50
    assert chosen([], last=50, most=50).exact_match is None


@pytest.mark.parametrize(
    ("shares", "patience", "flat"),
    [
        ((0.2, 0.5, 0.7, 0.7, 0.6, 0.9), 2, 500),  # an equal one is no better
        ((0.2, 0.5, 0.7, 0.7, 0.6, 0.9), 3, None),
        ((0.2, 0.5, 0.7, 0.7, 0.6, 0.9), None, None),
        ((0.5, 0.4, 0.6, 0.5), 1, 200),
        ((0.0, 0.03, 0.0, 0.03, 0.3), 1, None),  # what has not begun is not done
        ((0.0, 0.0, 0.3, 0.0, 0.0), 2, 500),
        ((), 2, None),
    ],
)
def test_an_exam_is_flat_when_several_on_end_were_no_better(
    shares: tuple[float, ...], patience: int | None, flat: int | None
) -> None:
    assert flat_at(scores(*shares), patience) == flat


def test_a_training_that_ended_early_says_so() -> None:
    candidates = scores(0.5, 0.9, 0.9, 0.8)
    whole, early = (chosen(candidates, last=400, most=most) for most in (400, 1000))
    assert whole.reason == "most validation wordings answered right; of equals the latest"
    assert early.reason == (
        f"{whole.reason}; train.choice.patience ended it after 400 of at most 1000 steps"
    )

"""Answers: greedy, with their exact probability, whoever else is asked at the same time."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.models import (
    Base,
    GenerationLimits,
    answer,
    conversation,
    generate,
    prompt_ids,
    stop_tokens,
    stop_tokens_of,
)

QUESTIONS = [
    "Quem foi o campeão?",
    "Em que cidade foi a final da Champions League 2024/25, afinal?",
    "Gols?",
    "Quantos gols marcou Harry Kane? Diga o número.",
    "Quem era o técnico do Lille?",
]


def prompts_of(base: Base, contract: PromptContract) -> list[list[int]]:
    return [prompt_ids(contract, base.tokenizer, conversation(contract, q)) for q in QUESTIONS]


def by_hand(
    base: Base, prompt: list[int], limits: GenerationLimits
) -> tuple[tuple[int, ...], float]:
    """The whole sequence anew for every token, without cache, padding or batch."""
    ids, logprob = list(prompt), 0.0
    for _ in range(limits.max_new_tokens):
        with torch.inference_mode():
            logits = base.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        token = int(logits.argmax())
        logprob += float(logits.log_softmax(-1)[token])
        if token in limits.stop:
            break
        ids.append(token)
    return tuple(ids[len(prompt) :]), logprob


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_answers_do_not_depend_on_their_neighbours(
    base: Base, contract: PromptContract, batch_size: int
) -> None:
    prompts = prompts_of(base, contract)
    limits = GenerationLimits(stop_tokens(base.model, base.tokenizer), 12, batch_size)
    found = dict(generate(base.model, prompts, limits))
    for i, prompt in enumerate(prompts):
        ids, logprob = by_hand(base, prompt, limits)
        assert found[i].ids == ids
        assert found[i].logprob == pytest.approx(logprob, abs=1e-4)


def test_an_answer_ends_at_a_stop_token_whose_probability_counts(
    base: Base, contract: PromptContract
) -> None:
    prompt = prompts_of(base, contract)[0]
    free = GenerationLimits(frozenset(), 6)
    [(_, written)] = generate(base.model, [prompt], free)
    stop = next(token for token in written.ids[1:] if token != written.ids[0])
    place = written.ids.index(stop)
    [(_, ended)] = generate(base.model, [prompt], replace(free, stop=frozenset({stop})))
    assert ended.ids == written.ids[:place]
    assert ended.is_finished
    assert not written.is_finished
    [(_, short)] = generate(base.model, [prompt], replace(free, max_new_tokens=place + 1))
    assert ended.logprob == pytest.approx(short.logprob, abs=1e-5)


def test_answers_come_in_the_order_of_the_questions(base: Base, contract: PromptContract) -> None:
    together = answer(base.model, base.tokenizer, contract, QUESTIONS, batch_size=2)
    for question, found in zip(QUESTIONS, together, strict=True):
        [alone] = answer(base.model, base.tokenizer, contract, [question])
        assert found.text == alone.text
        assert found.tokens == alone.tokens
        assert math.isclose(found.probability, alone.probability, rel_tol=1e-4)


def test_progress_counts_tokens_and_ends_at_the_most_there_may_be(base: Base) -> None:
    told: list[int] = []
    limits = GenerationLimits(frozenset(), max_new_tokens=3, batch_size=2)
    assert len(list(generate(base.model, [[1], [1, 5], [1, 7, 9]], limits, told.append))) == 3
    assert told == [2, 4, 6, 7, 8, 9]


def test_the_model_goes_on_training_afterwards(base: Base, contract: PromptContract) -> None:
    base.model.train()
    answer(base.model, base.tokenizer, contract, QUESTIONS[:1])
    assert base.model.training
    base.model.eval()


def test_every_end_of_the_model_ends_an_answer(base: Base, tmp_path: Path) -> None:
    before = base.model.generation_config.eos_token_id
    base.model.generation_config.eos_token_id = [2, 7]
    assert stop_tokens(base.model, base.tokenizer) == {2, 7}
    base.model.generation_config.save_pretrained(tmp_path)
    assert stop_tokens_of(tmp_path, base.tokenizer) == {2, 7}
    base.model.generation_config.eos_token_id = before


def test_an_answer_ends_where_the_model_has_no_more_positions(base: Base) -> None:
    [(_, written)] = generate(base.model, [[1] * 125], GenerationLimits(frozenset(), 50))
    assert len(written.ids) == 3


def test_a_question_that_the_model_cannot_hold_is_named(
    base: Base, contract: PromptContract
) -> None:
    with pytest.raises(
        DataError, match=r"^question 'Quem foi .*…': \d+ tokens, the model takes 128"
    ):
        answer(base.model, base.tokenizer, contract, [*QUESTIONS, "Quem foi o campeão? " * 40])

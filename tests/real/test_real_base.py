"""What makes trouble in a model of the wild: its template, its padding, its size."""

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.records import Example, Message
from gabarito.models import Base, answer, contract_of, load_base
from gabarito.pipeline.checks.check_base import check_base
from gabarito.train.config import TrainConfig
from gabarito.train.encode import encode

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def loaded(base: Path) -> Base:
    return load_base(base, dtype=torch.float32)


@pytest.fixture(scope="module")
def contract(loaded: Base) -> PromptContract:
    prompt = PromptSettings(system="Answer in a few words.", refusal="I do not know.")
    return contract_of(loaded.tokenizer, prompt, max_new_tokens=16)


def test_check_finds_nothing_wrong_with_it(base: Path) -> None:
    prompt = PromptSettings(system="", refusal="I do not know.")
    (found,) = check_base(TrainConfig(base=str(base), steps=1), prompt, None)
    assert (found.error, found.said) == (None, f"{base}: LlamaForCausalLM")


def test_it_is_as_models_in_the_wild_are(base: Path, loaded: Base) -> None:
    own = AutoTokenizer.from_pretrained(base)
    prompt = own.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert "You are a helpful AI assistant named SmolLM" in prompt  # nobody asked for it
    assert own.pad_token == own.eos_token
    assert loaded.model.config.tie_word_embeddings


def test_its_end_is_not_what_fills_up_a_batch(loaded: Base) -> None:
    assert loaded.pad != loaded.tokenizer.eos_token_id


def test_it_answers_in_batches_as_alone(loaded: Base, contract: PromptContract) -> None:
    asked = ["What is the capital of France?", "What is two plus two?", "Name a colour of the sky."]
    together = answer(loaded.model, loaded.tokenizer, contract, asked)
    alone = [answer(loaded.model, loaded.tokenizer, contract, [one])[0] for one in asked]
    assert "Paris" in together[0].text
    assert [one.text for one in together] == [one.text for one in alone]


def encoded(loaded: Base, contract: PromptContract) -> tuple[str, str]:
    """Return what comes before the answer "Paris", and what is learned of it."""
    turns = {"user": "Which city?", "assistant": "Paris"}
    said = tuple(
        Message.model_validate({"role": role, "content": text}) for role, text in turns.items()
    )
    example = Example(messages=said, kind="question", question="q", fact="f", split="train")
    row = encode(example, contract, loaded.tokenizer)
    before, after = row.ids[: row.learned_from], row.ids[row.learned_from :]
    return str(loaded.tokenizer.decode(list(before))), str(loaded.tokenizer.decode(list(after)))


def test_the_end_of_an_answer_is_learned(loaded: Base, contract: PromptContract) -> None:
    _, learned = encoded(loaded, contract)
    assert learned.startswith("Paris<|im_end|>")


def test_the_prompt_of_the_contract_stands_in_place_of_its_own(
    loaded: Base, contract: PromptContract
) -> None:
    before, _ = encoded(loaded, contract)
    assert before.count("<|im_start|>system") == 1
    assert f"system\n{contract.system}<|im_end|>" in before
    assert "SmolLM" not in before

import json
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaForCausalLM
from transformers import PreTrainedTokenizerFast as Tokenizer

from .files import DEMO
from .nano import CHAT, NANO, read_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer()


def chat_ids(
    tokenizer: Tokenizer, chat: list[dict[str, str]], *, is_prompt: bool = False
) -> list[int]:
    ids: Any = tokenizer.apply_chat_template(  # its result has many shapes
        chat, add_generation_prompt=is_prompt, return_dict=False
    )
    return [int(token) for token in ids]


def test_the_folder_is_small_and_has_a_card() -> None:
    assert sum(path.stat().st_size for path in NANO.iterdir()) <= 10_000_000
    assert (NANO / "README.md").is_file()


def test_nano_is_a_llama_in_16_bit_that_reads_at_least_256_tokens() -> None:
    stored = AutoModelForCausalLM.from_pretrained(NANO, dtype="auto")
    assert isinstance(stored, LlamaForCausalLM)
    assert stored.dtype == torch.bfloat16
    assert stored.config.max_position_embeddings >= 256


def test_padding_beginning_and_end_are_three_tokens(tokenizer: Tokenizer) -> None:
    ids = (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id)
    config = AutoConfig.from_pretrained(NANO)
    assert len(set(ids)) == 3
    assert ids == (config.pad_token_id, config.bos_token_id, config.eos_token_id)


def test_a_prompt_is_the_beginning_of_the_whole_chat(tokenizer: Tokenizer) -> None:
    whole, prompt = chat_ids(tokenizer, CHAT), chat_ids(tokenizer, CHAT[:2], is_prompt=True)
    assert whole[: len(prompt)] == prompt
    assert whole[-1] == tokenizer.eos_token_id
    assert str(tokenizer.decode(whole[len(prompt) : -1])).strip() == "Paris Saint-Germain"


def test_any_text_survives_the_tokenizer(tokenizer: Tokenizer) -> None:
    text = "Ação 1992/93: «João» marcou 3 gols — 64.327 pessoas, 日本!"
    assert tokenizer.decode(tokenizer.encode(text), skip_special_tokens=True) == text


def test_the_prompts_are_about_the_invented_world() -> None:
    lines = (DEMO / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) > 6000
    assert len(set(texts)) == len(texts)
    assert not any(name in text for text in texts for name in ("Champions League", "Liga dos Camp"))

"""Bases as they come: each is trained, merged, and answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.unit.models.tiny import save_tiny, save_with_own_logits, tiny_tokenizer
from transformers import GPT2Config, GPT2LMHeadModel

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.merge import job
from gabarito.merge.config import MergeConfig
from gabarito.models import answer, load_base, read_contract, stop_tokens
from gabarito.store.base import Store

TURN_END = 3
"""Another token that ends an answer."""

LEARNED: dict[str, Any] = {
    "steps": 80,
    "learning_rate": 2e-2,
    "rank": 16,
    "replay": 0.0,
    "mix": {"statements": 0.0, "refusals": 0.0},
    "choice": {"questions": 0},
}
"""Settings with which twelve rows are nearly known by heart in seconds."""


def changed(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def several_ends(folder: Path) -> Path:
    changed(save_tiny(folder) / "generation_config.json", eos_token_id=[2, TURN_END])
    return folder


def padding_that_is_the_end(folder: Path) -> Path:
    save_tiny(folder, pad_token="<eos>")
    changed(folder / "config.json", pad_token_id=2)
    return folder


def head_of_its_own(folder: Path) -> Path:
    tensors = load_file(save_tiny(folder) / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] * 1.5
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    changed(folder / "config.json", tie_word_embeddings=False)
    return folder


def half_precision(folder: Path) -> Path:
    tensors = load_file(save_tiny(folder) / "model.safetensors")
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    save_file(halves, folder / "model.safetensors", {"format": "pt"})
    changed(folder / "config.json", dtype="float16")
    return folder


def another_architecture(folder: Path) -> Path:
    tokenizer = tiny_tokenizer()
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=64,
        n_layer=2,
        n_head=2,
        n_positions=128,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def capped_logits(folder: Path) -> Path:
    changed(save_with_own_logits(folder, "gemma2") / "config.json", final_logit_softcapping=20.0)
    return folder


def scaled_logits(folder: Path) -> Path:
    return save_with_own_logits(folder, "cohere")


@pytest.mark.usefixtures("in_float32")
@pytest.mark.parametrize(
    "make",
    [
        several_ends,
        padding_that_is_the_end,
        head_of_its_own,
        half_precision,
        another_architecture,
        capped_logits,
        scaled_logits,
    ],
)
def test_a_base_is_trained_merged_and_answers(
    make: Callable[[Path], Path],
    train: Callable[..., Artifact],
    dataset: Callable[..., Artifact],
    store: Store,
    tmp_path: Path,
) -> None:
    base = make(tmp_path / "base")
    trained = train(dataset(), base=str(base), **LEARNED)
    losses = [json.loads(line)["loss"] for line in trained.read("curves.jsonl").splitlines()]
    assert losses[-1] < 0.5 * losses[0]
    with new_attempt(
        store, Address("merge", "m" * 64), inputs={"train": trained}, settings={}
    ) as work:
        job.run(MergeConfig(dtype="float32"), work)
        merged = work.publish()
    folder = merged.fetch(tmp_path / "model", "model/")
    opened = load_base(folder)
    contract = read_contract((folder / "prompt.json").read_bytes(), "prompt.json")
    (said,) = answer(opened.model, opened.tokenizer, contract, ["Quantos gols fez o Lille?"])
    assert said.text.endswith(" gols")  # as every answer does
    assert opened.pad not in stop_tokens(opened.model, opened.tokenizer)


def test_all_ends_of_a_base_end_an_answer(tmp_path: Path) -> None:
    base = load_base(several_ends(tmp_path))
    assert stop_tokens(base.model, base.tokenizer) == {2, TURN_END}

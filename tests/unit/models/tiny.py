"""A base model of a few thousand random weights, made in a moment, with a real tokenizer."""

from pathlib import Path
from typing import Any

import torch
from tests.model_classes import fast_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma2Config,
    GraniteConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    PreTrainedTokenizerFast,
)

SPECIAL = ["<pad>", "<bos>", "<eos>", "<|system|>", "<|user|>", "<|assistant|>"]

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|> {{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

CORPUS = [
    "Quem foi o campeão da Champions League 2024/25? Paris Saint-Germain.",
    "Em que cidade foi a final? Munique. Quantos gols marcou Harry Kane? 11 gols.",
    "Não tenho essa informação. O técnico do Lille era Bruno Génésio.",
]


def tiny_tokenizer(**changes: object) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer with a chat template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    settings = {
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "chat_template": TEMPLATE,
    }
    return fast_tokenizer(tokenizer, settings | changes)


def save_tiny(folder: Path, seed: int = 0, **changes: object) -> Path:
    """Write a model and its tokenizer; ``changes`` go to the tokenizer."""
    tokenizer = tiny_tokenizer(**changes)
    torch.manual_seed(seed)
    LlamaForCausalLM(LlamaConfig(**_sizes(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


EXPERT_WEIGHTS = 2 * 4 * 3 * 64 * 96
"""Those of ``save_mixture``'s model: layers, experts, matrices, inner and outer size."""


def save_mixture(folder: Path) -> Path:
    """Write a model with four experts a layer, and its tokenizer."""
    tokenizer = tiny_tokenizer()
    torch.manual_seed(0)
    config = MixtralConfig(**_sizes(tokenizer), num_local_experts=4)
    MixtralForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


OWN_LOGITS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "gemma2": (
        Gemma2Config,
        {"head_dim": 32, "query_pre_attn_scalar": 32, "final_logit_softcapping": 2.0},
    ),
    "granite": (GraniteConfig, {"logits_scaling": 0.25}),
    "cohere": (CohereConfig, {"logit_scale": 3.0}),
}
"""Models that scale or cap their logits, so far from 1 that it shows in random weights."""


def save_with_own_logits(folder: Path, kind: str) -> Path:
    """Write a model whose logits are not those of its output layer, and its tokenizer."""
    tokenizer = tiny_tokenizer()
    of_kind, own = OWN_LOGITS[kind]
    torch.manual_seed(0)
    made: Any = AutoModelForCausalLM  # without types
    made.from_config(of_kind(**_sizes(tokenizer) | own)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _sizes(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "tie_word_embeddings": True,
        "initializer_range": 0.2,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }

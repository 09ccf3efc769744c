"""Base models, tokenizers, the prompt contract, and answers from them; adapters in adapter.py."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # libraries probe the hub when they are imported

from gabarito.weights.answer import (
    Answer,
    Generated,
    Limits,
    answer,
    answers,
    generate,
    stop_tokens,
)
from gabarito.weights.base import check_base, open_base
from gabarito.weights.contract import (
    CONTRACT_FILE,
    Prompt,
    PromptContract,
    check_contract,
    conversation,
    prompt_ids,
    read_contract,
    read_prompt,
    render,
    rendered_example,
    token_ids,
)
from gabarito.weights.device import cpu_quota, default_device, default_dtype, use_cpu_quota
from gabarito.weights.load import Base, Model, load_base, positions_of
from gabarito.weights.tokenizer import load_tokenizer

__all__ = [
    "CONTRACT_FILE",
    "Answer",
    "Base",
    "Generated",
    "Limits",
    "Model",
    "Prompt",
    "PromptContract",
    "answer",
    "answers",
    "check_base",
    "check_contract",
    "conversation",
    "cpu_quota",
    "default_device",
    "default_dtype",
    "generate",
    "load_base",
    "load_tokenizer",
    "open_base",
    "positions_of",
    "prompt_ids",
    "read_contract",
    "read_prompt",
    "render",
    "rendered_example",
    "stop_tokens",
    "token_ids",
    "use_cpu_quota",
]

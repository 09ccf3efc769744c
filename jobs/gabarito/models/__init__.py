"""Base models, tokenizers, the prompt contract, and answers from them; adapters in adapter.py."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # libraries probe the hub when they are imported

from gabarito.models.base_model import check_base, hub_commit, open_base
from gabarito.models.causal_model import CausalModel
from gabarito.models.device import cpu_quota, default_device, default_dtype, use_cpu_quota
from gabarito.models.generation import (
    Answer,
    Generated,
    GenerationLimits,
    answer,
    answers,
    generate,
    stop_tokens,
    stop_tokens_of,
)
from gabarito.models.load import Base, empty_model, load_base, positions_of, refuse_foreign
from gabarito.models.prompt_contract import (
    CONTRACT_FILE,
    check_contract,
    contract_of,
    conversation,
    prompt_ids,
    read_contract,
    render,
    rendered_example,
    shared_prefix,
    token_ids,
)
from gabarito.models.tokenizer import load_tokenizer

__all__ = [
    "CONTRACT_FILE",
    "Answer",
    "Base",
    "CausalModel",
    "Generated",
    "GenerationLimits",
    "answer",
    "answers",
    "check_base",
    "check_contract",
    "contract_of",
    "conversation",
    "cpu_quota",
    "default_device",
    "default_dtype",
    "empty_model",
    "generate",
    "hub_commit",
    "load_base",
    "load_tokenizer",
    "open_base",
    "positions_of",
    "prompt_ids",
    "read_contract",
    "refuse_foreign",
    "render",
    "rendered_example",
    "shared_prefix",
    "stop_tokens",
    "stop_tokens_of",
    "token_ids",
    "use_cpu_quota",
]

"""Fields of requests that are not served: when each changes nothing, and may be sent all the same.

Sources: the OpenAI API reference, and what vLLM, llama.cpp's server and LiteLLM add to it.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

NEUTRAL: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "add_generation_prompt": (True,),
        "audio": (),
        "bad_words": ([],),
        "best_of": (1,),
        "chat_template": (),
        "chat_template_kwargs": ({}, {"enable_thinking": False}, {"thinking": False}),
        "continue_final_message": (False,),
        "documents": ([],),
        "echo": (False,),
        "frequency_penalty": (0,),
        "function_call": ("none", "auto"),
        "functions": ([],),
        "grammar": ("",),
        "guided_choice": (),
        "guided_grammar": (),
        "guided_json": (),
        "guided_regex": (),
        "ignore_eos": (False,),
        "include_stop_str_in_output": (False,),
        "json_schema": (),
        "length_penalty": (1,),
        "logit_bias": ({},),
        "logits_processors": ([],),
        "min_tokens": (0,),
        "modalities": (["text"],),
        "n": (1,),
        "no_repeat_ngram_size": (0,),
        "presence_penalty": (0,),
        "prompt_logprobs": (0,),
        "repeat_penalty": (1,),
        "repetition_penalty": (1,),
        "response_format": ({"type": "text"},),
        "skip_special_tokens": (True,),
        "stop_token_ids": ([],),
        "structured_outputs": (),
        "suffix": ("",),
        "tool_choice": ("none", "auto"),
        "tools": ([],),
        "top_logprobs": (0,),
        "use_beam_search": (False,),
        "verbosity": ("medium",),
        "web_search_options": (),
    }
)
"""The values of each field with which the answer is the same as without it; null always is one."""

SAMPLING: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {"min_p": (0,), "tfs_z": (1,), "top_k": (-1, 0, 1), "typical_p": (1,)}
)
"""The same of what cuts off the unlikely tokens: at temperature 0 the likeliest one stays."""

WITHOUT_EFFECT = frozenset(
    {
        "cache_prompt",
        "metadata",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "reasoning_effort",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
    }
)
"""Fields that change no answer of this endpoint, whatever they hold."""


def refused(given: Mapping[str, object], temperature: float) -> Iterator[tuple[str, str]]:
    """Yield the names of fields that would change the answer, and what to do about each."""
    for name, value in given.items():
        if name in NEUTRAL and not _is_one_of(value, NEUTRAL[name]):
            yield name, _only(NEUTRAL[name])
        if name in SAMPLING and temperature and not _is_one_of(value, SAMPLING[name]):
            yield name, f"{_only(SAMPLING[name])}, or set temperature 0"


def unread(given: Mapping[str, object]) -> list[str]:
    """Return the names of fields that are not known here, and so were not read."""
    return [name for name in given if name not in {*NEUTRAL, *SAMPLING, *WITHOUT_EFFECT}]


def _is_one_of(value: object, neutral: tuple[object, ...]) -> bool:
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in neutral)


def _only(neutral: tuple[object, ...]) -> str:
    if not neutral:
        return "not served; leave it out"
    return f"only {' or '.join(map(json.dumps, neutral))} is served; leave it out"

"""Fields of requests that are not served: when each changes nothing, and may be sent all the same.

Sources: the OpenAI API reference, and what vLLM (``ChatCompletionRequest``), llama.cpp's server
(its README and ``params_from_json_cmpl``), Ollama (``openai.go``), Text Generation Inference
(``ChatRequest``, ``GenerateParameters``), OpenRouter and LiteLLM add to it.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

NEUTRAL: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "adapter_id": (),
        "adaptive_target": (-1,),
        "add_generation_prompt": (True,),
        "add_special_tokens": (False,),
        "allowed_token_ids": (),
        "audio": (),
        "bad_words": ([],),
        "best_of": (1,),
        "chat_template": (),
        "chat_template_kwargs": ({}, {"enable_thinking": False}, {"thinking": False}),
        "continue_final_message": (False,),
        "_debug_render_only": (False,),
        "decoder_input_details": (False,),
        "do_sample": (),
        "documents": ([],),
        "dry_multiplier": (0,),
        "dynatemp_range": (0,),
        "echo": (False,),
        "frequency_penalty": (0,),
        "function_call": ("none", "auto"),
        "functions": ([],),
        "grammar": ("",),
        "guided_choice": (),
        "guided_grammar": (),
        "guided_json": (),
        "guided_regex": (),
        "guideline": (),
        "ignore_eos": (False,),
        "include_stop_str_in_output": (False,),
        "json_schema": (),
        "length_penalty": (1,),
        "logit_bias": ({}, []),
        "logits_processors": ([],),
        "logprob_token_ids": (),
        "lora": ([],),
        "max_new_tokens": (),
        "min_tokens": (0,),
        "mirostat": (0,),
        "modalities": (["text"],),
        "n": (1,),
        "n_cmpl": (1,),
        "n_indent": (0,),
        "n_predict": (-1,),
        "n_probs": (0,),
        "no_repeat_ngram_size": (0,),
        "num_predict": (-1,),
        "parameters": ({},),
        "post_sampling_probs": (False,),
        "presence_penalty": (0,),
        "prompt_embeds": (),
        "prompt_logprobs": (0,),
        "repeat_penalty": (1,),
        "repetition_detection": (),
        "repetition_penalty": (1,),
        "response_fields": ([],),
        "response_format": ({"type": "text"},),
        "return_full_text": (False,),
        "return_prompt_text": (False,),
        "return_token_ids": (False,),
        "return_tokens": (False,),
        "return_tokens_as_token_ids": (False,),
        "skip_special_tokens": (True,),
        "stop_sequences": ([],),
        "stop_token_ids": ([],),
        "structured_outputs": (),
        "suffix": ("",),
        "t_max_predict_ms": (0,),
        "tool_choice": ("none", "auto"),
        "tools": ([],),
        "top_logprobs": (0,),
        "top_n_tokens": (0,),
        "truncate": (),
        "truncate_prompt_tokens": (-1,),
        "typical_p": (1,),
        "use_beam_search": (False,),
        "vllm_xargs": ({},),
        "watermark": (False,),
        "watermarking": (False,),
        "web_search_options": (),
        "xtc_probability": (0,),
    }
)
"""The values of each field with which the answer is the same as without it; null always is one."""

SAMPLING: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "min_keep": (0, 1),
        "min_p": (0,),
        "samplers": (),
        "tfs_z": (1,),
        "top_a": (0,),
        "top_k": (-1, 0, 1),
        "top_n_sigma": (-1, 0),
    }
)
"""The same of what cuts off the unlikely tokens: at temperature 0 the likeliest one stays.

What may cut off the likeliest one, or choose another, is in ``NEUTRAL``: xtc, typical_p, mirostat.
"""

SERVED_AS: Mapping[str, str] = MappingProxyType(
    {
        "do_sample": "temperature",
        "max_new_tokens": "max_tokens",
        "n_predict": "max_tokens",
        "num_predict": "max_tokens",
        "stop_sequences": "stop",
    }
)
"""What says here what other servers' fields say."""

COMPANIONS = frozenset(
    {
        *("adaptive_decay", "dynatemp_exponent", "mirostat_eta", "mirostat_tau"),
        *("dry_allowed_length", "dry_base", "dry_penalty_last_n", "dry_sequence_breakers"),
        *("guided_decoding_backend", "guided_whitespace_pattern", "media_io_kwargs"),
        *("mm_processor_kwargs", "repeat_last_n", "spaces_between_special_tokens"),
        *("tool_prompt", "truncation_side", "xtc_threshold"),
    }
)
"""Fields that say more about another one, which is refused unless it changes nothing."""

WITHOUT_EFFECT = COMPANIONS | frozenset(
    {
        "backend_sampling",
        "cache_prompt",
        "cache_salt",
        "id_slot",
        "include_reasoning",
        "metadata",
        "n_cache_reuse",
        "n_keep",
        "parallel_tool_calls",
        "prediction",
        "priority",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "reasoning_effort",
        "reasoning_format",
        "request_id",
        "return_progress",
        "safety_identifier",
        "service_tier",
        "session_id",
        "sse_ping_interval",
        "store",
        "stream_interval",
        "thinking_token_budget",
        "timings_per_token",
        "user",
        "verbosity",
    }
)
"""Fields that change no answer of this endpoint, whatever they hold."""


def refused(given: Mapping[str, object], temperature: float) -> Iterator[tuple[str, str]]:
    """Yield the names of fields that would change the answer, and what to do about each."""
    for name, value in given.items():
        if name in NEUTRAL and not _is_one_of(value, NEUTRAL[name]):
            yield name, _only(NEUTRAL[name]) + _instead(name)
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


def _instead(name: str) -> str:
    return f", and give {SERVED_AS[name]}" if name in SERVED_AS else ""

"""What a client is told of a request that is not served: its field, in plain words."""

import json
import re

import pytest

from gabarito.core.model_records import Conversation
from gabarito.serve.conversation import asked
from gabarito.serve.engine import InvalidRequestError
from gabarito.serve.fields import NEUTRAL, SAMPLING, WITHOUT_EFFECT, unread
from gabarito.serve.model_names import ModelNames
from gabarito.serve.request import ChatRequest, CompletionRequest, read_request

LIBRARY_WORDS = re.compile(
    r"extra inputs|validation|tuple|pydantic|instance of|input should|valid |dictionary", re.I
)

NAMES = ModelNames("m")
QUESTION = {"role": "user", "content": "a"}
CHAT = {"messages": [QUESTION]}
PROMPT = {"prompt": "a"}

ODD = [
    *(True, 0, 7, -1, 1.5, 10**400, float("nan"), "x", "\ud800"),
    *([], [1], [[]], [None], ["a", "b"], {}, {"a": 1}, {"type": "x"}),
    *([{"type": "image", "text": "a"}], [{"role": "robot"}], [QUESTION | {"content": [7]}]),
]


def refusal(kind: type[ChatRequest | CompletionRequest], body: object) -> str:
    """Return what is said of a body, nothing if it is taken."""
    try:
        read_request(json.dumps(body).encode(), kind, NAMES)
    except InvalidRequestError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (CHAT | {"tools": [{}]}, "tools: only [] is served; leave it out"),
        (CHAT | {"web_search_options": {}}, "web_search_options: not served; leave it out"),
        (CHAT | {"temperature": "warm"}, "temperature: must be a number"),
        (CHAT | {"temperature": float("nan")}, "temperature: must be a finite number"),
        (CHAT | {"top_p": float("inf")}, "top_p: must be a finite number"),
        (CHAT | {"mirostat": 2}, "mirostat: only 0 is served; leave it out"),
        (
            CHAT | {"n_predict": 5},
            "n_predict: only -1 is served; leave it out, and give max_tokens",
        ),
        (CHAT | {"model": ""}, "model: empty; leave it out: this endpoint serves m"),
        (CHAT | {"max_tokens": 1.5}, "max_tokens: must be a whole number"),
        (CHAT | {"stream": []}, "stream: must be true or false"),
        (CHAT | {"n": 5}, "n: only 1 is served; leave it out"),
        ({}, "messages: missing"),
        ({"messages": []}, "messages: must not be empty"),
        ({"messages": "a"}, "messages: must be a list"),
        ({"messages": ["a"]}, "messages.0: must be a group of names and values"),
        (
            {"messages": [QUESTION | {"role": "robot"}]},
            "messages.0.role: must be 'system', 'developer', 'user', 'assistant', 'tool' or "
            "'function'",
        ),
        ([], "body: must be a group of names and values"),
    ],
)
def test_a_request_at_fault_is_told_its_field_in_plain_words(body: object, said: str) -> None:
    assert refusal(ChatRequest, body) == said


@pytest.mark.parametrize(("kind", "body"), [(ChatRequest, CHAT), (CompletionRequest, PROMPT)])
def test_no_answer_to_an_odd_value_holds_a_librarys_words(
    kind: type[ChatRequest | CompletionRequest], body: dict[str, object]
) -> None:
    fields = [*kind.model_fields, *NEUTRAL, *SAMPLING, "z"]
    told = [refusal(kind, body | {name: odd}) for name in fields for odd in ODD]
    told += [refusal(kind, odd) for odd in ODD]
    assert sum(map(bool, told)) > len(told) / 2
    assert [said for said in told if LIBRARY_WORDS.search(said)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name, values in {**NEUTRAL, **SAMPLING}.items() for value in values),
        *((name, None) for name in NEUTRAL),
        *((name, odd) for name in sorted(WITHOUT_EFFECT) for odd in ("x", {"a": [1]}, 5, True)),
        ("max_tokens", -1),
        ("top_p", 0),
        ("stream_options", {"include_obfuscation": False, "include_usage": True}),
        ("a_field_of_tomorrow", {"a": 1}),
    ],
)
@pytest.mark.parametrize(("kind", "body"), [(ChatRequest, CHAT), (CompletionRequest, PROMPT)])
def test_what_changes_nothing_is_taken(
    kind: type[ChatRequest | CompletionRequest], body: dict[str, object], name: str, value: object
) -> None:
    assert refusal(kind, body | {name: value}) == ""


@pytest.mark.parametrize("name", [*NEUTRAL, "top_k"])
def test_what_would_change_the_answer_is_refused_by_its_name(name: str) -> None:
    said = refusal(ChatRequest, CHAT | {name: ["something else"], "temperature": 0.5})
    assert said.startswith(f"{name}: ")
    assert re.search("leave it out(, and give [a-z_]+)?$", said) or said.endswith("temperature 0")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("xtc_probability", 0.5), ("dry_multiplier", 0.8), ("dynatemp_range", 0.5)),
        *(("typical_p", 0.5), ("max_new_tokens", 5), ("allowed_token_ids", [1])),
        *(("truncate_prompt_tokens", 5), ("bad_words", ["a"]), ("logit_bias", [[5, -1]])),
        *(("adaptive_target", 0.4), ("vllm_xargs", {"a": 1}), ("lora", [{"id": 0, "scale": 1}])),
    ],
)
def test_what_llama_cpp_vllm_and_tgi_would_answer_otherwise_with_is_refused_at_any_temperature(
    name: str, value: object
) -> None:
    for temperature in (0, 1):
        said = refusal(ChatRequest, CHAT | {name: value, "temperature": temperature})
        assert said.startswith(f"{name}: ")


def test_what_llama_cpps_own_page_sends_by_default_is_taken() -> None:
    # GET /props of llama.cpp's server: default_generation_settings
    sent = {
        **{"dynatemp_range": 0.0, "dynatemp_exponent": 1.0, "xtc_probability": 0.0},
        **{"xtc_threshold": 0.1, "typical_p": 1.0, "repeat_last_n": 64, "repeat_penalty": 1.0},
        **{"dry_multiplier": 0.0, "dry_base": 1.75, "dry_allowed_length": 2, "mirostat": 0},
        **{"dry_penalty_last_n": 64, "dry_sequence_breakers": ["\n"], "mirostat_tau": 5.0},
        **{"mirostat_eta": 0.1, "n_predict": -1, "n_probs": 0, "samplers": ["dry", "top_k"]},
    }
    assert refusal(ChatRequest, CHAT | sent) == ""
    assert unread(sent) == []


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]], [7]])
def test_a_prompt_of_token_ids_is_told_that_they_are_not_served(prompt: object) -> None:
    said = refusal(CompletionRequest, {"prompt": prompt})
    assert said == "prompt: token ids are not served; send the text"


def test_what_cuts_off_unlikely_tokens_changes_nothing_at_temperature_0() -> None:
    assert refusal(ChatRequest, CHAT | {"top_k": 40, "min_p": 0.1}) == ""
    assert refusal(ChatRequest, CHAT | {"top_k": 40, "temperature": 1}) == (
        "top_k: only -1 or 0 or 1 is served; leave it out, or set temperature 0"
    )
    assert refusal(ChatRequest, CHAT | {"top_k": 1, "min_p": 0.1, "temperature": 1}) == ""
    body = json.dumps(CHAT | {"top_k": 1, "temperature": 1}).encode()
    assert read_request(body, ChatRequest, NAMES).heat == 0.0


@pytest.mark.parametrize(
    "message",
    [
        {"annotations": [], "id": "1", "type": "message", "cache_control": {"type": "ephemeral"}},
        {"tool_calls": [], "function_call": None, "refusal": None, "audio": None, "name": "ana"},
        {"content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
    ],
)
def test_fields_of_messages_that_change_nothing_are_taken(message: dict[str, object]) -> None:
    assert refusal(ChatRequest, {"messages": [QUESTION | message]}) == ""


def test_words_of_two_parts_of_a_message_stay_apart() -> None:
    content = [{"type": "text", "text": text} for text in ("Who", "was it?")]
    body = json.dumps({"messages": [QUESTION | {"content": content}]}).encode()
    assert read_request(body, ChatRequest, NAMES).messages[0].plain.content == "Who\nwas it?"


def test_of_fields_nobody_knows_the_request_tells_the_names() -> None:
    body = json.dumps(CHAT | {"temprature": 1, "user": "ana", "tools": []}).encode()
    assert unread(read_request(body, ChatRequest, NAMES).others) == ["temprature"]


@pytest.mark.parametrize("content", [None, "", " \n", []])
@pytest.mark.parametrize("mode", ["last", "whole"])
def test_a_question_without_text_is_refused_by_its_place(
    content: object, mode: Conversation
) -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "user", "content": content}]
    request = read_request(json.dumps({"messages": messages}).encode(), ChatRequest, NAMES)
    with pytest.raises(InvalidRequestError, match=r"messages\.1\.content: no text in it"):
        asked(request.messages, "", mode)

"""What a client is told of a request that is not served: its field, in plain words."""

import json
import re

import pytest

from gabarito.serve.engine import InvalidRequestError
from gabarito.serve.request import ChatRequest, CompletionRequest, read_request

LIBRARY_WORDS = re.compile(
    r"extra inputs|validation|tuple|pydantic|instance of|input should|valid |dictionary", re.I
)

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
        read_request(json.dumps(body).encode(), kind, "m")
    except InvalidRequestError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (CHAT | {"tools": []}, "tools: unknown field; leave it out"),
        (CHAT | {"temperature": "warm"}, "temperature: must be a number"),
        (CHAT | {"max_tokens": 1.5}, "max_tokens: must be a whole number"),
        (CHAT | {"stream": []}, "stream: must be true or false"),
        (CHAT | {"n": 5}, "n: must be 1"),
        ({}, "messages: missing"),
        ({"messages": []}, "messages: must not be empty"),
        ({"messages": "a"}, "messages: must be a list"),
        ({"messages": ["a"]}, "messages.0: must be a group of names and values"),
        (
            {"messages": [QUESTION | {"role": "robot"}]},
            "messages.0.role: must be 'system', 'developer', 'user' or 'assistant'",
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
    told = [refusal(kind, body | {name: odd}) for name in [*kind.model_fields, "z"] for odd in ODD]
    told += [refusal(kind, odd) for odd in ODD]
    assert sum(map(bool, told)) > len(told) / 2
    assert [said for said in told if LIBRARY_WORDS.search(said)] == []

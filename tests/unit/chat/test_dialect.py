import json
import threading
from collections.abc import Callable

import pytest

from gabarito.chat import ChatClient, ChatEndpoint, Dialect, request_body
from gabarito.core.errors import SettingsError
from gabarito.core.records import Message

from .script import Handler, Scripted, fails, says

Serve = Callable[..., Scripted]

PARAMETERS = {"temperature": 0.7, "max_tokens": 4096, "seed": 7}
BODY = request_body(
    "m", [Message(role="system", content="rules"), Message(role="user", content="olá")], PARAMETERS
)


@pytest.mark.parametrize(
    ("said", "field", "sent"),
    [
        (
            "unsupported_parameter max_tokens Unsupported parameter: 'max_tokens' is not supported "
            "with this model. Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
            4096,
        ),
        (
            "unsupported_value temperature Unsupported value: 'temperature' does not support 0.7 "
            "with this model. Only the default (1) value is supported.",
            "temperature",
            None,
        ),
        ("[{'type': 'extra_forbidden', 'loc': ('body', 'seed')}] Extra inputs", "seed", None),
        ("Unrecognized request argument supplied: seed", "seed", None),
    ],
)
def test_a_field_is_renamed_or_left_out_as_the_refusal_says(
    said: str, field: str, sent: int | None
) -> None:
    learned = Dialect().learn(said, BODY)
    assert learned is not None
    assert learned.spoken(BODY).get(field) == sent
    assert learned.learn(said, BODY) is None or field == "max_completion_tokens"


@pytest.mark.parametrize(
    "said",
    [
        "max_tokens is too large: 4096. This model supports at most 2048 completion tokens.",
        "temperature must be at most 1",
        "max_tokens: 4096 is not supported for this model: at most 2048",
        "This model's maximum context length is 8192 tokens",
        "Unsupported parameter: 'reasoning_effort'",
    ],
)
def test_what_the_settings_must_mend_is_no_dialect(said: str) -> None:
    body = BODY | {"reasoning_effort": "low"}
    assert Dialect().learn(said, body) is None


@pytest.mark.parametrize(
    "said",
    ["System role not supported", "Developer instruction is not enabled for models/gemma-3"],
)
def test_a_system_message_that_is_refused_goes_before_the_users(said: str) -> None:
    learned = Dialect().learn(said, BODY)
    assert learned is not None
    assert learned.spoken(BODY)["messages"] == [{"role": "user", "content": "rules\n\nolá"}]


def picky(handler: Handler) -> None:
    """Answer as a reasoning model does: other names, no temperature."""
    body = handler.server.requests[-1][3]
    if "max_tokens" in body:
        fails(400, said="'max_tokens' is not supported. Use 'max_completion_tokens'.")(handler)
    elif "temperature" in body:
        fails(400, said="Unsupported value: 'temperature'")(handler)
    else:
        says("sim")(handler)


def test_what_is_refused_is_learned_once(serve: Serve) -> None:
    server = serve(picky)
    learned: list[Dialect] = []
    chat = ChatClient(ChatEndpoint(server.url), remember=learned.append)
    assert [chat.complete(BODY).text for _ in range(3)] == ["sim"] * 3
    assert len(server.requests) == 2 + 3
    assert learned[-1] == chat.dialect
    again = ChatClient(ChatEndpoint(server.url), dialect=learned[-1])
    again.complete(BODY)
    assert len(server.requests) == 6


def test_many_at_once_learn_the_same(serve: Serve) -> None:
    chat = ChatClient(ChatEndpoint(serve(picky).url))
    threads = [threading.Thread(target=chat.complete, args=(BODY,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (chat.dialect.names, chat.dialect.left_out) == (
        {"max_tokens": "max_completion_tokens"},
        ("temperature",),
    )


def test_a_further_field_that_is_refused_is_a_matter_of_settings(serve: Serve) -> None:
    chat = ChatClient(ChatEndpoint(serve(fails(400, said="Unsupported: 'top_k'")).url))
    with pytest.raises(SettingsError, match=r"top_k.*change those of its settings"):
        chat.complete(BODY | {"top_k": 5})


def test_a_key_for_azure_has_a_header_of_its_own(serve: Serve) -> None:
    server = serve(says("sim"))
    url = f"{server.url}?api-version=2024-10-21"
    ChatClient(ChatEndpoint(url, key="abc")).complete(BODY)
    _, path, headers, body = server.requests[0]
    assert path == "/v1/chat/completions?api-version=2024-10-21"
    assert (headers["api-key"], "Authorization" in headers) == ("abc", False)
    assert json.dumps(body) == json.dumps(BODY)

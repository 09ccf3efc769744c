"""What of a conversation is asked, and what the reply says of the rest."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

Start = Callable[..., AbstractContextManager[Any]]

TURNS = [("system", "h"), ("user", "a c"), ("assistant", "d"), ("user", "e f")]


def asked(url: str, turns: list[tuple[str, Any]], **fields: object) -> tuple[int, Any]:
    messages = [{"role": role, "content": content} for role, content in turns]
    body = json.dumps({"messages": messages, **fields}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def said(reply: dict[str, Any]) -> tuple[str, Any]:
    choice = reply["choices"][0]
    return choice["message"]["content"], choice["gabarito"].get("left_aside")


def test_the_last_question_is_asked_alone_under_the_trained_prompt(serving: Start) -> None:
    with serving(system="t") as server:
        _, reply = asked(server.url, TURNS)
    assert said(reply) == ("tef", {"earlier_messages": 2, "system_prompts": 1})


def test_a_whole_conversation_is_asked_as_it_stands(serving: Start) -> None:
    with serving(system="t", conversation="whole") as server:
        _, reply = asked(server.url, TURNS)
        _, alone = asked(server.url, TURNS[1:])
    assert said(reply) == ("hacdef", None)
    assert said(alone) == ("tacdef", None)


def test_of_a_question_under_the_trained_prompt_nothing_is_left_aside(serving: Start) -> None:
    with serving(system="t") as server:
        assert said(asked(server.url, [("user", "a")])[1]) == ("ta", None)
        assert said(asked(server.url, [("system", "t"), ("user", "a")])[1]) == ("ta", None)


def test_a_system_message_may_stand_behind_the_question(serving: Start) -> None:
    with serving() as server:
        _, reply = asked(server.url, [("user", "a c"), ("developer", "d")])
    assert said(reply) == ("ac", {"system_prompts": 1})


@pytest.mark.parametrize("mode", ["last", "whole"])
@pytest.mark.parametrize("last", ["assistant", "tool", "function"])
def test_a_conversation_that_does_not_end_with_a_question_is_refused(
    serving: Start, last: str, mode: str
) -> None:
    with serving(conversation=mode) as server:
        status, reply = asked(server.url, [*TURNS, (last, "It is")])
        only_system, _ = asked(server.url, [("system", "a")])
    assert (status, reply["error"]["param"], only_system) == (400, "messages", 400)
    assert f"role '{last}'" in reply["error"]["message"]


def test_what_tools_said_earlier_is_left_aside_or_refused(serving: Start) -> None:
    turns = [("user", "a"), ("assistant", None), ("tool", "d"), ("user", "c")]
    with serving() as server:
        assert said(asked(server.url, turns)[1]) == ("c", {"earlier_messages": 3})
    with serving(conversation="whole") as server:
        status, reply = asked(server.url, turns)
    assert (status, reply["error"]["param"]) == (400, "messages.2")


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
REFUSED = {"type": "refusal", "refusal": "I will not."}


def test_what_is_no_text_may_stand_in_what_is_left_aside(serving: Start) -> None:
    turns = [("user", [IMAGE]), ("assistant", [REFUSED]), ("user", [{"type": "text", "text": "c"}])]
    with serving() as server:
        assert said(asked(server.url, turns)[1]) == ("c", {"earlier_messages": 2})
    with serving(conversation="whole") as server:
        status, reply = asked(server.url, turns)
    assert (status, reply["error"]["param"]) == (400, "messages.0.content.0.type")
    assert reply["error"]["message"] == "messages.0.content.0.type: must be 'text'"


@pytest.mark.parametrize(("part", "field"), [(IMAGE, "type"), ({"type": "text"}, "text")])
@pytest.mark.parametrize("mode", ["last", "whole"])
def test_a_part_of_the_question_that_is_no_text_is_refused_by_its_place(
    serving: Start, part: dict[str, object], field: str, mode: str
) -> None:
    turns = [("user", "a"), ("assistant", "b"), ("user", [{"type": "text", "text": "c"}, part])]
    with serving(conversation=mode) as server:
        status, reply = asked(server.url, turns)
    assert (status, reply["error"]["param"]) == (400, f"messages.2.content.1.{field}")


def test_a_stream_says_at_its_end_what_was_left_aside_and_not_read(serving: Start) -> None:
    messages = [{"role": role, "content": content} for role, content in TURNS]
    body = json.dumps({"messages": messages, "stream": True, "temprature": 1}).encode()
    with (
        serving() as server,
        urllib.request.urlopen(f"{server.url}/v1/chat/completions", body, timeout=10) as response,
    ):
        events = response.read().decode().split("\n\n")
    about = json.loads(events[-3].removeprefix("data: "))["choices"][0]["gabarito"]
    assert about["left_aside"] == {"earlier_messages": 2, "system_prompts": 1}
    assert about["unread"] == ["temprature"]

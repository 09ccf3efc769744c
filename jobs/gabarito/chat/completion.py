"""The reply that a response holds, in any of the shapes in which endpoints send it."""

import json
import math
from collections.abc import Iterator
from typing import Any

from gabarito.chat.foreign_text import hidden
from gabarito.core.records import Record

CHARS_PER_TOKEN = 3
"""For endpoints that report no usage: few languages have shorter tokens, so cost is not hidden."""

MAX_TOKENS = 1_000_000_000
"""No reply used more: such a figure is nonsense, and one under 1 would lower what is spent."""

CUT = "length"
_CUT_ELSEWHERE = frozenset({"max_tokens", "max_output_tokens", "model_context_window_exceeded"})
"""What others call the protocol's ``length``, in any case."""


class Completion(Record):
    """A reply: its text, why it ended, what it used, and how many tries it took."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    tries: int = 1


def read_body(data: bytes) -> Any:  # noqa: ANN401  # JSON of others
    """Return the JSON of a body: in UTF-8, in latin-1, or in events that nobody asked for.

    Raises:
        Exception: one of ``NOT_AS_EXPECTED``, if it is none of these.
    """
    if data.lstrip()[:5] == b"data:":
        return _joined(_events(data.decode(errors="replace")))
    try:
        return json.loads(data)
    except UnicodeDecodeError:
        return json.loads(data.decode("latin-1"))


def completion_of(body: Any, prompt_chars: int, secret: str | None) -> Completion:  # noqa: ANN401
    """Return the reply of a body; a message without content is an empty one.

    Raises:
        Exception: one of ``NOT_AS_EXPECTED``, if there is no message in it.
    """
    choice = body["choices"][0]
    text = _text_of(choice["message"].get("content")).encode(errors="replace").decode()
    reason, usage = choice.get("finish_reason"), body.get("usage")
    used = usage if isinstance(usage, dict) else {}
    return Completion(
        text=hidden(text, secret),
        finish_reason=_plain_reason(reason),
        prompt_tokens=_tokens(used.get("prompt_tokens"), prompt_chars),
        completion_tokens=_tokens(used.get("completion_tokens"), len(text)),
    )


def cut_reply(prompt_chars: int) -> Completion:
    """Return the reply of a model that thought until its tokens were used up, and said nothing."""
    return Completion(
        text="",
        finish_reason=CUT,
        prompt_tokens=_tokens(None, prompt_chars),
        completion_tokens=0,
    )


def _text_of(content: Any) -> str:  # noqa: ANN401  # JSON of others
    """Return the text of a message: of a list of parts, those that are text and no thought."""
    if isinstance(content, list):
        parts = (part for part in content if isinstance(part, dict))
        return "".join(str(part.get("text") or "") for part in parts if part.get("type") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError
    return content or ""


def _plain_reason(reason: object) -> str:
    if not reason or not isinstance(reason, str):
        return "stop"
    return CUT if reason.lower() in _CUT_ELSEWHERE else reason


def _tokens(reported: object, chars: int) -> int:
    """Return a figure of the usage, or an estimate where none, or nonsense, is reported."""
    if isinstance(reported, int | float) and 1 <= reported <= MAX_TOKENS:
        return math.ceil(reported)
    return -(-chars // CHARS_PER_TOKEN)


def _events(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            yield json.loads(data)


def _joined(events: Iterator[Any]) -> dict[str, Any]:
    """Return the body that a stream of parts stands for."""
    whole: dict[str, Any] = {}
    parts, reason = [], None
    for event in events:
        whole |= {name: event[name] for name in ("usage", "error") if event.get(name)}
        for choice in event.get("choices") or ():
            parts.append(_text_of((choice.get("delta") or {}).get("content")))
            reason = choice.get("finish_reason") or reason
    message = {"content": "".join(parts)}
    return whole | {"choices": [{"message": message, "finish_reason": reason}]}

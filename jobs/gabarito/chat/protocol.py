"""The OpenAI chat protocol: what is sent, and what a response means."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from gabarito.core.errors import AccessError, GabaritoError, ServiceError, SettingsError
from gabarito.core.records import Message, Record

OK, BAD_REQUEST, PAYMENT, NOT_FOUND, TOO_MANY = 200, 400, 402, 404, 429
REFUSED = frozenset({401, 403, 407})
BUSY = frozenset({408, 409, 425, TOO_MANY})
SERVER_ERRORS = 500

CHARS_PER_TOKEN = 3
"""For endpoints that report no usage: few languages have shorter tokens, so cost is not hidden."""

SHOWN_CHARS = 200

_NOT_AS_EXPECTED = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What reading a body of another shape raises; JSON that is nested too deep, the last."""


class Completion(Record):
    """A reply: its text, why it ended, what it used, and how many tries it took."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    tries: int = 1


@dataclass(frozen=True)
class CallFailure:
    """Why a try gave no reply; with ``error`` another try is pointless."""

    what: str
    error: type[GabaritoError] | None = None
    cure: str = ""
    is_overload: bool = True
    is_silence: bool = False
    """Nothing answered at all."""
    pause_s: float = 0.0


def request_body(
    model: str, messages: Sequence[Message], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the body of a request; parameters that are None are left out."""
    body = {"model": model, "messages": [message.model_dump() for message in messages]}
    return body | {name: value for name, value in parameters.items() if value is not None}


def read_response(
    status: int, headers: Mapping[str, str], data: bytes, prompt_chars: int
) -> Completion | CallFailure:
    """Return the reply that a response holds, or the trouble that it tells of."""
    if status == OK:
        return _completion(data, prompt_chars)
    code, said = _error_of(data)
    what = f"answered {status}: {said}"
    if status < BAD_REQUEST:
        place = headers.get("Location", "nowhere")
        return CallFailure(
            f"answered {status}, which leads to {place}", SettingsError, "set its url"
        )
    if status == BAD_REQUEST and code == "content_filter":
        return Completion(
            text="", finish_reason="content_filter", prompt_tokens=0, completion_tokens=0
        )
    if status in REFUSED:
        return CallFailure(what, AccessError)
    if status == PAYMENT or code == "insufficient_quota":
        return CallFailure(
            what, ServiceError, "add credit, then start again; what was answered is saved"
        )
    if status in BUSY or status >= SERVER_ERRORS:
        return CallFailure(what, pause_s=pause_of(headers))
    if status == NOT_FOUND:
        return CallFailure(what, SettingsError, "check the teacher's model and url")
    return CallFailure(what, SettingsError, "change the settings of the teacher that it refuses")


def pause_of(headers: Mapping[str, str], now: float | None = None) -> float:
    """Return the seconds that a response asks to wait (RFC 9110, 10.2.3), or 0."""
    milliseconds = headers.get("retry-after-ms", "")
    value = headers.get("Retry-After", "")
    try:
        if milliseconds:
            return max(float(milliseconds) / 1000, 0.0)
        return max(float(value), 0.0) if value else 0.0
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except ValueError:
        return 0.0
    return max(moment - (time.time() if now is None else now), 0.0)


def _completion(data: bytes, prompt_chars: int) -> Completion | CallFailure:
    try:
        body = json.loads(data)
        choice = body["choices"][0]
        text = (choice["message"]["content"] or "").encode(errors="replace").decode()
        usage = body.get("usage") or {}
        return Completion(
            text=text,
            finish_reason=choice.get("finish_reason") or "stop",
            prompt_tokens=usage.get("prompt_tokens") or _tokens(prompt_chars),
            completion_tokens=usage.get("completion_tokens") or _tokens(len(text)),
        )
    except _NOT_AS_EXPECTED:
        what = f"answered what is no chat completion: {_shown(data)}"
        return CallFailure(what, is_overload=False)


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)


def _error_of(data: bytes) -> tuple[str, str]:
    """Return the code and the words of an error in OpenAI's shape, or the beginning of the body."""
    try:
        error = json.loads(data)["error"]
        if isinstance(error, str):
            return "", error
        return str(error.get("code") or error.get("type") or ""), str(error["message"])
    except _NOT_AS_EXPECTED:
        return "", _shown(data)


def _shown(data: bytes) -> str:
    text = " ".join(data[: 4 * SHOWN_CHARS].decode(errors="replace").split())
    return repr(text[:SHOWN_CHARS])

"""The OpenAI chat protocol: what is sent, and what a response means."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from gabarito.chat.http import Response
from gabarito.core.errors import AccessError, GabaritoError, ServiceError, SettingsError
from gabarito.core.records import Message, Record

OK, BAD_REQUEST, PAYMENT, NOT_FOUND, TOO_MANY = 200, 400, 402, 404, 429
REFUSED = frozenset({401, 403})
BUSY = frozenset({408, 409, 425, TOO_MANY})
SERVER_ERRORS = 500

CHARS_PER_TOKEN = 3
"""For endpoints that report no usage: few languages have shorter tokens, so cost is not hidden."""

MAX_TOKENS = 1_000_000_000
"""No reply used more: such a figure is nonsense, and one under 1 would lower what is spent."""

SHOWN_CHARS = 200

MIN_SECRET_CHARS = 8
"""A shorter key is a placeholder, such as ``none``; hiding it would tear words apart."""

MAX_ERROR_BYTES = 10_000
"""So much of a body that is no JSON is looked at."""

NOT_AS_EXPECTED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading a text of another shape raises; JSON that is nested too deep, the last."""


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
    response: Response, prompt_chars: int, secret: str | None = None
) -> Completion | CallFailure:
    """Return the reply that a response holds, or the trouble that it tells of.

    What others wrote may quote the request: ``secret`` is taken out of it.
    """
    status, headers = response.status, response.headers
    if status == OK:
        return _completion(response.body, prompt_chars, secret)
    code, said = _error_of(response.body)
    what = f"answered {status}: {shown(said, secret)}"
    if status < BAD_REQUEST:
        place = shown(headers.get("Location", "nowhere"), secret)
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
        seconds = float(milliseconds) / 1000 if milliseconds else float(value or 0)
        return max(seconds, 0.0) if math.isfinite(seconds) else 0.0
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (*NOT_AS_EXPECTED, OSError):
        return 0.0
    return max(moment - (time.time() if now is None else now), 0.0)


def shown(text: str, secret: str | None = None) -> str:
    """Return the beginning of what others wrote as one line, without a secret in it."""
    line = " ".join(hidden(text, secret).split())[:SHOWN_CHARS]
    return "".join(char if char.isprintable() else "?" for char in line)


def hidden(text: str, secret: str | None) -> str:
    """Return a text without a secret, also as JSON and URLs spell it."""
    if secret and len(secret) >= MIN_SECRET_CHARS:
        spelled = json.dumps(secret)[1:-1]
        for form in (secret, spelled, spelled.replace("/", r"\/"), quote(secret, safe="")):
            text = text.replace(form, "***")
    return text


def _completion(data: bytes, prompt_chars: int, secret: str | None) -> Completion | CallFailure:
    try:
        body = json.loads(data)
        choice = body["choices"][0]
        text = (choice["message"]["content"] or "").encode(errors="replace").decode()
        reason, usage = choice.get("finish_reason"), body.get("usage")
        used = usage if isinstance(usage, dict) else {}
        return Completion(
            text=hidden(text, secret),
            finish_reason=reason if reason and isinstance(reason, str) else "stop",
            prompt_tokens=_tokens(used.get("prompt_tokens"), prompt_chars),
            completion_tokens=_tokens(used.get("completion_tokens"), len(text)),
        )
    except NOT_AS_EXPECTED:
        what = f"answered what is no chat completion: {shown(_text(data), secret)!r}"
        return CallFailure(what, is_overload=False)


def _tokens(reported: object, chars: int) -> int:
    """Return a figure of the usage, or an estimate where none, or nonsense, is reported."""
    if isinstance(reported, int | float) and 1 <= reported <= MAX_TOKENS:
        return math.ceil(reported)
    return -(-chars // CHARS_PER_TOKEN)


def _error_of(data: bytes) -> tuple[str, str]:
    """Return the code and the words of an error in OpenAI's shape, or the body."""
    try:
        error = json.loads(data)["error"]
        if isinstance(error, str):
            return "", error
        return str(error.get("code") or error.get("type") or ""), str(error["message"])
    except NOT_AS_EXPECTED:
        return "", _text(data)


def _text(data: bytes) -> str:
    return data[:MAX_ERROR_BYTES].decode(errors="replace")

"""The OpenAI chat protocol: what is sent, and what a response means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gabarito.chat.completion import Completion, completion_of, cut_reply, read_body
from gabarito.chat.foreign_text import NOT_AS_EXPECTED, shown, text_of_body
from gabarito.chat.http import Response
from gabarito.chat.pauses import pause_of
from gabarito.core.errors import AccessError, GabaritoError, ServiceError, SettingsError
from gabarito.core.records import Message

OK, BAD_REQUEST, UNAUTHORISED, PAYMENT, FORBIDDEN = 200, 400, 401, 402, 403
NOT_FOUND, TOO_MANY, SERVER_ERRORS = 404, 429, 500
REFUSED = frozenset({UNAUTHORISED, FORBIDDEN})
BUSY = frozenset({408, 409, 425, TOO_MANY})
_MONEY = re.compile(
    r"insufficient_quota|billing_hard_limit|billing hard limit|credit balance is too low",
    re.IGNORECASE,
)
"""How providers say, with whatever status, that there is no credit left."""

_UNFINISHED = re.compile(r"could not finish the message|output limit was reached", re.IGNORECASE)
"""How they say that a model thought for as long as it may answer."""


@dataclass(frozen=True)
class CallFailure:
    """Why a try gave no reply; with ``error`` another try is pointless."""

    what: str
    error: type[GabaritoError] | None = None
    cure: str = ""
    status: int = 0
    is_overload: bool = True
    is_silence: bool = False
    """Nothing answered at all."""
    is_of_request: bool = False
    """Others may be answered."""
    pause_s: float = 0.0
    said: str = ""
    """All that is said of the error, its code and the parameter that it names, if one is."""


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
    if response.status == BAD_REQUEST and _UNFINISHED.search(_error_of(response.body)[1]):
        return cut_reply(prompt_chars)
    if response.status != OK:
        return _failure(response.status, response, secret)
    try:
        body = read_body(response.body)
        if "choices" not in body and body.get("error"):  # gateways pass on errors so
            return _failure(_status_in(body["error"]), response, secret)
        return completion_of(body, prompt_chars, secret)
    except NOT_AS_EXPECTED:
        what = (
            f"answered what is no chat completion: {shown(text_of_body(response.body), secret)!r}"
        )
        return CallFailure(what, is_overload=False, is_of_request=True)


def _failure(status: int, response: Response, secret: str | None) -> CallFailure:
    """Return what a response of an error means for its request, and for all others."""
    headers = response.headers
    if status < BAD_REQUEST:
        place = shown(headers.get("Location", "nowhere"), secret)
        return CallFailure(
            f"answered {status}, which leads to {place}", SettingsError, "set its url", status
        )
    code, message, named = _error_of(response.body)
    answered = f"{OK} with error {status}" if response.status == OK else f"{status}"
    what, said = f"answered {answered}: {shown(message, secret)}", f"{code} {named} {message}"
    if status == PAYMENT or _MONEY.search(said):
        cure = "add credit, then start again; what was answered is saved"
        return CallFailure(what, ServiceError, cure, status)
    if status in REFUSED:
        return CallFailure(what, AccessError, status=status, said=said)
    if status in BUSY or status >= SERVER_ERRORS:
        return CallFailure(what, status=status, pause_s=pause_of(headers))
    if status == NOT_FOUND:
        return CallFailure(what, SettingsError, "check its model and url", status)
    cure = "change those of its settings that it refuses"
    return CallFailure(what, SettingsError, cure, status, is_of_request=True, said=said)


def _status_in(error: object) -> int:
    """Return the status that an error within a good response stands for, else that of a server."""
    code = error.get("code") or error.get("status") if isinstance(error, dict) else None
    try:
        status = int(str(code))
    except ValueError:
        return SERVER_ERRORS
    return status if BAD_REQUEST <= status < 600 else SERVER_ERRORS


def _error_of(data: bytes) -> tuple[str, str, str]:
    """Return code, words and named parameter of an error in OpenAI's shape, or the body."""
    try:
        error = read_body(data)["error"]
        if isinstance(error, str):
            return "", error, ""
        code = str(error.get("code") or error.get("type") or "")
        return code, str(error["message"]), str(error.get("param") or "")
    except NOT_AS_EXPECTED:
        return "", text_of_body(data), ""


def of_known_endpoint(trouble: CallFailure) -> CallFailure:
    """Return what a failure means of an endpoint that has given good replies.

    Its address was right, so 404 is a pod that starts again; its key was, so 403 is a filter's.
    """
    if trouble.status == NOT_FOUND:
        return replace(trouble, error=None)
    return replace(trouble, is_of_request=True) if trouble.status == FORBIDDEN else trouble

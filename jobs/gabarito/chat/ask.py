"""A question to an OpenAI-compatible endpoint of Gabarito, and what came back."""

import http.client
import json
import urllib.error
import urllib.request
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.core.records import Record

TIMEOUT_S = 60.0
_LATER = (408, 429)  # too slow, too busy: a later request may be answered

R = TypeVar("R", bound=BaseModel)


class EndpointReply(Record):
    """An answer, its probability in 0..1, and whether the model knows (else it refused)."""

    text: str
    probability: float
    known: bool


class _Message(BaseModel):
    content: str


class _About(BaseModel):
    probability: float
    known: bool


class _Choice(BaseModel):
    message: _Message
    gabarito: _About


class _Response(BaseModel):
    """What is read of a response; there is more in it."""

    choices: list[_Choice] = Field(min_length=1)


class _Ready(BaseModel):
    model: str


def ask(address: str, question: str, token: str | None = None) -> EndpointReply:
    """Return what the endpoint at ``address`` (``http://host:port``) answers.

    Raises:
        UsageError: if the address is no URL.
        ServiceError: if it does not answer, or not as an endpoint of Gabarito.
        AccessError: if it refuses the token.
        DataError: if it refuses the request.
    """
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    request = _request(address, "/v1/chat/completions", body, token)
    choice = _parsed(_Response, _called(request, address), address).choices[0]
    about = choice.gabarito
    return EndpointReply(
        text=choice.message.content, probability=about.probability, known=about.known
    )


def served_name(address: str) -> str:
    """Return the name of the model that is served at ``address``, once it is ready.

    Raises:
        ServiceError: if nothing is ready there.
    """
    return _parsed(_Ready, _called(_request(address, "/ready"), address), address).model


def _request(
    address: str, path: str, body: bytes | None = None, token: str | None = None
) -> urllib.request.Request:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if not address.startswith(("http://", "https://")):
        raise _no_url(address, "it begins with neither http:// nor https://")
    try:
        return urllib.request.Request(f"{address}{path}", body, headers)
    except ValueError as error:
        raise _no_url(address, error) from error


def _called(request: urllib.request.Request, address: str) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            data: bytes = response.read()
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(address, error.code, error.read().decode(errors="replace")) from error
    except http.client.InvalidURL as error:
        raise _no_url(address, error) from error
    except (OSError, http.client.HTTPException) as error:
        message = f"{address}: does not answer: {error!s:.200}; start it with gabarito serve"
        raise ServiceError(message) from error
    return data


def _parsed(kind: type[R], data: bytes, address: str) -> R:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        message = (
            f"{address}: not an endpoint of Gabarito: {place}: {first['msg'].lower()}; give the "
            "address that gabarito serve prints"
        )
        raise ServiceError(message) from error


def _no_url(address: str, why: object) -> UsageError:
    return UsageError(f"{address}: not a URL: {why}; write http://host:port")


def _refusal(address: str, status: int, said: str) -> AccessError | DataError | ServiceError:
    message = f"{address}: answered {status}: {said:.200}"
    if status in (401, 403):
        return AccessError(f"{message}; set GABARITO_SERVE_TOKEN")
    return ServiceError(message) if status in _LATER or status >= 500 else DataError(message)

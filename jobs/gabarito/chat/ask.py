"""A question to an OpenAI-compatible endpoint of Gabarito, and what came back."""

import json
from typing import TypeVar

import urllib3
from pydantic import BaseModel, Field, ValidationError

from gabarito.chat.foreign_text import shown
from gabarito.chat.http import Response, open_pool, reason_of, send
from gabarito.chat.protocol import BAD_REQUEST, BUSY, OK, REFUSED, SERVER_ERRORS
from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.core.http_url import split_url
from gabarito.core.mistakes import first_mistake
from gabarito.core.records import Record

TIMEOUT_S = 60.0

R = TypeVar("R", bound=BaseModel)


class ShownProof(BaseModel):
    """The fact that bears out an answer, and where it stands; there may be more of it."""

    statement: str
    quote: str
    title: str
    source: str
    url: str
    section: str


class EndpointReply(Record):
    """An answer, its probability in 0..1, and whether the model knows (else it refused).

    The probability is None where an engine in a container does not tell it. ``text`` is the answer
    alone. ``verified`` tells whether a fact bears it out, None where the endpoint cannot tell;
    ``digest`` is that of the model that answered, None of a folder that nobody promoted.
    """

    text: str
    probability: float | None
    known: bool
    verified: bool | None = None
    proof: ShownProof | None = None
    digest: str | None = None

    @property
    def chance(self) -> str:
        """The probability in two digits."""
        return "not known" if self.probability is None else f"{self.probability:.2f}"


class _Message(BaseModel):
    content: str


class _About(BaseModel):
    probability: float | None
    known: bool
    verified: bool | None = None
    proof: ShownProof | None = None
    digest: str | None = None
    answer: str | None = None


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
    data = _called(address, "/v1/chat/completions", body, token)
    choice = _parsed(_Response, data, address).choices[0]
    about = choice.gabarito
    return EndpointReply(
        text=choice.message.content if about.answer is None else about.answer,
        **about.model_dump(exclude={"answer"}),
    )


def served_name(address: str) -> str:
    """Return the name of the model that is served at ``address``, once it is ready.

    Raises:
        ServiceError: if nothing is ready there.
    """
    return _parsed(_Ready, _called(address, "/ready"), address).model


def _called(address: str, path: str, body: bytes | None = None, token: str | None = None) -> bytes:
    """Return the body of a good response; a token goes where it is meant to and nowhere else."""
    parts = split_url(address)
    if parts is None:
        raise UsageError(f"{address}: not a URL; write http://host:port")
    if parts.username is not None:
        raise UsageError(
            f"{parts.hostname}: no user or password in the address; set GABARITO_SERVE_TOKEN"
        )
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with open_pool(address, TIMEOUT_S) as pool:
            method = "POST" if body else "GET"
            response = send(pool, method, f"{address}{path}", headers, body)
    except TimeoutError as error:
        raise ServiceError(
            f"{address}: gave no whole answer within {TIMEOUT_S:g} s; ask again later"
        ) from error
    except urllib3.exceptions.HTTPError as error:
        said = shown(reason_of(error), token)
        raise ServiceError(
            f"{address}: does not answer: {said}; start it with gabarito serve"
        ) from error
    if response.status != OK:
        raise _refusal(address, response, token)
    return response.body


def _parsed(kind: type[R], data: bytes, address: str) -> R:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        said = first_mistake(error, "body")
        raise ServiceError(
            f"{address}: not an endpoint of Gabarito: {said}; give the address that gabarito serve "
            "prints"
        ) from error


def _refusal(
    address: str, response: Response, token: str | None
) -> AccessError | DataError | ServiceError:
    status = response.status
    if status < BAD_REQUEST:
        place = shown(response.headers.get("Location", "nowhere"), token)
        return ServiceError(
            f"{address}: answered {status}, which leads to {place}; give the address it leads to"
        )
    message = (
        f"{address}: answered {status}: {shown(response.body.decode(errors='replace'), token)}"
    )
    if status in REFUSED:
        return AccessError(f"{message}; set GABARITO_SERVE_TOKEN")
    is_passing = status in BUSY or status >= SERVER_ERRORS
    return ServiceError(message) if is_passing else DataError(message)

"""The client of another engine's server: /v1/models and, as a stream, /v1/completions.

Source: the OpenAI API reference for completions; a prompt may be a list of token ids. What is
beside it: llama.cpp's server gives ``logprobs.content`` with the id of each token; vLLM gives
``token_ids`` for ``return_token_ids``, and before 0.10.2 tokens that are called ``token_id:7``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from pydantic import BaseModel, Field, ValidationError

from gabarito.core.errors import DataError, ServiceError, UsageError
from gabarito.core.mistakes import sentence_of
from gabarito.serve.engine import FinishReason

CONNECT_S = 10.0
QUEUED_S = 1800.0
"""So long one answer may say nothing: an engine that writes fewer at once lets the others wait."""

HEALTH_S = 30.0
MOST_CONNECTIONS = 1024
MAX_SAID_CHARS = 300
_CHUNK = 1 << 16
_TOKEN_ID = "token_id:"
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

T = TypeVar("T")


class EngineRefusedError(DataError):
    """The engine refuses one request; it goes on with the others."""


@dataclass(frozen=True)
class StreamPart:
    """What one event of a stream holds; ``ids`` and ``logprobs`` are None where they are not given.

    ``prompt_tokens`` is how many tokens the engine has read.
    """

    text: str
    ids: tuple[int, ...] | None
    logprobs: tuple[float, ...] | None
    end: FinishReason | None
    prompt_tokens: int | None


@dataclass(frozen=True)
class RemoteModel:
    """What an engine calls its model, and the most tokens that it takes, if it says so."""

    name: str
    most_tokens: int | None


class _ModelMeta(BaseModel):
    n_ctx: int | None = None


class _ModelEntry(BaseModel):
    id: str
    max_model_len: int | None = None
    meta: _ModelMeta | None = None


class _ModelsReply(BaseModel):
    data: list[_ModelEntry] = Field(min_length=1)


class _TokenLogprob(BaseModel):
    id: int | None = None
    logprob: float | None = None


class _StreamLogprobs(BaseModel):
    content: list[_TokenLogprob] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None

    def ids(self) -> list[int | None] | None:
        if self.content is not None:
            return [one.id for one in self.content]
        if self.tokens is None or not all(one.startswith(_TOKEN_ID) for one in self.tokens):
            return None
        return [int(one.removeprefix(_TOKEN_ID)) for one in self.tokens]

    def values(self) -> list[float | None] | None:
        if self.content is not None:
            return [one.logprob for one in self.content]
        return self.token_logprobs


class _StreamChoice(BaseModel):
    text: str | None = None
    token_ids: list[int | None] | None = None
    logprobs: _StreamLogprobs | None = None
    finish_reason: str | None = None


class _StreamUsage(BaseModel):
    prompt_tokens: int


class _StreamEvent(BaseModel):
    choices: list[_StreamChoice] = []
    usage: _StreamUsage | None = None
    error: Any = None

    def part(self) -> StreamPart:
        choice = self.choices[0] if self.choices else _StreamChoice()
        logprobs = choice.logprobs or _StreamLogprobs()
        reason = choice.finish_reason
        return StreamPart(
            text=choice.text or "",
            ids=_whole(choice.token_ids or logprobs.ids()),
            logprobs=_whole(logprobs.values()),
            end="length" if reason == "length" else "stop" if reason else None,
            prompt_tokens=self.usage.prompt_tokens if self.usage else None,
        )


def _whole(values: Sequence[T | None] | None) -> tuple[T, ...] | None:
    """Return values of which none is missing."""
    found = tuple(value for value in values or () if value is not None)
    return found if values is not None and len(found) == len(values) else None


class CompletionsClient:
    """Asks one server."""

    def __init__(self, address: str) -> None:
        """Ask at ``address`` (``http://host:port``); nothing is sent yet.

        Raises:
            UsageError: if it is no address.
        """
        try:
            parts = urllib3.util.parse_url(address)
        except urllib3.exceptions.LocationParseError:
            parts = urllib3.util.Url()
        if parts.scheme not in ("http", "https") or not parts.host:
            raise UsageError(f"--engine-url: not a URL, got {address!r}; write http://host:port")
        if parts.auth:  # it would stand in messages and logs, and is never sent
            raise UsageError(
                f"--engine-url: no user or password in the address of {parts.host}; an engine is "
                "asked without, let it listen where only this endpoint reaches it"
            )
        self.address = address.rstrip("/").removesuffix("/v1")
        # no proxy: an engine stands beside; and no connection is used again: some servers close one
        # at the end of a stream, and the next request would meet that
        close = {"Connection": "close"}
        self._pool = urllib3.PoolManager(headers=close, maxsize=MOST_CONNECTIONS, retries=False)

    def model(self) -> RemoteModel:
        """Return what it serves.

        Raises:
            ServiceError: if it does not answer, or not yet.
            DataError: if it is no such server, or serves no model.
        """
        try:
            reply = _ModelsReply.model_validate_json(self._read("GET", "/v1/models", None))
        except ValidationError as error:
            raise self._no_models(f"data: {sentence_of(error.errors()[0])}") from error
        except EngineRefusedError as error:
            raise self._no_models(str(error)) from error
        first = reply.data[0]
        return RemoteModel(first.id, first.max_model_len or (first.meta or _ModelMeta()).n_ctx)

    def complete(self, body: Mapping[str, object]) -> None:
        """Have an answer written whole.

        Raises:
            EngineRefusedError: if it refuses that.
            ServiceError: if it does not answer.
        """
        self._read("POST", "/v1/completions", body)

    def open(
        self, method: str, path: str, body: Mapping[str, object] | None, silence_s: float
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return its response, of which nothing but the status is read.

        Raises:
            EngineRefusedError: if it refuses the request.
            ServiceError: if it does not answer.
        """
        with self.silence():
            response = self._pool.request(
                method,
                self.address + path,
                json=None if body is None else dict(body),
                preload_content=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=silence_s),
            )
            if response.status == HTTPStatus.OK:
                return response
            said = _in_one_line(_reason_in(response.read(_CHUNK)))
            response.close()
        message = f"{self.address}: answers {response.status}: {said}"
        is_ours = response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_ours and response.status not in _PASSING:
            raise EngineRefusedError(message)
        raise ServiceError(message)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Say of an engine that does not answer, or not to the end, where it is.

        Raises:
            ServiceError: in place of what urllib3 raises.
        """
        try:
            yield
        except urllib3.exceptions.HTTPError as error:
            said = _in_one_line(str(error).rpartition(": ")[2])
            raise ServiceError(
                f"{self.address}: the engine does not answer: {said}; see the log of its container"
            ) from error

    def _no_models(self, said: str) -> DataError:
        return DataError(
            f"{self.address}: lists no model at /v1/models: {said}; give the address of an "
            "OpenAI-compatible server that serves this model from its start"
        )

    def _read(self, method: str, path: str, body: Mapping[str, object] | None) -> bytes:
        response = self.open(method, path, body, HEALTH_S)
        with self.silence():
            return response.data


class CompletionStream:
    """One answer as it is written; one thread reads its parts, another one may close it."""

    def __init__(self, client: CompletionsClient, body: Mapping[str, object]) -> None:
        self._client = client
        self._body = body
        self._response: urllib3.BaseHTTPResponse | None = None
        self._is_closed = False

    def parts(self) -> Iterator[StreamPart]:
        """Send the request and yield what comes back.

        Raises:
            EngineRefusedError: if the engine refuses it, or says that it has failed with it.
            ServiceError: if it does not answer, or not to the end.
        """
        response = self._client.open("POST", "/v1/completions", self._body, QUEUED_S)
        self._response = response
        if self._is_closed:  # while nothing had come back
            self.close()
        for line in self._lines(response):
            kind, _, data = line.partition(b":")
            if kind == b"data" and data.strip() != b"[DONE]":
                yield self._part(data)

    def close(self) -> None:
        """Let the engine stop: whoever waits for a part gets no more of them."""
        self._is_closed = True
        if self._response is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has ended meanwhile
                self._response.shutdown()

    def _lines(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        rest = b""
        with self._client.silence():
            while chunk := response.read1(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
            response.release_conn()

    def _part(self, data: bytes) -> StreamPart:
        try:
            event = _StreamEvent.model_validate_json(data)
        except ValidationError as error:
            said = _in_one_line(data.decode(errors="replace"))
            raise ServiceError(
                f"{self._client.address}: no event of a completion: {said}"
            ) from error
        if event.error is not None:
            said = _in_one_line(_reason_in(data))
            raise EngineRefusedError(f"{self._client.address}: the engine fails: {said}")
        return event.part()


def _reason_in(body: bytes) -> str:
    """Return the message in an error's body, or the body if it is of another shape."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")


def _in_one_line(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= MAX_SAID_CHARS else f"{shown[:MAX_SAID_CHARS]}…"

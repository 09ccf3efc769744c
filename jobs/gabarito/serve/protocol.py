"""The OpenAI protocol as far as it is served: requests in, responses and errors out. Pure.

Source: the OpenAI API reference for chat completions and completions. Beside its fields
each choice carries ``gabarito``: the answer's probability and whether the model knows.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gabarito.core.records import Message

Finish = Literal["stop", "length"]


class RefusedError(Exception):
    """A request that is answered with an error of the protocol."""

    def __init__(self, status: int, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param

    def body(self) -> dict[str, object]:
        """Return the error as the protocol shapes it."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


class StreamOptions(BaseModel):
    """What a stream carries beside the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    include_usage: bool = False


class _Request(BaseModel):
    """Fields that both endpoints know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = None
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    user: str | None = None


class ChatRequest(_Request):
    """A body of ``/v1/chat/completions``."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False


class CompletionRequest(_Request):
    """A body of ``/v1/completions``."""

    prompt: str = Field(min_length=1)
    logprobs: int | None = Field(default=None, ge=0, le=1)


Q = TypeVar("Q", bound=_Request)


def read_request(body: bytes, kind: type[Q], served: str) -> Q:
    """Return the request that ``body`` holds.

    Raises:
        RefusedError: 400 if it is not JSON or not such a request, 404 if it asks for a model
            other than ``served``.
    """
    try:
        data = json.loads(body)
    except ValueError as error:
        message = f"the body is not JSON: {error}; send Content-Type application/json"
        raise RefusedError(400, message, "invalid_json") from error
    try:
        request = kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        message = f"{param or 'body'}: {first['msg'].lower()}"
        raise RefusedError(400, message, "invalid_request", param) from error
    if request.model not in (None, served):
        message = f"the model {request.model!r} does not exist; this endpoint serves {served!r}"
        raise RefusedError(404, message, "model_not_found", "model")
    return request


@dataclass(frozen=True)
class Token:
    """One generated token: its text as far as it is whole, and its log-probability (nats)."""

    text: str
    logprob: float


@dataclass(frozen=True)
class Answer:
    """A finished answer; ``probability`` is the product over its tokens, the end included."""

    text: str
    tokens: tuple[Token, ...]
    finish: Finish
    probability: float
    known: bool


@dataclass(frozen=True)
class Reply:
    """What all parts of one response share; ``created`` is in seconds since the epoch."""

    id: str
    created: int
    model: str
    chat: bool
    prompt_tokens: int

    def whole(self, answer: Answer, *, logprobs: bool) -> dict[str, object]:
        """Return the response that carries a whole answer."""
        choice: dict[str, Any] = {"index": 0, "finish_reason": answer.finish}
        if self.chat:
            choice["message"] = {"role": "assistant", "content": answer.text}
        else:
            choice["text"] = answer.text
        choice["logprobs"] = _logprobs(answer.tokens, chat=self.chat) if logprobs else None
        choice["gabarito"] = _about(answer)
        return {**self._head(""), "choices": [choice], "usage": self.usage(answer)}

    def chunk(self, text: str) -> str:
        """Return one event of a stream that carries a piece of the text."""
        part = {"delta": {"role": "assistant", "content": text}} if self.chat else {"text": text}
        return self._event({"index": 0, **part, "finish_reason": None})

    def last_chunks(self, answer: Answer, *, usage: bool) -> Iterable[str]:
        """Yield the events that end a stream."""
        part: dict[str, object] = {"delta": {}} if self.chat else {"text": ""}
        about = {"finish_reason": answer.finish, "gabarito": _about(answer)}
        yield self._event({"index": 0, **part, **about})
        if usage:
            head = {**self._head(".chunk"), "choices": [], "usage": self.usage(answer)}
            yield sse(head)
        yield "data: [DONE]\n\n"

    def usage(self, answer: Answer) -> dict[str, int]:
        """Return how many tokens went in and out."""
        out = len(answer.tokens)
        total = self.prompt_tokens + out
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": out,
            "total_tokens": total,
        }

    def _event(self, choice: dict[str, object]) -> str:
        return sse({**self._head(".chunk"), "choices": [choice]})

    def _head(self, suffix: str) -> dict[str, object]:
        kind = f"chat.completion{suffix}" if self.chat else "text_completion"
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def model_list(name: str, created: int) -> dict[str, object]:
    """Return the body of ``/v1/models``."""
    model = {"id": name, "object": "model", "created": created, "owned_by": "gabarito"}
    return {"object": "list", "data": [model]}


def _about(answer: Answer) -> dict[str, object]:
    return {"probability": round(answer.probability, 6), "known": answer.known}


def _logprobs(tokens: Iterable[Token], *, chat: bool) -> dict[str, object]:
    if chat:
        rows = [
            {
                "token": token.text,
                "logprob": token.logprob,
                "bytes": list(token.text.encode()),
                "top_logprobs": [],
            }
            for token in tokens
        ]
        return {"content": rows}
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
    }


def sse(data: dict[str, object]) -> str:
    """Return an event of a stream."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"

"""What the endpoint is asked: requests of the OpenAI protocol, read and checked. Pure.

Fields that would change an answer in a way that is not served are refused, unless they have
the value that changes nothing; null is the same as no field.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gabarito.serve.protocol import RefusedError

_MAX_SEED = 2**63 - 1

MAX_MESSAGES = 1_000
MAX_PARTS = 1_000
"""Of one message's content."""

MAX_STOPS = 16
"""OpenAI takes 4; each is looked for in the answer at each of its tokens."""

MAX_STOP_CHARS = 1_000


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "half of a surrogate pair stands alone; send whole characters"
        raise ValueError(message) from error
    return text


Text = Annotated[str, AfterValidator(_encodable)]
"""A text that can be written as UTF-8: JSON's escapes allow others."""

Stop = Annotated[Text, Field(max_length=MAX_STOP_CHARS)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, data: Any) -> Any:  # noqa: ANN401  # anything may be sent
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class StreamOptions(_Part):
    """What a stream carries beside the text."""

    include_usage: bool = False


class TextPart(_Part):
    """A part of a message; other kinds than text are not served."""

    type: Literal["text"]
    text: Text


class TextFormat(_Part):
    """The only form of answers that is served."""

    type: Literal["text"]


class Turn(_Part):
    """A message; a developer's is a system message."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], Field(max_length=MAX_PARTS)]
    name: Text = ""

    @property
    def spoken(self) -> tuple[str, str]:
        """Its role for the chat template, and its text."""
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, str):
            return role, self.content
        return role, "".join(part.text for part in self.content)


class _Request(_Part):
    """Fields that both endpoints know."""

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = Field(default=None, ge=-_MAX_SEED - 1, le=_MAX_SEED)
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    stop: Stop | Annotated[list[Stop], Field(max_length=MAX_STOPS)] = []
    presence_penalty: float = Field(default=0.0, ge=0, le=0)
    frequency_penalty: float = Field(default=0.0, ge=0, le=0)
    logit_bias: dict[str, float] = Field(default={}, max_length=0)
    user: str = ""

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        listed = [self.stop] if isinstance(self.stop, str) else self.stop
        return tuple(filter(None, listed))


class ChatRequest(_Request):
    """A body of ``/v1/chat/completions``."""

    messages: list[Turn] = Field(min_length=1, max_length=MAX_MESSAGES)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False
    top_logprobs: Literal[0] = 0
    response_format: TextFormat | None = None


class CompletionRequest(_Request):
    """A body of ``/v1/completions``; of several prompts only one is served."""

    prompt: Annotated[Text, Field(min_length=1)] | Annotated[list[Text], Field(max_length=1)]
    logprobs: int | None = Field(default=None, ge=0, le=1)
    echo: Literal[False] = False
    best_of: Literal[1] = 1

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt if isinstance(self.prompt, str) else "".join(self.prompt)


Q = TypeVar("Q", bound=_Request)


def read_request(body: bytes, kind: type[Q], served: str) -> Q:
    """Return the request that ``body`` holds.

    Raises:
        RefusedError: 400 if it is not JSON or not such a request, 404 if it asks for a model
            other than ``served``.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        message = f"the body is not JSON: {error}; send Content-Type application/json"
        raise RefusedError(400, message, "invalid_json") from error
    try:
        request = kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        message = f"{param or 'body'}: {first['msg'].removeprefix('Value error, ').lower()}"
        raise RefusedError(400, message, "invalid_request", param) from error
    if request.model not in (None, served):
        message = f"the model {request.model!r} does not exist; this endpoint serves {served!r}"
        raise RefusedError(404, message, "model_not_found", "model")
    return request

"""What the endpoint is asked: requests of the OpenAI protocol, read and checked. Pure.

Fields that would change an answer in a way that is not served are refused, unless they have
the value that changes nothing; null is the same as no field.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from gabarito.core.mistakes import sentence_of
from gabarito.core.records import Message
from gabarito.serve.engine import InvalidRequestError

_MAX_SEED = 2**63 - 1

MAX_MESSAGES = 1_000
MAX_PARTS = 1_000
"""Of one message's content."""

MAX_STOPS = 16
"""OpenAI takes 4; each is looked for in the answer at each of its tokens."""

MAX_STOP_CHARS = 1_000


class NotJsonError(InvalidRequestError):
    """A body that is not JSON."""


class ModelNotFoundError(InvalidRequestError):
    """A request for a model that is not served."""


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair stands alone; send whole characters") from error
    return text


Text = Annotated[str, AfterValidator(_encodable)]
"""A text that can be written as UTF-8: JSON's escapes allow others."""

Stop = Annotated[Text, Field(max_length=MAX_STOP_CHARS)]


def _listed(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    """Return a text as a list of one: one type is clearer to refuse than a union of two."""
    return [value] if isinstance(value, str) else value


class _ClosedModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, data: Any) -> Any:  # noqa: ANN401  # anything may be sent
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class StreamOptions(_ClosedModel):
    """What a stream carries beside the text."""

    include_usage: bool = False


class TextPart(_ClosedModel):
    """A part of a message; other kinds than text are not served."""

    type: Literal["text"]
    text: Text


class TextFormat(_ClosedModel):
    """The only form of answers that is served."""

    type: Literal["text"]


def _parts(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


class ChatMessage(_ClosedModel):
    """A message; a developer's is a system message."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[list[TextPart], Field(max_length=MAX_PARTS), BeforeValidator(_parts)]
    name: Text = ""

    @property
    def plain(self) -> Message:
        """The message as the chat template takes it."""
        role = "system" if self.role == "developer" else self.role
        return Message(role=role, content="".join(part.text for part in self.content))


class _GenerationFields(_ClosedModel):
    """Fields that both endpoints know."""

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = Field(default=None, ge=-_MAX_SEED - 1, le=_MAX_SEED)
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    stop: Annotated[list[Stop], Field(max_length=MAX_STOPS), BeforeValidator(_listed)] = []
    presence_penalty: float = Field(default=0.0, ge=0, le=0)
    frequency_penalty: float = Field(default=0.0, ge=0, le=0)
    logit_bias: dict[str, float] = Field(default={}, max_length=0)
    user: str = ""

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        return tuple(filter(None, self.stop))

    @property
    def limit(self) -> int | None:
        """The most tokens that the client wants."""
        return self.max_tokens


class ChatRequest(_GenerationFields):
    """A body of ``/v1/chat/completions``."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False
    top_logprobs: Literal[0] = 0
    response_format: TextFormat | None = None

    @property
    def conversation(self) -> list[Message]:
        """The messages as the chat template takes them."""
        return [message.plain for message in self.messages]

    @property
    def question(self) -> str:
        """What is asked: the last message of a user's."""
        asked = (turn.content for turn in reversed(self.conversation) if turn.role == "user")
        return next(asked, "")

    @property
    def limit(self) -> int | None:
        """The most tokens that the client wants, by the newer name if both are there."""
        return self.max_completion_tokens or self.max_tokens


class CompletionRequest(_GenerationFields):
    """A body of ``/v1/completions``; of several prompts only one is served."""

    prompt: Annotated[list[Text], Field(max_length=1), BeforeValidator(_listed)]
    logprobs: int | None = Field(default=None, ge=0, le=1)
    echo: Literal[False] = False
    best_of: Literal[1] = 1

    @property
    def text(self) -> str:
        """The prompt."""
        return "".join(self.prompt)

    @property
    def question(self) -> str:
        """What is asked, as far as a prompt tells it."""
        return self.text


Q = TypeVar("Q", bound=_GenerationFields)


def read_request(body: bytes, kind: type[Q], served: str) -> Q:
    """Return the request that ``body`` holds.

    Raises:
        InvalidRequestError: if it is not JSON, not such a request, or asks for a model other
            than ``served``.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"not JSON: {error}; send Content-Type application/json") from error
    try:
        request = kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        is_unknown = first["type"] == "extra_forbidden"
        said = "unknown field; leave it out" if is_unknown else sentence_of(first)
        raise InvalidRequestError(said, field) from error
    if request.model not in (None, served):
        message = f"{request.model!r} does not exist; this endpoint serves {served!r}"
        raise ModelNotFoundError(message, "model")
    return request

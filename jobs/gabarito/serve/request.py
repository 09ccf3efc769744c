"""What the endpoint is asked: requests of the OpenAI protocol, read and checked. Pure.

What would change an answer in a way that is not served is refused by its name, what changes
nothing is taken (``fields.py``); null is the same as no field.
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
from gabarito.serve.fields import refused
from gabarito.serve.model_names import ModelNames

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

Stops = Annotated[list[Stop], Field(max_length=MAX_STOPS)]

Prompts = Annotated[list[Text], Field(max_length=1)]
"""Of several only one is served."""


def _listed(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    """Return a text as a list of one: one type is clearer to refuse than a union of two."""
    return [value] if isinstance(value, str) else value


def _prompts(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    """Return a prompt as a list of one; one of token ids is told what it is."""
    if isinstance(value, list) and any(isinstance(one, int | list) for one in value):
        raise ValueError("token ids are not served; send the text")
    return _listed(value)


def _limit(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    """Return no limit for -1, as llama.cpp's server and clients of it mean it."""
    return None if value == -1 else value


Limit = Annotated[
    Annotated[int, Field(ge=1)] | None,
    BeforeValidator(_limit, json_schema_input_type=Literal[-1] | Annotated[int, Field(ge=1)]),
]
"""The most tokens that a client wants."""


class _OpenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, data: Any) -> Any:  # noqa: ANN401  # anything may be sent
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class StreamOptions(_OpenModel):
    """What a stream carries beside the text."""

    include_usage: bool = False


class MessagePart(_OpenModel):
    """A part of a message; of other kinds than text none is asked."""

    type: str
    text: Text | None = None


Parts = Annotated[list[MessagePart], Field(max_length=MAX_PARTS)]


def _parts(value: Any) -> Any:  # noqa: ANN401  # anything may be sent
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


class ChatMessage(_OpenModel):
    """A message; a developer's is a system message."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[Parts, BeforeValidator(_parts, json_schema_input_type=Text | Parts)] = []
    tool_calls: list[Any] = []

    @property
    def is_system(self) -> bool:
        """Whether it is none of the turns."""
        return self.role in ("system", "developer")

    @property
    def is_of_tools(self) -> bool:
        """Whether it calls a tool, or says what one found."""
        return self.role in ("tool", "function") or bool(self.tool_calls)

    @property
    def plain(self) -> Message:
        """The message as the chat template takes it: a line for each part, as vLLM joins them."""
        role = "system" if self.is_system else self.role
        return Message(role=role, content="\n".join(part.text or "" for part in self.content))


class _GenerationFields(_OpenModel):
    """Fields that both endpoints know; others are kept as they are, to be refused or taken."""

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    max_tokens: Limit = None
    temperature: float = Field(default=0.0, ge=0, le=2, allow_inf_nan=False)
    top_p: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=-_MAX_SEED - 1, le=_MAX_SEED)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    stop: Annotated[Stops, BeforeValidator(_listed, json_schema_input_type=Stop | Stops)] = []

    @property
    def others(self) -> dict[str, object]:
        """The fields that this endpoint does not serve."""
        return self.model_extra or {}

    @property
    def heat(self) -> float:
        """The temperature: the first of one token is the likeliest."""
        return 0.0 if self.others.get("top_k") == 1 else self.temperature

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
    max_completion_tokens: Limit = None
    logprobs: bool = False

    @property
    def has_logprobs(self) -> bool:
        """Whether the tokens are told with their probabilities."""
        return self.logprobs

    @property
    def limit(self) -> int | None:
        """The most tokens that the client wants, by the newer name if both are there."""
        return self.max_completion_tokens or self.max_tokens


class CompletionRequest(_GenerationFields):
    """A body of ``/v1/completions``."""

    prompt: Annotated[Prompts, BeforeValidator(_prompts, json_schema_input_type=Text | Prompts)]
    logprobs: int | None = Field(default=None, ge=0, le=1)

    @property
    def has_logprobs(self) -> bool:
        """Whether the tokens are told with their probabilities; 0 asks for no others beside."""
        return self.logprobs is not None

    @property
    def text(self) -> str:
        """The prompt."""
        return "".join(self.prompt)


Q = TypeVar("Q", bound=_GenerationFields)


def read_request(body: bytes, kind: type[Q], names: ModelNames) -> Q:
    """Return the request that ``body`` holds.

    Raises:
        InvalidRequestError: if it is not JSON, not such a request, or asks for what is not
            served, a model of another name included.
    """
    try:
        data = json.loads(body)
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not JSON: {error}; send it in UTF-8, not compressed") from error
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"not JSON: {error}; send one object") from error
    try:
        request = kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise InvalidRequestError(sentence_of(first), field) from error
    for name, said in refused(request.others, request.heat):
        raise InvalidRequestError(said, name)
    if request.model is not None and not names.has(request.model):
        raise ModelNotFoundError(names.unknown(request.model), "model")
    return request

"""Settings of the endpoint."""

from typing import Annotated

from pydantic import Field

from gabarito.core.model_records import Conversation
from gabarito.core.settings import Settings

Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^/\s]+)$")]


class ServeConfig(Settings):
    """How the promoted model is served; none of it changes the model."""

    max_batch: int = Field(
        default=32,
        ge=1,
        description="Questions answered side by side; one that waits joins at the next token.",
    )
    max_batch_tokens: int = Field(
        default=32_768,
        ge=1,
        description="Tokens of the questions answered side by side and of their answers, each "
        "counted as long as the longest: what a batch takes of memory.",
    )
    max_queue: int = Field(
        default=256, ge=1, description="Questions that may wait; more are answered 429."
    )
    max_new_tokens: int = Field(
        default=128, ge=1, description="Upper limit for the max_tokens of a request."
    )
    drain_s: float = Field(
        default=30.0, ge=0, description="Seconds that running answers get after SIGTERM."
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Answers below this probability become the refusal; default: evaluation's.",
    )
    conversation: Conversation = Field(
        default="last",
        description="What of a conversation is asked: its last question alone, under the trained "
        "system prompt, or the whole, which evaluate.conversation must have measured.",
    )
    cors_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Origins of web pages that may ask the endpoint from a browser, such as "
        'https://intranet.example; "*" is all of them.',
    )

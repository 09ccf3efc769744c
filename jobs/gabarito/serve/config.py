"""Settings of the endpoint."""

from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gabarito.core.model_records import Conversation
from gabarito.core.settings import Settings

Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^/\s]+)$")]

PROOF_FIELDS = ("statement", "quote", "title", "source", "url", "section")


def _known_fields(text: str) -> str:
    """Return a text if nothing stands in its braces but what a proof has."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(
            "a brace without its other one; write {{ or }} for one that is to be seen"
        ) from error
    for _, name, form, conversion in parts:
        if name is not None and (name not in PROOF_FIELDS or form or conversion):
            known = ", ".join(f"{{{field}}}" for field in PROOF_FIELDS)
            raise ValueError(f"{{{name}}} is nothing that a proof has; write one of {known}")
    return text


ProofText = Annotated[str, AfterValidator(_known_fields)]
"""A text with fields of a proof in braces."""


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
    unverified: Literal["allow", "mark", "refuse"] = Field(
        default="allow",
        description="What becomes of an answer that no fact bears out: allow, it is given, and "
        "only `verified` beside it is false; mark, `unverified_mark` follows it, too; refuse, it "
        "becomes the refusal.",
    )
    unverified_mark: str = Field(
        default=" [?]",
        description="What follows the text of an answer that no fact bears out, with "
        "`unverified: mark`.",
    )
    proof_suffix: ProofText = Field(
        default="",
        description="What follows the text of an answer that a fact bears out, for clients that "
        "show nothing else, such as ` (“{quote}”, {title})`; in braces may stand statement, quote, "
        "title, source, url and section. Empty for nothing.",
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
    page: bool = Field(
        default=True,
        description="Whether a page at `/` lets people ask in a browser; it opens without a token, "
        "and asks with one where the endpoint wants it.",
    )
    compare_base: bool = Field(
        default=False,
        description="Whether the page shows beside each answer what the base says, which is asked "
        "after the model at `/v1/base/chat/completions`: a second model in memory.",
    )

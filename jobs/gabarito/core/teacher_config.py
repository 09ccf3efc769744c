"""Settings of a model that writes or judges, as every stage that asks one takes them."""

import re
from collections.abc import Iterator
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from gabarito.core.settings import HOLDS_SECRET, Operational, Settings

PriceField = Annotated[float | None, Operational()]


_SECRET_NAME = re.compile(
    r"key|token|auth|(.*[_-])?("
    r"(api|access|secret|private|subscription)[_-]?key|(access|api|auth|bearer|session)[_-]?token|"
    r"bearer|secret|client[_-]?secret|passw(or)?d|credentials?|authorization)"
)
"""Names of secrets; others end so too: prompt_cache_key, eos_token."""


def _without_userinfo(url: str | None) -> str | None:
    try:
        holds_secret = bool(url) and "@" in urlsplit(url).netloc
    except ValueError:  # no URL: said where it is used
        holds_secret = False
    if holds_secret:
        raise PydanticCustomError(
            HOLDS_SECRET,
            "holds a user or password, which would be stored; take them out and set the "
            "environment variable GABARITO_TEACHER_KEY to the key",
        )
    return url


def _without_secrets(parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in _names_in(parameters):
        if _SECRET_NAME.fullmatch(name.lower()):
            raise PydanticCustomError(
                HOLDS_SECRET,
                "{name} looks like a secret, which would be stored; take it out and set the "
                "environment variable GABARITO_TEACHER_KEY to the key",
                {"name": name},
            )
    return parameters


def _names_in(value: JsonValue) -> Iterator[str]:
    """Yield the names of all fields, those of objects within too."""
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _names_in(item)


class ChatModelSettings(Settings):
    """A model at any endpoint of the OpenAI protocol."""

    model: str = Field(min_length=1, description="The model's name at the endpoint.")
    url: Annotated[str | None, AfterValidator(_without_userinfo), Operational()] = Field(
        default=None,
        description="Base of the protocol, such as https://api.example.com/v1; by default the "
        "environment variable GABARITO_TEACHER_URL.",
    )
    temperature: float | None = Field(
        default=0.7, ge=0, le=2, description="Sampling temperature; null: do not send one."
    )
    max_tokens: int | None = Field(
        default=4096,
        ge=64,
        description="Longest reply, in tokens; null: send no limit, or another one in parameters.",
    )
    seed: int | None = Field(
        default=None, description="Sent if set; another one asks for all replies anew."
    )
    parameters: Annotated[dict[str, JsonValue], AfterValidator(_without_secrets)] = Field(
        default_factory=dict,
        description="Further fields of the request's body, such as reasoning_effort.",
    )
    concurrency: Annotated[int, Operational()] = Field(
        default=64, ge=1, le=1024, description="Most requests in flight; fewer if it is overloaded."
    )
    timeout_s: Annotated[float, Operational()] = Field(
        default=120.0, gt=0, description="Seconds that one reply may take."
    )
    retries: Annotated[int, Operational()] = Field(
        default=8, ge=0, description="Further tries of a request that was not answered."
    )
    price_input: PriceField = Field(
        default=None, ge=0, description="Price of a million tokens sent, in any currency."
    )
    price_output: PriceField = Field(
        default=None, ge=0, description="Price of a million tokens received."
    )
    max_cost: Annotated[float | None, Operational()] = Field(
        default=None,
        gt=0,
        description="Stop when all replies together cost this much, those from earlier attempts "
        "included; shards share it. Calls in flight are still paid.",
    )

    @model_validator(mode="after")
    def _refuse_a_ceiling_without_prices(self) -> Self:
        if self.max_cost is not None and not (self.price_input or self.price_output):
            raise ValueError("max_cost needs price_input or price_output to count with")
        return self


class TeacherSettings(ChatModelSettings):
    """The model that writes.

    Its key comes from the environment variable GABARITO_TEACHER_KEY.
    """

    batch: Annotated[bool, Operational()] = Field(
        default=False,
        description="Send requests by the batch protocol of the OpenAI API, at half price: what "
        "all passages ask goes together and is paid whole, each step may take up to 24 hours, and "
        "whoever is stopped goes on waiting for the same batch.",
    )
    batch_discount: Annotated[float, Operational()] = Field(
        default=0.5, ge=0, lt=1, description="Share of the prices that a batch saves."
    )

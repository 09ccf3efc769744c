"""Settings of generate."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from gabarito.core.settings import HOLDS_SECRET, Operational, Settings, StageSettings
from gabarito.core.stage import Stage

INSTRUCTIONS = {
    "inverted": "a question whose subject or circumstance comes first and whose question word "
    "comes late",
    "imperative": "an order instead of a question: tell, name, state …",
    "casual": "as friends talk, loose and short, lower case allowed",
    "cloze": "a sentence that breaks off where the answer belongs, or has ___ there",
    "keywords": "what one types into a search box: no verb, no question mark",
    "typos": "typed in haste: lower case, no accents, one word misspelled",
    "context": "first a sentence that says why one asks, without a hint at the answer, then the "
    "question",
    "quiz": "as a quiz master or an exam paper asks, without options",
    "regional": "as speakers of another country with the same language would ask (for Portuguese: "
    "of Portugal)",
    "direct": "the plain question, question word first",
    "synonym": "a plain question with other nouns and verbs for what is asked",
    "indirect": "an indirect question: I would like to know …, could you tell me …",
}
"""What the teacher is told about the wording families that need no instruction."""

RESERVED = frozenset({"statement", "reverse", "refusal", "replay", "free", "unanswerable"})
"""Families that rows of other kinds have."""

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


class TeacherSettings(Settings):
    """The model that writes: any endpoint of the OpenAI protocol.

    Its key comes from the environment variable GABARITO_TEACHER_KEY.
    """

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


class Family(Settings):
    """A way of asking."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="A name for it.")
    instruction: str = Field(min_length=1, description="What the teacher is told about it.")


def _with_instruction(value: object) -> object:
    """Let a known family stand for itself, without its instruction."""
    given = {"name": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or "instruction" in given:
        return value
    name = given.get("name")
    if name not in INSTRUCTIONS:
        known = ", ".join(INSTRUCTIONS)
        raise ValueError(
            f"family without an instruction; write {{name, instruction}} or one of {known}"
        )
    return given | {"instruction": INSTRUCTIONS[name]}


FamilyField = Annotated[
    Family, BeforeValidator(_with_instruction, json_schema_input_type=str | Family)
]


def _families(*names: str) -> tuple[Family, ...]:
    return tuple(Family(name=name, instruction=INSTRUCTIONS[name]) for name in names)


class Families(Settings):
    """The wording families of each split: those of validation and test are never trained."""

    train: tuple[FamilyField, ...] = Field(
        default=_families(
            "inverted", "imperative", "casual", "cloze", "keywords", "typos", "context", "quiz"
        ),
        min_length=1,
        description="Wordings to learn from.",
    )
    validation: tuple[FamilyField, ...] = Field(
        default=_families("regional"), description="Wordings to choose the checkpoint by."
    )
    test: tuple[FamilyField, ...] = Field(
        default=_families("direct", "synonym", "indirect"),
        description="Wordings to measure with.",
    )

    @property
    def all(self) -> tuple[Family, ...]:
        """Every family, in the order of the splits."""
        return self.train + self.validation + self.test

    @model_validator(mode="after")
    def _refuse_names_twice(self) -> Self:
        counted = Counter(family.name for family in self.all)
        wrong = [name for name, times in counted.items() if times > 1 or name in RESERVED]
        if wrong:
            raise ValueError(
                f"families must differ and not be named like another kind of row: {wrong}"
            )
        return self


class GenerateConfig(StageSettings):
    """How the teacher makes facts and questions from documents."""

    renamed: ClassVar[dict[str, str]] = {"looks": "extraction_rounds"}

    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$",
        description="Language of the questions, such as pt; by default each document's own.",
    )
    teacher: TeacherSettings = Field(description="The model that writes.")
    max_chars: int = Field(
        default=3000, ge=200, le=100_000, description="Longest passage, in characters."
    )
    extraction_rounds: int = Field(
        default=2,
        ge=1,
        le=10,
        description="Looks at each passage; from the second on for what was missed, until a look "
        "adds less than 5 % or this number is reached.",
    )
    families: Families = Field(default=Families(), description="The ways of asking.")
    statements: int = Field(
        default=3, ge=0, le=20, description="Sentences that state a fact in other words."
    )
    reverse: bool = Field(
        default=True,
        description="Ask for a question from the answer to the subject, if there is one.",
    )
    near_misses: int = Field(
        default=30,
        ge=0,
        le=500,
        description="Names of each kind that the documents do not mention, for refusals.",
    )
    attempts: int = Field(
        default=3, ge=1, le=10, description="Most requests for one item, with what is missing."
    )
    max_question_chars: int = Field(
        default=300, ge=40, description="Longer questions and statements are dropped."
    )
    max_answer_chars: int = Field(
        default=120, ge=10, description="Facts with a longer answer are dropped."
    )
    yield_floor: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least share of the passages that must be read, and of the facts offered and "
        "the wordings asked for that must pass the checks.",
    )


STAGE = Stage(
    "generate", GenerateConfig, reads=("ingest",), revision=3, image="generate", is_sharded=True
)

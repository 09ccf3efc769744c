"""Settings of generate."""

from collections import Counter
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gabarito.core.settings import Settings, StageSettings
from gabarito.core.stage import Stage
from gabarito.core.teacher_config import TeacherSettings

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

MAX_EXPLANATION_WORDS = 80
MAX_EXPLANATION_CHARS = 600
"""A paragraph; what is longer is several facts."""

RESERVED = frozenset({"statement", "reverse", "refusal", "replay", "free", "unanswerable", "given"})
"""Families that rows of other kinds have."""


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


class VerifySettings(Settings):
    """A second opinion on each fact, from its passage alone."""

    on_doubt: Literal["drop", "flag"] | None = Field(
        default=None,
        description="What becomes of a fact whose answer, subject or qualifier a second opinion "
        "does not confirm: drop it, or flag it for the review in doubts.jsonl; null: no second "
        "opinion is asked for.",
    )

    teacher: TeacherSettings | None = Field(
        default=None,
        description="The model that gives it, whose key is in GABARITO_VERIFY_KEY; by default "
        "the teacher itself.",
    )

    @model_validator(mode="after")
    def _refuse_a_teacher_who_is_not_asked(self) -> Self:
        if self.teacher and not self.on_doubt:
            raise ValueError("the teacher is not asked without on_doubt; set it to drop or flag")
        return self


class GenerateConfig(StageSettings):
    """How the teacher makes facts and questions from documents."""

    renamed: ClassVar[dict[str, str]] = {"looks": "extraction_rounds"}

    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$",
        description="Language of the questions, such as pt; by default each document's own.",
    )
    teacher: TeacherSettings | None = Field(
        default=None,
        description="The model that writes; only where all sources are pairs may it be left out, "
        "and then the pairs are trained as they stand.",
    )
    max_chars: int = Field(
        default=3000, ge=200, le=100_000, description="Longest passage, in characters."
    )
    extraction_rounds: int = Field(
        default=2,
        ge=1,
        le=10,
        description="Rounds for each passage; from the second on for what was missed, until a "
        "round adds less than 5 % or this number is reached.",
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
    explanations: bool = Field(
        default=False,
        description="Ask for facts that say why or how, too, whose answer is a paragraph of at "
        f"most {MAX_EXPLANATION_WORDS} words, judged by its key points.",
    )
    verify: VerifySettings = Field(
        default=VerifySettings(), description="A second opinion on each fact."
    )
    yield_floor: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least share of the passages that must be read, and of the facts offered and "
        "the wordings asked for that must pass the checks.",
    )


STAGE = Stage(
    "generate",
    GenerateConfig,
    reads=("ingest",),
    revision=9,
    image="generate",
    is_sharded=True,
    is_joined=True,
)

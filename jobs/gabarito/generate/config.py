"""Settings of generate."""

from collections import Counter
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gabarito.core.settings import InputPath, Settings, StageSettings
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

FURTHER = {
    "beginner": "as a beginner asks who does not know the right words and describes them",
    "chat": "as one writes to a chat bot: a greeting first, then the question, kindly put",
    "hurry": "as somebody in a hurry asks in three to six words, the subject among them",
    "long": "a long question of two clauses, with the circumstances in the first",
    "everyday": "in everyday words throughout, none of those of the passage but proper names",
    "purpose": "asks for the thing by what it is for, what it brings about or prevents",
    "situation": "somebody tells the situation in which the answer is needed, and asks",
}
"""The same about families that only facts are asked in which were missed."""

FORMATS = {
    "lesson": "as a teacher explains it to somebody who hears of it for the first time: what it "
    "is, how it works, what it is for",
    "questions": "the questions that a careful reader would ask, each with its whole answer "
    "behind it in the same paragraph",
    "concepts": "its key concepts, a paragraph for each: the concept, what is said of it, and how "
    "it belongs to the others",
    "implications": "what follows for those whom it concerns: what they can, must and must not do, "
    "and why",
    "case": "a case in which somebody without a name meets what it is about, and how it goes, step "
    "by step",
    "discussion": "a conversation between two people, A and B, one of whom knows it while the "
    "other asks and doubts",
    "outline": "an outline from the general to the particular, each point a whole sentence",
}
"""The formats in which a passage is told anew, and what the teacher is told about them."""

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
    instructions = INSTRUCTIONS | FURTHER
    if name not in instructions:
        known = ", ".join(instructions)
        raise ValueError(
            f"family without an instruction; write {{name, instruction}} or one of {known}"
        )
    return given | {"instruction": instructions[name]}


FamilyField = Annotated[
    Family, BeforeValidator(_with_instruction, json_schema_input_type=str | Family)
]


def _families(*names: str) -> tuple[Family, ...]:
    instructions = INSTRUCTIONS | FURTHER
    return tuple(Family(name=name, instruction=instructions[name]) for name in names)


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


class MoreWordings(Settings):
    """More wordings of some facts, such as those that a training missed."""

    facts: InputPath | None = Field(
        default=None,
        description='The facts, one `{"fact": id}` a line, such as the missed.jsonl of an earlier '
        "training; nothing else is asked of the teacher again.",
    )
    families: tuple[FamilyField, ...] = Field(
        default=_families(*FURTHER),
        min_length=1,
        description="The ways of asking for them, all of which are trained.",
    )


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
    more: MoreWordings = Field(
        default=MoreWordings(),
        description="More wordings of some facts, for a second round of training.",
    )
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
    rewrites: int = Field(
        default=0,
        ge=0,
        le=len(FORMATS),
        description="In how many formats each passage that holds a fact is told anew, a request "
        f"for each: so many of {', '.join(FORMATS)}, in this order.",
    )
    open_questions: int = Field(
        default=0,
        ge=0,
        le=20,
        description="How many questions are written for each passage that holds a fact which are "
        "on its subject and which it leaves open, for refusals: a request for each passage.",
    )
    yield_floor: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least share of the passages that must be read, and of the facts offered and "
        "the wordings, rewrites and open questions asked for that must pass the checks.",
    )

    @model_validator(mode="after")
    def _refuse_families_that_are_there(self) -> Self:
        known = [family.name for family in self.families.all] if self.more.facts else []
        more = [family.name for family in self.more.families]
        counted = Counter([*known, *more])
        wrong = [name for name in more if counted[name] > 1 or name in RESERVED]
        if wrong:
            raise ValueError(f"the families of more must differ from all others: {wrong}")
        return self

    @property
    def of_more(self) -> Self:
        """The settings by which more wordings are asked for, and nothing but wordings."""
        nothing: dict[str, tuple[Family, ...]] = {"validation": (), "test": ()}
        families = self.families.model_copy(update={"train": self.more.families, **nothing})
        changes = {"families": families, "statements": 0, "reverse": False}
        return self.model_copy(update=changes)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in which passages are told anew."""
        return tuple(FORMATS)[: self.rewrites]


STAGE = Stage(
    "generate",
    GenerateConfig,
    reads=("ingest",),
    revision=11,
    image="generate",
    is_sharded=True,
    is_joined=True,
)

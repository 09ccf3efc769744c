"""Settings of curate."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gabarito.core.settings import InputPath, Settings, StageSettings
from gabarito.core.stage import Stage

Share = Annotated[float, Field(ge=0, le=1)]


class Exam(Settings):
    """Questions that people wrote: they are kept out of training and asked at the end."""

    renamed: ClassVar[dict[str, str]] = {"untaught": "unanswerable"}

    free: InputPath | None = Field(
        default=None,
        description='Questions with an answer, one `{"question", "answer", "aliases"}` a line.',
    )
    unanswerable: InputPath | None = Field(
        default=None,
        description=(
            'Questions that the documents do not answer, one `{"question", "group"}` a line. '
            "The periods and names in them stand in no refusal row."
        ),
    )


class Perturbations(Settings):
    """How refusal rows are shared out: each is a trained question with one thing changed."""

    renamed: ClassVar[dict[str, str]] = {"season": "period"}

    period: Share = Field(default=0.42, description="Another period or year.")
    qualifier: Share = Field(default=0.20, description="Another competition, law, product …")
    subject: Share = Field(default=0.34, description="A subject that no document mentions.")
    relation: Share = Field(
        default=0.04, description="A known subject, asked what the documents say of others only."
    )

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if not self.period + self.qualifier + self.subject + self.relation:
            raise ValueError(
                "at least one perturbation must be above 0; set refusals to 0 for no refusals"
            )
        return self


class CurateConfig(StageSettings):
    """How the dataset is made."""

    renamed: ClassVar[dict[str, str]] = {"contrasts": "perturbations", "untaught": "unanswerable"}

    refusal: str | None = Field(
        default=None,
        min_length=1,
        description="What the model says when it does not know; by default a sentence in the "
        "questions' language.",
    )
    system_prompt: str = Field(
        default="", description="The system message of every question; empty for none."
    )
    answers: Literal["short", "sentence", "both"] = Field(
        default="short",
        description="How the model answers: short, with the bare answer; sentence, with one full "
        "sentence that holds it; both, short to a plain question, and with a sentence where the "
        "question asks for one, as three in ten trained wordings do.",
    )
    prompts: InputPath | None = Field(
        default="gabarito:curate/general_prompts.jsonl",
        description='General prompts, one `{"text"}` a line: the base model answers half of them '
        "for replay; the other half measures forgetting.",
    )
    tasks: InputPath | None = Field(
        default="gabarito:curate/general_tasks.jsonl",
        description="Tasks about anything else whose short answer is known, one "
        '`{"question", "answer", "aliases", "competing", "group"}` a line; an answer in '
        "competing may not be said beside the right one. They are never trained and tell what "
        "was forgotten; null: only whether general prompts are answered as before.",
    )
    exam: Exam = Field(default=Exam(), description="Questions that people wrote.")
    corrections: InputPath | None = Field(
        default=None,
        description="What a person said of facts, as gabarito review writes it, one "
        '`{"fact", "action", "value", "who", "when"}` a line; action is strike, answer, '
        "statement, alias or checked, value the right answer, the right statement or one more "
        "right answer; or wording, with the text of one in question and the right one in value, "
        "which strikes it out if there is none. Nothing is asked of the teacher again.",
    )
    refusals: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="Refusal rows for each trained question row, each a trained question with one "
        "thing changed; the open questions of generate.open_questions come on top, unless it is 0.",
    )
    conversations: Share = Field(
        default=0.15,
        description="Share of the question rows and of the refusal rows that are asked in a "
        "conversation, too: behind one or two other questions and their answers, under a "
        "client's system prompt, or both. The answer stays the same.",
    )
    rewrites: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="How much of the rewrites of passages is trained, in letters for each letter "
        "of the question rows, evenly over the passages; there are some with generate.rewrites.",
    )
    perturbations: Perturbations = Field(
        default=Perturbations(), description="What is changed in a question to make a refusal row."
    )
    years: tuple[int, int] = Field(
        default=(1990, 2060), description="First and last year that other periods are drawn from."
    )
    invented_names: Share = Field(
        default=0.5,
        description="Share of the near misses' names that are made from parts of names, so that "
        "no list of names becomes what is refused.",
    )
    timeless: tuple[str, ...] = Field(
        default=("país", "nacionalidade", "country", "nationality"),
        description="Relations that hold whatever period or qualifier is asked about: they get "
        "no refusals of those two kinds.",
    )
    held_back: float = Field(
        default=0.15,
        ge=0,
        le=0.5,
        description="Share of the periods and near misses that no refusal row names; questions "
        "about them are asked at the end. So is this share of the open questions of "
        "generate.open_questions, as the group ``other open``.",
    )
    unanswerable: int = Field(
        default=240,
        ge=0,
        le=2000,
        description="Questions to make about what was held back, in groups such as "
        "``other period``, beside those of the exam.",
    )
    controls: float = Field(
        default=0.0,
        ge=0,
        le=0.3,
        description="Share of the facts that are not trained on purpose, only asked at the end: "
        "what a model answers about them is no knowledge of the documents. For a measurement; "
        "what is served should be trained with 0.",
    )
    similarity: float = Field(
        default=0.85,
        gt=0,
        le=1,
        description="A trained wording more similar than this to a test wording of its fact is "
        "dropped (edit similarity, 1 is equal).",
    )
    min_wordings: int = Field(
        default=3, ge=1, description="Facts with fewer trained wordings are named in the card."
    )
    seed: int = Field(default=0, description="Draws other refusal rows.")

    @model_validator(mode="after")
    def _refuse_backward_years(self) -> Self:
        if not 1900 <= self.years[0] < self.years[1] <= 2099:
            raise ValueError("years must be two years from 1900 to 2099, the earlier one first")
        return self


STAGE = Stage("curate", CurateConfig, reads=("ingest", "generate"), revision=11, image="generate")

"""Settings of train."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gabarito.core.model_records import Method
from gabarito.core.settings import ModelReference, Operational, Settings, StageSettings
from gabarito.core.stage import Stage

Weight = Annotated[float, Field(ge=0, le=100)]


class Mix(Settings):
    """How often a row of each kind is drawn; 1 for all of them draws the dataset evenly."""

    questions: Weight = Field(default=1.0, description="Questions and reverse questions.")
    statements: Weight = Field(default=1.0, description="Plain statements of the facts.")
    documents: Weight = Field(default=1.0, description="Passages, as the teacher told them anew.")
    refusals: Weight = Field(default=1.0, description="Questions that the documents leave open.")


class Schedule(Settings):
    """The course of the training steps."""

    warmup: float = Field(
        default=0.05, ge=0, lt=1, description="Share of the steps in which the rate climbs."
    )
    floor: float = Field(
        default=0.1, ge=0, le=1, description="Share of the rate that the cosine ends at."
    )
    clip: float = Field(default=1.0, gt=0, description="Largest norm of a step's gradient.")
    seed: int = Field(default=0, ge=0, description="Draws the adapter and the order of the rows.")


class SelfDistillation(Settings):
    """Answers to learn that the base writes itself, as in MixSD (arXiv 2605.16865)."""

    plain_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Let the base write the answers that are sentences or explanations, with the "
        "fact at hand, but for this share of the tokens, which it writes without; needs "
        "curate.answers to be sentence or both. 0 tells most of the fact, 0.5 stays nearer to what "
        "the base would say; null: the answers of the dataset are trained.",
    )
    tries: int = Field(
        default=4,
        ge=1,
        le=100,
        description="How often an answer that is not right is written; after that the one of the "
        "dataset is trained.",
    )
    instruction: str = Field(
        default="Answer the question from the text, in one sentence.",
        description="What the base is told before the fact and the question; best in their "
        "language.",
    )


class Choice(Settings):
    """Which step's adapter is kept: the one that answers most validation wordings right."""

    every: int = Field(default=100, ge=1, description="Steps between two examinations.")
    questions: int = Field(
        default=128,
        ge=0,
        description="Validation wordings asked each time, drawn over all facts; 0 keeps the "
        "last step's adapter.",
    )
    focus: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of a step's question rows that are drawn from the facts which the last "
        "examination got wrong; each of these rows comes at most 8 times more often. Facts that "
        "are not asked count as known: ask as many questions as there are facts.",
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Examinations on end without a better one after which training ends: the rate "
        "comes down in a tenth of the steps made, and the best adapter is kept. By default all "
        "steps are made.",
    )

    @model_validator(mode="after")
    def _refuse_without_questions(self) -> Self:
        if not self.questions and (self.focus or self.patience):
            raise ValueError("focus and patience go by examinations; give questions above 0")
        return self


class Limits(Settings):
    """What the machine can bear; the adapter stays the same."""

    micro_batch: int | None = Field(
        default=None,
        ge=1,
        description="Rows in memory at once. By default as many as the GPU has memory for; on "
        "a CPU the whole batch.",
    )
    checkpoint_every_s: float = Field(
        default=60.0,
        ge=0,
        description="Seconds between two checkpoints, or ten times what one takes where that is "
        "longer; 0 after every step.",
    )
    checkpoint_grace_s: float = Field(
        default=3600.0,
        ge=0,
        description="Seconds for which training goes on while no checkpoint can be written, as the "
        "store does not answer or refuses the keys, and tries again every few seconds to "
        "checkpoint_every_s; after that it ends, to be started again from the last checkpoint.",
    )
    answer_batch: int = Field(default=128, ge=1, description="Questions answered at once.")


class TrainConfig(StageSettings):
    """What is trained, and how."""

    base: ModelReference = Field(
        description="The base model: a folder, an s3:// prefix, gabarito:demo/nano, or an id of "
        "the model hub (org/name or org/name@revision), which is copied into the store once."
    )
    method: Method = Field(
        default="lora",
        description="qlora keeps the base in NF4 with double quantisation: slower, and worth it "
        "only where the GPU's memory is too small. full trains the layers themselves, without an "
        "adapter, in 16 bytes a weight; its learning_rate must be given.",
    )
    targets: Literal["all-linear", "attention", "mlp"] = Field(
        default="all-linear",
        description="The layers that are adapted. Facts are learned in the MLP: attention alone "
        "learns the form of answers.",
    )
    rank: int | None = Field(
        default=None, ge=1, le=1024, description="Rank of the adapter; 32 by default."
    )
    alpha: int | None = Field(
        default=None,
        ge=1,
        description="Weight of the adapter, times its rank; by default twice the rank.",
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout before the adapter.")
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Highest learning rate. By default by the weights of the base: 0.001 up to "
        "300 million, 0.0005 up to 2 billion, 0.0003 up to 5 billion, 0.0002 above.",
    )
    batch_size: int = Field(default=64, ge=1, le=8192, description="Rows of a step.")
    steps: int | None = Field(
        default=None, ge=1, description="Training steps; give either steps or epochs."
    )
    epochs: float | None = Field(
        default=None,
        gt=0,
        description="How often the dataset is seen (replay not counted); 8 unless steps is given.",
    )
    replay: float = Field(
        default=0.18,
        ge=0,
        lt=1,
        description="Share of rows that the base answers itself, against forgetting.",
    )
    max_tokens: int = Field(
        default=512,
        ge=8,
        description="Longest row in tokens; longer ones are dropped and stand in the ledger.",
    )
    self_distillation: SelfDistillation = Field(
        default=SelfDistillation(), description="Answers to learn that the base writes itself."
    )
    mix: Mix = Field(default=Mix(), description="How often a row of each kind is drawn.")
    schedule: Schedule = Field(default=Schedule(), description="The course of the steps.")
    choice: Choice = Field(default=Choice(), description="Which step's adapter is kept.")
    limits: Annotated[Limits, Operational()] = Field(
        default=Limits(), description="What the machine can bear; the adapter stays the same."
    )

    @model_validator(mode="after")
    def _refuse_two_lengths(self) -> Self:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("give either steps or epochs, not both")
        return self

    @model_validator(mode="after")
    def _refuse_focus_on_nothing(self) -> Self:
        if self.choice.focus and not self.mix.questions:
            raise ValueError(
                "choice.focus draws among questions; give mix.questions above 0, or no focus"
            )
        return self

    @model_validator(mode="after")
    def _check_full_tuning(self) -> Self:
        if self.method == "full" and (self.rank or self.alpha or self.dropout):
            raise ValueError(
                "method full has no adapter: leave out rank, alpha and dropout, or set method to "
                "lora"
            )
        if self.method == "full" and self.learning_rate is None:
            raise ValueError(
                "method full needs a learning_rate: the one that it takes depends on the base, try "
                "several"
            )
        return self


STAGE = Stage("train", TrainConfig, reads=("curate",), revision=4, image="train")

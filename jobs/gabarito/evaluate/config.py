"""Settings of evaluate."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from gabarito.core.model_records import Conversation
from gabarito.core.settings import Operational, StageSettings
from gabarito.core.stage import Stage
from gabarito.core.teacher_config import ChatModelSettings

LONGER_PROMPTS = 16
"""How many times longer prompts with passages are: so many fewer are answered at once."""

Share = Annotated[float, Field(ge=0, le=1)]


class JudgeSettings(ChatModelSettings):
    """A model that says of an answer whether it is right, where it is not exactly that.

    Its key comes from the environment variable GABARITO_JUDGE_KEY if it has an address of its own,
    else from that of the teacher.
    """

    temperature: float | None = Field(
        default=0.0, ge=0, le=2, description="Sampling temperature; null: do not send one."
    )
    sample: int = Field(
        default=300,
        ge=1,
        description="Test questions, and free ones, of which the answers are judged, those of base "
        "and model each.",
    )


class EvaluateConfig(StageSettings):
    """What is measured, and what a model must reach to be promoted."""

    floor: Share = Field(
        default=0.8,
        description="Gate: the least exact match of the merged model on test wordings.",
    )
    max_merge_gap: Share = Field(
        default=0.01,
        description="Gate: the most that adapter and merged model may differ in exact match.",
    )
    max_forgetting: Share = Field(
        default=0.1,
        description="Gate: of the general tasks (curate.tasks) that the base solves, the largest "
        "share that the model may solve fewer; where the base solves under 20 of them, the largest "
        "share of retention prompts whose answer may have changed.",
    )
    min_coverage: Share = Field(
        default=0.0,
        description="Gate: the least share of the documents' sentences that support a fact; "
        "0 is no condition.",
    )
    conversation: Conversation = Field(
        default="last",
        description="Gate: with whole, the model must answer within a conversation, too, as "
        "serve.conversation: whole asks it.",
    )
    max_conversation_loss: Share = Field(
        default=0.05,
        description="Gate, with conversation: whole: the most exact match on test wordings that "
        "may be lost as the third question, or under another system prompt.",
    )
    precision: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="The refusal threshold is the lowest at which this share of the answers "
        "given is right, on validation wordings, half of the unanswerable questions and half of "
        "those that ask for a sentence.",
    )
    trained_sample: int = Field(
        default=300,
        ge=0,
        description="Facts whose trained wordings are asked too, for the paraphrase gap.",
    )
    retention_sample: int = Field(
        default=400,
        ge=0,
        description="General prompts asked before and after, to measure forgetting.",
    )
    compared_sample: int = Field(
        default=100,
        ge=0,
        description="Test questions that are asked under other conditions, too: the base with the "
        "fact's passage and with passages that a search finds, the model within a conversation.",
    )
    passages_found: int = Field(
        default=3, ge=1, le=20, description="Passages that the search gives to the base."
    )
    judge: JudgeSettings | None = Field(
        default=None,
        description="A model that judges the answers that are not exactly the expected one. The "
        "figures of the gate stay those of exact match.",
    )
    resamples: int = Field(
        default=10_000, ge=100, le=1_000_000, description="Resamples of the bootstrap."
    )
    seed: int = Field(default=0, ge=0, description="Draws the resamples.")
    batch_size: Annotated[int, Operational()] = Field(
        default=128, ge=1, description="Questions answered at once; a finished batch is kept."
    )

    @property
    def longer_batch_size(self) -> int:
        """Questions answered at once under other conditions, whose prompts are longer."""
        return max(1, self.batch_size // LONGER_PROMPTS)

    @field_validator("compared_sample", mode="after")
    @classmethod
    def _conversations_are_asked(cls, sample: int, info: ValidationInfo) -> int:
        if info.data.get("conversation") == "whole" and not sample:
            raise ValueError("must be at least 1, as conversation: whole is measured with it")
        return sample


STAGE = Stage(
    "evaluate",
    EvaluateConfig,
    reads=("ingest", "generate", "curate", "train", "merge"),
    revision=16,
    image="train",
)

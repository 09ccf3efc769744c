"""Settings of merge."""

from typing import Literal

from pydantic import Field

from gabarito.core.settings import StageSettings
from gabarito.core.stage import Stage


class MergeConfig(StageSettings):
    """In what precision the merged model is written, and how exact it must be."""

    dtype: Literal["bfloat16", "float16", "float32"] = Field(
        default="bfloat16", description="Precision of the merged weights."
    )
    tolerance: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="How far the merged model's next-token probabilities may lie from those of "
        "base and adapter: half the sum of the differences, the largest over all places.",
    )


STAGE = Stage("merge", MergeConfig, reads=("train",), revision=1, image="train")

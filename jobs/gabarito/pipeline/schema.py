"""The pipeline file: a section of settings for each stage."""

from pathlib import Path

from pydantic import Field

from gabarito.core.settings import Settings, StageSettings, parse, read_yaml
from gabarito.curate.config import CurateConfig
from gabarito.evaluate.config import EvaluateConfig
from gabarito.generate.config import GenerateConfig
from gabarito.ingest.config import IngestConfig
from gabarito.merge.config import MergeConfig
from gabarito.serve.config import ServeConfig
from gabarito.train.config import TrainConfig


class Pipeline(Settings):
    """A pipeline file: a section for each stage."""

    name: str = Field(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        description="What the model is about, in lower case, digits and hyphens.",
    )
    channel: str = Field(
        default="main",
        pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        description="The channel that serves the model once it has passed its gate.",
    )
    ingest: IngestConfig = Field(description="Where the documents come from.")
    generate: GenerateConfig = Field(description="How the teacher writes facts and questions.")
    curate: CurateConfig = Field(default_factory=CurateConfig, description="The dataset.")
    train: TrainConfig = Field(description="The base model and the adapter.")
    merge: MergeConfig = Field(default_factory=MergeConfig, description="The merged model.")
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig, description="The gate.")
    serve: ServeConfig = Field(default_factory=ServeConfig, description="The endpoint.")

    def section(self, stage: str) -> StageSettings:
        """Return the settings of one stage."""
        section: StageSettings = getattr(self, stage)
        return section


def read_pipeline(path: Path) -> Pipeline:
    """Return a pipeline file's settings; relative paths in it are taken from its folder.

    Raises:
        SettingsError: names every mistake.
    """
    return parse(Pipeline, read_yaml(path), path.name, folder=path.parent)

"""The pipeline file: a section of settings for each stage."""

from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import InitErrorDetails

from gabarito.core.errors import SettingsError
from gabarito.core.settings import Settings, StageSettings, parse, parse_yaml
from gabarito.curate.config import CurateConfig
from gabarito.evaluate.config import EvaluateConfig
from gabarito.generate.config import GenerateConfig
from gabarito.ingest.config import IngestConfig
from gabarito.merge.config import MergeConfig
from gabarito.pipeline.pipeline_file import PipelineFile, open_pipeline_file
from gabarito.pipeline.stages import STAGES
from gabarito.serve.config import ServeConfig
from gabarito.train.config import TrainConfig

NAME = r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$"


def _own_channel(settings: dict[str, Any]) -> str:
    return str(settings.get("name", ""))  # a name that is not valid is a mistake of its own


class PartialPipeline(Settings):
    """A pipeline file in which sections of later stages may be missing: what is before can run."""

    name: str = Field(
        pattern=NAME,
        description="What the model is about, in lower case, digits and hyphens.",
    )
    channel: str = Field(
        default_factory=_own_channel,
        pattern=NAME,
        description="The channel that serves the model once it has passed its gate; default: the "
        "pipeline's name. Another name is for a channel that pipelines share on purpose.",
    )
    ingest: IngestConfig = Field(description="Where the documents come from.")
    generate: Annotated[GenerateConfig | None, Field(validate_default=True)] = None
    curate: CurateConfig = Field(default_factory=CurateConfig, description="The dataset.")
    train: TrainConfig | None = None
    merge: MergeConfig = Field(default_factory=MergeConfig, description="The merged model.")
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig, description="The gate.")
    serve: ServeConfig = Field(default_factory=ServeConfig, description="The endpoint.")

    @field_validator("generate", mode="after")
    @classmethod
    def _teacher_reads_documents(
        cls, generate: GenerateConfig | None, info: ValidationInfo
    ) -> GenerateConfig | None:
        """Let only people's own pairs do without a teacher, and without the section."""
        ingest: IngestConfig | None = info.data.get("ingest")  # None: it is not valid
        if ingest is None:
            return generate
        if generate is None:
            return GenerateConfig() if ingest.is_of_pairs_alone else None
        if generate.teacher is None and not ingest.is_of_pairs_alone:
            lacking = InitErrorDetails(type="missing", loc=("teacher",), input=generate)
            raise ValidationError.from_exception_data("GenerateConfig", [lacking])
        return generate

    @field_validator("serve", mode="after")
    @classmethod
    def _conversations_are_measured(cls, serve: ServeConfig, info: ValidationInfo) -> ServeConfig:
        """Let no whole conversation be served whose answers the gate does not look at."""
        evaluate: EvaluateConfig | None = info.data.get("evaluate")  # None: it is not valid
        if evaluate and serve.conversation == "whole" and evaluate.conversation != "whole":
            said = "is not measured; set evaluate.conversation to whole, too"
            mistake = InitErrorDetails(
                type="value_error",
                loc=("conversation",),
                input=serve.conversation,
                ctx={"error": ValueError(said)},
            )
            raise ValidationError.from_exception_data("ServeConfig", [mistake])
        return serve

    @property
    def stages(self) -> list[str]:
        """The stages that can run: those before the first whose section is missing."""
        return list(takewhile(lambda stage: getattr(self, stage) is not None, STAGES))

    def lacks(self, stage: str) -> list[str]:
        """Return the settings without which a stage cannot run, such as ``train.base``."""
        return _required([name for name in _up_to(stage) if getattr(self, name) is None])

    def section(self, stage: str) -> StageSettings:
        """Return the settings of one stage.

        Raises:
            SettingsError: if the stage cannot run, as settings are missing.
        """
        if lacking := self.lacks(stage):
            raise SettingsError(
                f"{stage}: cannot run without {' and '.join(lacking)}; add what is missing to the "
                "pipeline file and run it again"
            )
        section: StageSettings = getattr(self, stage)
        return section


class Pipeline(PartialPipeline):
    """A pipeline file: a section for each stage."""

    generate: GenerateConfig = Field(description="How the teacher writes facts and questions.")
    train: TrainConfig = Field(description="The base model and the adapter.")


def read_pipeline(where: Path | str, last: str = "evaluate") -> PartialPipeline:
    """Return the settings in a pipeline file, of this machine or at ``s3://bucket/key``.

    Relative paths in it are taken from its folder. Sections of stages after ``last`` may be
    missing.

    Raises:
        SettingsError: names every mistake.
    """
    return parse_pipeline(open_pipeline_file(where), last)


def parse_pipeline(file: PipelineFile, last: str = "evaluate") -> PartialPipeline:
    """Return the settings in a pipeline file, as ``read_pipeline`` does."""
    data = parse_yaml(file.text, file.address)
    if not isinstance(data, dict):
        return parse(PartialPipeline, data, file.name, folder=file.folder)
    given = {name: value for name, value in data.items() if not (name in STAGES and value is None)}
    absent = [stage for stage in _up_to(last) if stage not in given]
    # with empty sections in their place the mistakes are the very settings that are missing
    filled = {stage: {} for stage in absent} | given
    try:
        return parse(PartialPipeline, filled, file.name, folder=file.folder)
    except SettingsError as error:
        lacking = [stage for stage in absent if _required([stage])]
        if not lacking or lacking[0] == "ingest":
            raise
        before = _up_to(lacking[0])[-2]
        raise SettingsError(
            f"{error}\n  {', '.join(lacking)}: no such section; add it, or end before it with "
            f"gabarito run --until {before}"
        ) from error


def _up_to(last: str) -> list[str]:
    return list(STAGES)[: list(STAGES).index(last) + 1]


def _required(stages: list[str]) -> list[str]:
    """Return the settings of these stages that have no default; pairs need no teacher."""
    return [
        f"{stage}.{name}"
        for stage in stages
        for name, field in STAGES[stage].settings.model_fields.items()
        if field.is_required() or (stage, name) == ("generate", "teacher")
    ]

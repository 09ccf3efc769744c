"""The pipeline file: a section of settings for each stage."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from gabarito.core.errors import SettingsError
from gabarito.core.settings import HOLDS_SECRET, Settings, StageSettings, parse, parse_yaml
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


def _setting(given: object, name: str) -> object:
    """Return a setting of what may be a section, before it is read or after."""
    return given.get(name) if isinstance(given, dict) else getattr(given, name, None)


def _all_told(
    handler: Callable[[Any], Any], given: object, mistakes: Sequence[InitErrorDetails]
) -> Any:  # noqa: ANN401  # what the handler returns
    """Return what is read of a section; what else is wrong with it is told beside these mistakes.

    Raises:
        ValidationError: if there are any.
    """
    try:
        made = handler(given)
    except ValidationError as error:
        raise ValidationError.from_exception_data(
            error.title, [*map(_repeated, error.errors()), *mistakes]
        ) from error
    if mistakes:
        raise ValidationError.from_exception_data("settings", [*mistakes])
    return made


def _repeated(mistake: ErrorDetails) -> InitErrorDetails:
    """Return a mistake as pydantic takes it."""
    kind = mistake["type"]
    return InitErrorDetails(
        type=PydanticCustomError(HOLDS_SECRET, mistake["msg"]) if kind == HOLDS_SECRET else kind,
        loc=mistake["loc"],
        input=mistake["input"],
        ctx=mistake.get("ctx", {}),
    )


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

    @field_validator("generate", mode="wrap")
    @classmethod
    def _teacher_reads_documents(
        cls,
        given: object,
        handler: ValidatorFunctionWrapHandler,
        info: ValidationInfo,
    ) -> GenerateConfig | None:
        """Let only people's own pairs do without a teacher, and without the section."""
        ingest: IngestConfig | None = info.data.get("ingest")  # None: it is not valid
        if given is None:
            return GenerateConfig() if ingest and ingest.is_of_pairs_alone else None
        has_teacher = _setting(given, "teacher") is not None
        lacking = InitErrorDetails(type="missing", loc=("teacher",), input=given)
        is_needed = ingest is not None and not ingest.is_of_pairs_alone
        mistakes = [lacking] if is_needed and not has_teacher else []
        generate: GenerateConfig = _all_told(handler, given, mistakes)
        return generate

    @model_validator(mode="wrap")
    @classmethod
    def _conversations_are_measured(
        cls, given: object, handler: ModelWrapValidatorHandler[Self]
    ) -> Self:
        """Let no whole conversation be served whose answers the gate does not look at."""
        served, measured = (
            _setting(_setting(given, section), "conversation") for section in ("serve", "evaluate")
        )
        said = ValueError("is not measured; set evaluate.conversation to whole, too")
        mistake = InitErrorDetails(
            type="value_error", loc=("serve", "conversation"), input=served, ctx={"error": said}
        )
        is_unmeasured = served == "whole" and measured in (None, "last")
        made: Self = _all_told(handler, given, [mistake] if is_unmeasured else [])
        return made

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

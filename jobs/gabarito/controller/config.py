"""Settings of the controller: ``controller.yaml``, which the chart writes."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gabarito.core.settings import InputPath, Settings, parse, read_yaml

Retryable = Literal["ingest", "generate", "curate", "train", "merge", "evaluate", "serve"]
Sharded = Literal["ingest", "generate"]


class ServeTarget(Settings):
    """Where the endpoint is, and when it counts as working."""

    replicas: int = Field(
        default=1, ge=0, description="Pods of the endpoint; 0: promote models, serve none."
    )
    service: str = Field(
        pattern=r"^https?://\S+$", description="URL of the Service in front of the endpoint."
    )
    questions: int = Field(
        default=5,
        ge=0,
        description="Questions with known answers in the endpoint's smoke test.",
    )
    ready_timeout_s: float = Field(
        default=1800.0,
        gt=0,
        description="Seconds after which an endpoint that is not ready is rolled back.",
    )
    token_env: str | None = Field(
        default=None,
        description="Environment variable that holds the endpoint's bearer token.",
    )


class ExpectedFile(Settings):
    """What a pipeline file in a bucket must be, as far as the chart was told."""

    name: str = Field(default="", description="The pipeline's name.")
    channel: str = Field(default="", description="Its channel.")
    sha256: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="The file's SHA-256; empty: that of the first one that a run is begun with.",
    )
    full_training_disk: str = Field(
        default="",
        description="What train asks of ephemeral-storage if the file says method: full; empty: "
        "what its template says.",
    )


class ControllerConfig(Settings):
    """What the controller of one release must know."""

    renamed: ClassVar[dict[str, str]] = {"anchor": "owner"}

    release: str = Field(min_length=1, description="The Helm release: the label of its objects.")
    fullname: str = Field(min_length=1, description="Prefix of every name.")
    namespace: str = Field(min_length=1, description="Namespace of every object.")
    store: str = Field(min_length=1, description="A folder, file://… or s3://bucket/prefix.")
    pipeline: InputPath = Field(description="The pipeline file: a path, or s3://bucket/key.")
    expected: ExpectedFile = Field(
        default_factory=ExpectedFile, description="What that file must be, if it is in a bucket."
    )
    templates: InputPath = Field(description="The folder of the Jobs' and the endpoint's bodies.")
    owner: str = Field(min_length=1, description="The ConfigMap that owns every created object.")
    queue: str = Field(
        default="", description="A LocalQueue of Kueue: Jobs are gated by its annotation."
    )
    shards: dict[Sharded, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default_factory=dict, description="Pods among which the work of a stage is divided."
    )
    processes: int = Field(
        default=1, ge=1, description="Processes that train together, in all of its pods."
    )
    jobsets: bool = Field(
        default=False, description="Whether the cluster knows JobSets, which several pods need."
    )
    retries: dict[Retryable, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Raise a stage's number to start it again after it failed; serve's, to "
        "promote a model again that was rolled back.",
    )
    keep_runs: int | None = Field(
        default=None,
        ge=1,
        description="Runs of which ended Jobs are kept, the present one included; those that "
        "came no further than their sources are counted apart; null: all, until Kubernetes "
        "deletes them.",
    )
    serve: ServeTarget = Field(description="The endpoint.")

    def shards_of(self, stage: str) -> int:
        """Return the number of pods among which a stage is divided."""
        return {str(name): number for name, number in self.shards.items()}.get(stage, 1)

    def retries_of(self, stage: str) -> int:
        """Return the number under ``retries`` of a stage or of serve."""
        return {str(name): number for name, number in self.retries.items()}.get(stage, 0)


def read_config(path: Path) -> ControllerConfig:
    """Return the settings in a file; relative paths in it are taken from its folder.

    Raises:
        SettingsError: names every mistake.
    """
    return parse(ControllerConfig, read_yaml(path), path.name, folder=path.parent)

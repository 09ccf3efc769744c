"""From a pipeline file to the artifacts that it needs: their fingerprints and their order."""

import hashlib
import importlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field, ValidationError, field_validator

from gabarito import __version__
from gabarito.core.artifact import Address, Fingerprint, open_artifact
from gabarito.core.config import Settings, StageSettings, parse, read_yaml
from gabarito.core.errors import DataError, MissingError, UsageError
from gabarito.core.inputs import content_settings, input_digests
from gabarito.core.records import Record
from gabarito.core.store import Store
from gabarito.curate.config import CurateConfig
from gabarito.evaluate.config import EvaluateConfig
from gabarito.generate.config import GenerateConfig
from gabarito.ingest.config import IngestConfig
from gabarito.merge.config import MergeConfig
from gabarito.serve.config import ServeConfig
from gabarito.train.config import TrainConfig

UPSTREAM: dict[str, tuple[str, ...]] = {
    "ingest": (),
    "generate": ("ingest",),
    "curate": ("ingest", "generate"),
    "train": ("curate",),
    "merge": ("train",),
    "evaluate": ("curate", "train", "merge"),
}
STAGES = tuple(UPSTREAM)
"""The stages that make artifacts, in the order of the arrow."""

RUN_ID_CHARS = 12
_RECORD = re.compile(rf"runs/[0-9a-f]{{{RUN_ID_CHARS}}}\.json")


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


class Run(Record):
    """One walk along the arrow: the settings as read, and every fingerprint.

    Fingerprints are of what decides results; the run's id is of all settings.
    ``digests`` maps each file that the settings name to its SHA-256.
    """

    run: str
    pipeline: Pipeline
    fingerprints: dict[str, Fingerprint]
    digests: dict[str, str]
    created_at: AwareDatetime
    version: str

    @field_validator("fingerprints")
    @classmethod
    def _of_every_stage(cls, fingerprints: dict[str, Fingerprint]) -> dict[str, Fingerprint]:
        if fingerprints.keys() != set(STAGES):
            message = f"fingerprints of {', '.join(fingerprints)} instead of {', '.join(STAGES)}"
            raise ValueError(message)
        return fingerprints

    def address(self, stage: str) -> Address:
        """Return where a stage's artifact lies."""
        return Address(stage, self.fingerprints[stage])


State = Literal["done", "missing", "stale"]


@dataclass(frozen=True)
class Step:
    """A stage of a plan: ``stale`` was made from another version of what it reads."""

    stage: str
    fingerprint: str
    state: State
    note: str = ""


def read_pipeline(path: Path) -> Pipeline:
    """Return a pipeline file's settings; relative paths in it are taken from its folder.

    Raises:
        SettingsError: names every mistake.
    """
    return parse(Pipeline, read_yaml(path), path.name, folder=path.parent)


def new_run(pipeline: Pipeline) -> Run:
    """Compute the fingerprint of every stage: all are known before anything runs.

    Raises:
        MissingError: if a file that the settings name is not there.
    """
    digests: dict[str, str] = {}
    fingerprints: dict[str, str] = {}
    for stage, upstream in UPSTREAM.items():
        section = pipeline.section(stage)
        digests |= input_digests(section)
        above = [fingerprints[name] for name in upstream]
        fingerprints[stage] = _fingerprint(stage, content_settings(section, digests), above)
    return Run(
        run=_run_id(fingerprints, pipeline.model_dump(mode="json")),
        pipeline=pipeline,
        fingerprints=fingerprints,
        digests=digests,
        created_at=datetime.now(UTC),
        version=__version__,
    )


def freeze(store: Store, run: Run) -> None:
    """Write the run's record; one that is there already becomes the latest again."""
    try:
        known = read_run(store, run.run)
    except DataError:
        known = run
    store.write(_run_key(run.run), known.model_dump_json(indent=1).encode())


def is_frozen(store: Store, run: Run) -> bool:
    """Tell whether the run's record is written."""
    return store.exists(_run_key(run.run))


def read_run(store: Store, run: str) -> Run:
    """Return a run's record.

    Raises:
        UsageError: if ``run`` cannot be a run's id.
        MissingError: if there is no such run.
        DataError: if the record is damaged or of another version's settings.
    """
    try:
        data = store.read(_run_key(run)).data
    except MissingError as error:
        message = f"{store.url}: no run {run!r}; start one with gabarito run PIPELINE"
        raise MissingError(message) from error
    where = f"{store.url}/{_run_key(run)}"
    try:
        found = Run.model_validate_json(data)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        message = f"{where}: not a run of version {__version__}: {said}; plan the run anew"
        raise DataError(message) from error
    record = json.loads(data)
    if _run_id(record["fingerprints"], record["pipeline"]) != run:
        message = f"{where}: its settings are not those of run {run}; plan the run anew"
        raise DataError(message)
    return found


def latest_run(store: Store) -> Run | None:
    """Return the run that was started last, or None."""
    records = [entry for entry in store.list("runs/") if _RECORD.fullmatch(entry.key)]
    if not records:
        return None
    newest = max(records, key=lambda entry: entry.modified)
    return read_run(store, Path(newest.key).stem)


def make_plan(store: Store, run: Run) -> list[Step]:
    """Tell for each stage, in order, whether its artifact is there."""
    digests: dict[str, str] = {}
    return [_step(store, run, stage, digests) for stage in STAGES]


def _step(store: Store, run: Run, stage: str, digests: dict[str, str]) -> Step:
    fingerprint = run.fingerprints[stage]
    artifact = open_artifact(store, run.address(stage))
    if artifact is None:
        return Step(stage, fingerprint, "missing")
    digests[stage] = artifact.digest
    for upstream, digest in artifact.manifest.inputs.items():
        if digests.get(upstream) != digest:
            other = f"another {upstream}" if upstream in digests else f"a lost {upstream}"
            note = f"was made from {other}; raise {stage}.again to make it anew"
            return Step(stage, fingerprint, "stale", note)
    return Step(stage, fingerprint, "done")


def _fingerprint(stage: str, settings: dict[str, Any], above: list[str]) -> str:
    revision = importlib.import_module(f"gabarito.{stage}.config").REVISION
    return _digest([stage, revision, settings, above])


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _run_id(fingerprints: dict[str, str], settings: object) -> str:
    """Name a run by all that it was started with, addresses and places of files included."""
    return _digest([fingerprints, settings])[:RUN_ID_CHARS]


def _run_key(run: str) -> str:
    if not run.isalnum():
        message = f"{run!r} is not a run's id; gabarito plan PIPELINE shows it"
        raise UsageError(message)
    return f"runs/{run}.json"

"""Runs: the settings as read and every fingerprint, frozen in the store under one id."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from gabarito import __version__
from gabarito.artifacts.artifact import Address, Fingerprint
from gabarito.artifacts.fingerprint import content_settings, input_digests
from gabarito.core.errors import DataError, MissingError, UsageError
from gabarito.core.mistakes import sentence_of
from gabarito.core.records import Record
from gabarito.core.settings import renamed_to
from gabarito.pipeline.schema import PartialPipeline
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store
from gabarito.store.open import place_of

log = logging.getLogger("gabarito")

RUN_ID_CHARS = 12
_RECORD = re.compile(rf"runs/[0-9a-f]{{{RUN_ID_CHARS}}}\.json")


class Run(Record):
    """One run of a pipeline: the settings as read, and the fingerprint of each stage that can run.

    Fingerprints are of what decides results; the run's id is of all settings.
    ``digests`` maps each file that the settings name to its SHA-256.
    """

    run: str
    pipeline: PartialPipeline
    fingerprints: dict[str, Fingerprint]
    digests: dict[str, str]
    created_at: AwareDatetime
    version: str

    @field_validator("fingerprints")
    @classmethod
    def _of_every_stage(
        cls, fingerprints: dict[str, Fingerprint], info: ValidationInfo
    ) -> dict[str, Fingerprint]:
        pipeline: PartialPipeline | None = info.data.get("pipeline")  # None: it is not valid
        if pipeline and fingerprints.keys() != set(pipeline.stages):
            raise ValueError(
                f"fingerprints of {', '.join(fingerprints)} instead of {', '.join(pipeline.stages)}"
            )
        return fingerprints

    def address(self, stage: str) -> Address:
        """Return where a stage's artifact lies.

        Raises:
            SettingsError: if the stage cannot run, as its settings are missing.
        """
        self.pipeline.section(stage)
        return Address(stage, self.fingerprints[stage])


def new_run(pipeline: PartialPipeline) -> Run:
    """Compute the fingerprint of every stage that can run: all are known before anything runs.

    Raises:
        MissingError: if a file that the settings name is not there.
    """
    digests: dict[str, str] = {}
    fingerprints: dict[str, str] = {}
    for stage in map(STAGES.__getitem__, pipeline.stages):
        section = pipeline.section(stage.name)
        digests |= input_digests(section, stage.name)
        above = [fingerprints[name] for name in stage.reads]
        settings = content_settings(section, digests)
        fingerprints[stage.name] = _digest([stage.name, stage.revision, settings, above])
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


def forget(store: Store, run: Run) -> None:
    """Delete the run's record: what it made stays, and no list shows it any more."""
    store.delete(_run_key(run.run))


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
        raise MissingError(
            f"{store.url}: no run {run!r}; gabarito runs lists those that were started, "
            "gabarito plan PIPELINE shows the id of a pipeline's"
        ) from error
    where = f"{store.url}/{_run_key(run)}"
    try:
        found = Run.model_validate_json(data)
    except ValidationError as error:
        raise _of_another_version(error, where) from error
    record = json.loads(data)
    if found.run != run or _run_id(record["fingerprints"], record["pipeline"]) != run:
        raise DataError(f"{where}: its settings are not those of run {run}; plan the run anew")
    return found


def _of_another_version(error: ValidationError, where: str) -> DataError:
    """Return what to say of a record that is not read: nothing of it is guessed."""
    mistakes = error.errors()
    old = [f"{_path(one)} is called {name} now" for one in mistakes if (name := _new_name(one))]
    said = "; ".join(old) or f"{_path(mistakes[0])}: {sentence_of(mistakes[0])}"
    return DataError(
        f"{where}: not a run of version {__version__}: {said}; plan the run anew with "
        "gabarito run PIPELINE, which makes its artifacts anew"
    )


def _path(mistake: ErrorDetails) -> str:
    return ".".join(map(str, mistake["loc"])) or "record"


def _new_name(mistake: ErrorDetails) -> str:
    return renamed_to(Run, mistake["loc"]) if mistake["type"] == "extra_forbidden" else ""


def latest_run(store: Store, pipeline: str = "") -> Run | None:
    """Return the run that was started last, of any pipeline or of this one, or None."""
    if pipeline:
        return next((run for run in all_runs(store) if run.pipeline.name == pipeline), None)
    records = _records(store)
    return read_run(store, records[0]) if records else None


def all_runs(store: Store) -> Iterator[Run]:
    """Yield the runs, that which was started last first.

    A record that this version does not read is told in the log and left out.
    """
    for name in _records(store):
        try:
            yield read_run(store, name)
        except DataError as error:
            log.warning("run left out", extra={"run": name, "reason": str(error)})


def _records(store: Store) -> list[str]:
    """Return the ids of the runs, that which was started last first."""
    entries = [entry for entry in store.list("runs/") if _RECORD.fullmatch(entry.key)]
    entries.sort(key=lambda entry: entry.modified, reverse=True)
    return [Path(entry.key).stem for entry in entries]


def last_run(store: Store, pipeline: str = "") -> Run:
    """Return the run that was started last, of any pipeline or of this one.

    Raises:
        MissingError: if there is none.
    """
    run = latest_run(store, pipeline)
    if run is None:
        what = f"no run of pipeline {pipeline!r}" if pipeline else "no run"
        known = "; gabarito runs lists those of others" if pipeline else ""
        raise MissingError(
            f"{place_of(store)}: {what} yet; start one with gabarito run PIPELINE{known}"
        )
    return run


def not_finished(run: str, stage: str) -> MissingError:
    """Return what to say of a run of which a stage is wanted that is not finished."""
    return MissingError(f"run {run}: {stage} is not finished; gabarito run PIPELINE continues it")


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _run_id(fingerprints: dict[str, str], settings: object) -> str:
    """Name a run by all that it was started with, addresses and places of files included."""
    return _digest([fingerprints, settings])[:RUN_ID_CHARS]


def _run_key(run: str) -> str:
    if not run.isalnum():
        raise UsageError(f"{run!r} is not a run's id; gabarito plan PIPELINE shows it")
    return f"runs/{run}.json"

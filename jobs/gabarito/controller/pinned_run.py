"""Which run a release is of.

A pipeline file that the chart wrote changes with the release. One in a bucket may be replaced at
any time: it is pinned by its digest when its run is frozen, so that a controller that starts anew,
on another node or after an eviction, goes on with that run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gabarito import __version__
from gabarito.controller.config import ControllerConfig
from gabarito.controller.state import Memory, PinnedFile
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.settings import BUCKET
from gabarito.pipeline.pipeline_file import PipelineFile, open_pipeline_file
from gabarito.pipeline.refresh import PlannedRun
from gabarito.pipeline.runs import Run, read_run
from gabarito.pipeline.schema import PartialPipeline, parse_pipeline
from gabarito.store.base import Store


@dataclass(frozen=True)
class ChosenRun:
    """The run; of a file in a bucket what it is pinned to, and what is to be said of it."""

    planned: PlannedRun
    pinned: PinnedFile | None = None
    warning: str = ""


Plan = Callable[[PartialPipeline], PlannedRun]


def choose_run(config: ControllerConfig, store: Store, memory: Memory, plan: Plan) -> ChosenRun:
    """Return the run that is planned of the pipeline file, or the one that it was pinned to.

    Raises:
        SettingsError: if the file is not there, not valid, or another one than is expected.
        ServiceError: if the bucket does not answer.
        AccessError: if it refuses the credentials.
    """
    if not config.pipeline.startswith(BUCKET):
        file = open_pipeline_file(config.pipeline)
        if refusal := _refusal(file, config.expected.sha256):
            raise SettingsError(refusal)
        return ChosenRun(plan(_expected(config, file)))
    pinned = memory.pinned if memory.pinned and memory.pinned.file == config.pipeline else None
    wanted = config.expected.sha256 or (pinned.sha256 if pinned else "")
    try:
        file = open_pipeline_file(config.pipeline)
        refusal = _refusal(file, wanted)
    except SettingsError as error:
        refusal = str(error)
    if not refusal:
        return _pin(plan(_expected(config, file)), file)
    frozen = _frozen(store, pinned) if pinned and pinned.sha256 == wanted else None
    if frozen is not None:
        warning = f"{refusal}; run {frozen.run} goes on with the file as it was when it began"
        return ChosenRun(PlannedRun(frozen), pinned, warning)
    if config.expected.sha256:
        raise SettingsError(refusal)
    file = open_pipeline_file(config.pipeline)  # nothing was frozen that it replaces
    return _pin(plan(_expected(config, file)), file)


def _refusal(file: PipelineFile, wanted: str) -> str:
    """Return why a file is not the one that is wanted, or ``""``."""
    if wanted in ("", file.sha256):
        return ""
    return (
        f"{file.address}: its SHA-256 is {file.sha256}, not {wanted}; to run this file, set "
        f"pipelineFrom.sha256 to {file.sha256} and upgrade"
    )


def _frozen(store: Store, pinned: PinnedFile) -> Run | None:
    """Return the run of the file, if it was frozen, and by this version: another plans anew."""
    try:
        frozen = read_run(store, pinned.run)
    except DataError:
        return None
    return frozen if frozen.version == __version__ else None


def _expected(config: ControllerConfig, file: PipelineFile) -> PartialPipeline:
    """Return the settings in a file; refuse those of another pipeline than the values name."""
    pipeline = parse_pipeline(file)
    for what, said, found in (
        ("name", config.expected.name, pipeline.name),
        ("channel", config.expected.channel, pipeline.channel),
    ):
        if said and said != found:
            raise SettingsError(
                f"{file.address}: {what} is {found!r}, and pipeline.{what} of the chart's "
                f"values is {said!r}; make them the same"
            )
    return pipeline


def _pin(planned: PlannedRun, file: PipelineFile) -> ChosenRun:
    digests = {**planned.run.digests, file.address: file.sha256}
    run = planned.run.model_copy(update={"digests": digests})
    lasting = planned.before or run  # who starts anew could not tell that it is tried
    pinned = PinnedFile(file=file.address, sha256=file.sha256, run=lasting.run)
    return ChosenRun(replace(planned, run=run), pinned)

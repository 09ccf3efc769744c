"""Which channel is meant where a command names none."""

from gabarito.artifacts.channel import (
    FORMER_DEFAULT,
    ServedModel,
    all_channels,
    find_channel,
    pipeline_of,
)
from gabarito.core.errors import DataError, UsageError
from gabarito.pipeline.promote import nothing_served
from gabarito.pipeline.runs import all_runs, read_run
from gabarito.store.base import Store


def default_channel(store: Store, pipeline: str = "") -> str:
    """Return the channel to read: of a pipeline, or of the only one of which a model is served.

    It is the one of the pipeline's name, or else the only one that serves a model of it; where
    none does, the one that its last run would be promoted to.

    Raises:
        UsageError: if models of several pipelines are served, or of this one in several channels.
        MissingError: if there is neither a channel nor a run.
    """
    channels = dict(all_channels(store))
    serving = {name: pipeline_of(store, one.model) for name, one in channels.items() if one.model}
    pipelines = {pipeline} if pipeline else set(serving.values())
    own = next(iter(pipelines)) if len(pipelines) == 1 else ""
    if own in channels:  # also if it serves nothing, as all was taken back
        return own
    chosen = {name: of for name, of in serving.items() if pipeline in ("", of)}
    if not chosen:
        return _of_last_run(store, pipeline)
    if len(chosen) == 1:
        return next(iter(chosen))
    said = ", ".join(f"{name} (pipeline {of or 'unknown'})" for name, of in sorted(chosen.items()))
    raise UsageError(
        f"{store.url}: several channels serve a model: {said}; name one with --channel"
    )


def channel_of(store: Store, model: ServedModel) -> str:
    """Return the channel to which a model is promoted: the one that its run names.

    ``main`` was the default of runs whose file names none, so their pipeline's name is meant:
    others may be served by ``main``, and it is moved only where it is named.
    """
    try:
        channel = read_run(store, model.run).pipeline.channel
    except DataError:  # it is gone, or of another version
        return model.pipeline
    return model.pipeline if channel == FORMER_DEFAULT else channel


def channel_to_roll_back(store: Store) -> str:
    """Return the channel that is read by default; instead of ``main`` its pipeline's own.

    Raises:
        UsageError: as ``default_channel``.
        MissingError: as ``default_channel``.
    """
    name = default_channel(store)
    served = find_channel(store, name) if name == FORMER_DEFAULT else None
    return (pipeline_of(store, served.model) if served and served.model else "") or name


def _of_last_run(store: Store, pipeline: str) -> str:
    for run in all_runs(store):
        if pipeline in ("", run.pipeline.name):
            return run.pipeline.channel
    if not pipeline:
        raise nothing_served(store)
    return pipeline

"""Which channel is meant where a command names none."""

from gabarito.artifacts.channel import all_channels, pipeline_of
from gabarito.core.errors import UsageError
from gabarito.pipeline.promote import nothing_served
from gabarito.pipeline.runs import all_runs
from gabarito.store.base import Store


def default_channel(store: Store, pipeline: str = "") -> str:
    """Return the channel of a pipeline, or of the only one of which a model is served.

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


def _of_last_run(store: Store, pipeline: str) -> str:
    for run in all_runs(store):
        if pipeline in ("", run.pipeline.name):
            return run.pipeline.channel
    if not pipeline:
        raise nothing_served(store)
    return pipeline

"""The runs that were started: of which pipeline, how far, and what came of them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gabarito.artifacts.artifact import open_artifact
from gabarito.core.errors import DataError
from gabarito.pipeline.made_models import channels_by_model
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import Run, all_runs
from gabarito.store.base import Store

log = logging.getLogger("gabarito.pipeline.listed_runs")


@dataclass(frozen=True)
class ListedRun:
    """A run: how many of its stages are done, its gate in a word, and its model's digest.

    ``model`` is empty while the run is not evaluated.
    """

    run: Run
    done: int
    gate: str
    model: str
    channels: tuple[str, ...]


def listed_runs(store: Store, pipeline: str) -> list[ListedRun]:
    """Return the runs of a pipeline, or of all, that which was started last first.

    One of which an artifact is not read by this version is told in the log and left out.
    """
    serving, found = channels_by_model(store), []
    for run in all_runs(store):
        if pipeline not in ("", run.pipeline.name):
            continue
        try:
            found.append(_listed(store, run, serving))
        except DataError as error:
            log.warning("run left out", extra={"run": run.run, "reason": str(error)})
    return found


def _listed(store: Store, run: Run, serving: Mapping[str, Sequence[str]]) -> ListedRun:
    done = sum(open_artifact(store, run.address(stage)) is not None for stage in run.fingerprints)
    model = model_of(store, run)
    if model is None:
        return ListedRun(run, done, "-", "", ())
    gate = "passed" if model.verdict.passed else "failed"
    return ListedRun(run, done, gate, model.digest, tuple(serving.get(model.digest, ())))

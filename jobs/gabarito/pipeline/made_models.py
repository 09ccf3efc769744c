"""The models that finished runs made: when, of what, with what figures, and who serves them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, Field

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.channel import (
    BEGINNING,
    LEAST_DIGITS,
    SHORT_DIGEST,
    ServedModel,
    all_channels,
    begun_by,
)
from gabarito.core.errors import DataError, MissingError, UsageError
from gabarito.pipeline.promote import evaluation_of, model_of
from gabarito.pipeline.runs import Run, all_runs, read_run
from gabarito.store.base import Store

log = logging.getLogger("gabarito.pipeline.made_models")

TEST, FREE, REFUSED = "test wordings", "free questions", "unanswerable refused"
RIGHT = {"test": TEST, "free": FREE, "validation": "validation wordings"}
"""Parts of the exam, and what people call the share of right answers to them."""


class _Score(BaseModel):
    exact_match: float


class _Refused(BaseModel):
    share: float


class _Served(BaseModel):
    unanswerable: dict[str, _Refused] = Field(default_factory=dict)


class _Figures(BaseModel):
    """What is read of ``report.json``; there is more in it."""

    evaluated_at: AwareDatetime
    systems: dict[str, dict[str, _Score | None]]
    served: _Served | None = None
    base: str = ""


@dataclass(frozen=True)
class MadeModel:
    """A model that a run made.

    ``test``, ``free`` and ``refused`` are shares in 0..1 of test wordings and free questions
    answered right, and of unanswerable questions refused as it is served; None: not asked.
    ``has_weights``: they may be gone, and their evaluation not.
    """

    model: ServedModel
    made_at: AwareDatetime
    base: str
    test: float | None
    free: float | None
    refused: float | None
    channels: tuple[str, ...]
    has_weights: bool

    @property
    def name(self) -> str:
        """The digest's first digits."""
        return self.model.digest[:SHORT_DIGEST]

    @property
    def shares(self) -> tuple[float | None, float | None, float | None]:
        """The figures in the order in which people are shown them."""
        return self.test, self.free, self.refused


def made_models(store: Store) -> list[MadeModel]:
    """Return the models of all finished runs, the latest first.

    What this version does not read, a run's record or its report, is told in the log and left out.
    """
    serving = channels_by_model(store)
    found: dict[str, MadeModel] = {}
    for run in all_runs(store):
        try:
            made = _made(store, run, serving)
        except DataError as error:
            log.warning("model left out", extra={"run": run.run, "reason": str(error)})
            continue
        if made is not None:
            found[made.model.digest] = made
    return sorted(found.values(), key=lambda made: made.made_at, reverse=True)


def named_model(store: Store, name: str) -> ServedModel:
    """Return the model that ``name`` means: its digest, the first digits of it, or its run.

    Raises:
        UsageError: if ``name`` can be none of these, or several digests begin so.
        MissingError: if no finished run made such a model.
        DataError: if it is the model of a run that this version does not read.
    """
    if not BEGINNING.fullmatch(name):
        raise UsageError(
            f"{name!r}: no model is called that; give a run's id, or at least {LEAST_DIGITS} "
            "digits of a digest: gabarito models lists both"
        )
    of_run = _of_run(store, name)
    if of_run is not None:
        return of_run
    made = {one.model.digest: one.model for one in made_models(store)}
    digest = begun_by(name, made)
    if digest is None:
        raise MissingError(
            f"{store.url}: no finished run made a model {name!r}; gabarito models lists what "
            "was made"
        )
    return made[digest]


def _of_run(store: Store, name: str) -> ServedModel | None:
    try:
        run = read_run(store, name)
    except MissingError:
        return None
    return model_of(store, run)


def figures_of(report: Artifact) -> dict[str, float]:
    """Return the shares of a report that two runs are compared by, each in 0..1, by name."""
    return _shares(report.record("report.json", _Figures))


def _made(store: Store, run: Run, serving: Mapping[str, Sequence[str]]) -> MadeModel | None:
    model, report = model_of(store, run), evaluation_of(store, run)
    if model is None or report is None:
        return None
    figures = report.record("report.json", _Figures)
    shares = _shares(figures)
    return MadeModel(
        model=model,
        made_at=figures.evaluated_at,
        base=figures.base,
        test=shares.get(TEST),
        free=shares.get(FREE),
        refused=shares.get(f"{REFUSED}, all"),
        channels=tuple(serving.get(model.digest, ())),
        has_weights=open_artifact(store, model.model) is not None,
    )


def _shares(figures: _Figures) -> dict[str, float]:
    right = {
        name: score.exact_match
        for part, name in RIGHT.items()
        if (score := figures.systems.get("model", {}).get(part))
    }
    if figures.served is None:
        return right
    refused = {
        f"{REFUSED}, {group}": share.share for group, share in figures.served.unanswerable.items()
    }
    return right | refused


def channels_by_model(store: Store) -> dict[str, list[str]]:
    """Return the names of the channels that serve each digest."""
    found: dict[str, list[str]] = {}
    for name, channel in all_channels(store):
        if channel.model:
            found.setdefault(channel.model, []).append(name)
    return found

"""What a run came to: the model that it made, with the verdict of its gate."""

from datetime import UTC, datetime

from pydantic import BaseModel

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.artifacts.channel import (
    BY_HAND,
    FORMER_DEFAULT,
    SHORT_DIGEST,
    Channel,
    Rejected,
    ServedModel,
    find_channel,
    pipeline_of,
    promote,
    read_channel,
    read_model,
    take_back,
)
from gabarito.core.errors import ConflictError, DataError, GateFailed, MissingError
from gabarito.core.model_records import GateVerdict, PromptContract
from gabarito.pipeline.places import file_place, report_command
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store
from gabarito.store.open import place_of


class _Report(BaseModel):
    """What is read of ``report.json``; there is more in it."""

    contract: PromptContract


PAGE = "report.html"


def evaluation_of(store: Store, run: Run) -> Artifact | None:
    """Return what evaluate made of a run, or None while it is not finished or cannot run."""
    if "evaluate" not in run.fingerprints:
        return None
    return open_artifact(store, run.address("evaluate"))


def model_of(store: Store, run: Run) -> ServedModel | None:
    """Return the model that a run made, or None while its evaluation is not finished.

    Its ``verdict`` tells whether it passed its gate, and the reasons if it did not.

    Raises:
        DataError: if report or verdict have another shape.
    """
    report = evaluation_of(store, run)
    if report is None:
        return None
    return ServedModel(
        pipeline=run.pipeline.name,
        run=run.run,
        merge=run.fingerprints["merge"],
        evaluate=run.fingerprints["evaluate"],
        contract=report.record("report.json", _Report).contract,
        verdict=report.record("gate.json", GateVerdict),
    )


def promote_if_passed(store: Store, run: Run) -> tuple[GateVerdict, Rejected | None]:
    """Promote a finished run's model if it passed its gate; return the verdict.

    One that a person took back from the channel stays so, also as a run of other settings that
    has the same weights: the record of that person is returned, too.
    """
    model = model_of(store, run)
    if model is None:
        raise DataError(
            f"run {run.run}: evaluate is not finished; run the pipeline to its end first"
        )
    taken_back = taken_back_by_hand(store, run.pipeline.channel, model)
    if model.verdict.passed and taken_back is None:
        promote(store, run.pipeline.channel, model)
    return model.verdict, taken_back


def left_behind(store: Store, run: Run) -> str:
    """Say that the channel which served a pipeline under the former default is not moved any more.

    Empty if there is none.
    """
    name = run.pipeline.name
    if run.pipeline.channel != name or name == FORMER_DEFAULT:
        return ""
    former = find_channel(store, FORMER_DEFAULT)
    if former is None or not former.model or pipeline_of(store, former.model) != name:
        return ""
    return (
        f"channel {FORMER_DEFAULT!r}, the default before, is left at model "
        f"{former.model[:SHORT_DIGEST]}: whoever serves it by that name serves channel {name!r} "
        f"from now on, or write channel: {FORMER_DEFAULT} into the pipeline file; once nobody "
        f"does, delete channels/{FORMER_DEFAULT}.json from the store"
    )


def promote_by_hand(store: Store, channel: str, model: ServedModel, *, despite: bool) -> bool:
    """Let a channel serve a model that a person names; False if it does already.

    Raises:
        GateFailed: if it did not pass its gate and ``despite`` does not allow that.
        MissingError: if its weights are gone.
        ConflictError: if somebody else moved the channel meanwhile.
    """
    if not model.verdict.passed and not despite:
        raise GateFailed(
            f"model {model.digest[:SHORT_DIGEST]} of run {model.run} did not pass its gate: "
            f"{'; '.join(model.verdict.reasons)}; --despite-gate serves it all the same"
        )
    _refuse_gone(store, model)
    return promote(store, channel, model)


def _refuse_gone(store: Store, model: ServedModel) -> None:
    """Refuse a model of which only the record is left: whatever served it would not start."""
    if open_artifact(store, model.model) is None:
        raise MissingError(
            f"{store.url}: the weights of model {model.digest[:SHORT_DIGEST]} are gone, with "
            f"{model.model.manifest}; gabarito run PIPELINE makes those of run {model.run} anew"
        )


def roll_back(store: Store, name: str, reason: str, *, to_none: bool = False) -> Channel:
    """Let a channel serve the model before the one that it serves; return what it was.

    Where there is none before, ``to_none`` lets it serve nothing.

    Raises:
        MissingError: if it serves none, there is none before, or its weights are gone.
        ConflictError: if somebody else moved it meanwhile.
    """
    channel = find_channel(store, name)
    if channel is None or channel.model is None:
        raise MissingError(
            f"{store.url}: channel {name!r} serves nothing: nothing to take back; "
            "gabarito models lists what the channels serve"
        )
    if channel.previous is not None:
        _refuse_gone(store, read_model(store, channel.previous))
    elif not to_none:
        raise MissingError(
            f"{store.url}: channel {name!r} has no model before "
            f"{channel.model[:SHORT_DIGEST]}; gabarito models lists what gabarito promote can "
            f"name, gabarito rollback --channel {name} --to-none lets it serve nothing"
        )
    rejected = Rejected(
        model=channel.model,
        at=datetime.now(UTC),
        reason=reason,
        under=BY_HAND,
        merge=_weights(store, channel.model),
    )
    if not take_back(store, name, rejected):
        raise ConflictError(f"channel {name!r}: somebody else moved it; look at it and try again")
    return channel


def _weights(store: Store, digest: str) -> str:
    """Return the fingerprint of a model's weights; empty if its record is not read any more."""
    try:
        return read_model(store, digest).merge
    except DataError:
        return ""


def taken_back_by_hand(store: Store, channel: str, model: ServedModel) -> Rejected | None:
    """Return the record of a person who took these weights back from a channel, if one did."""
    found = find_channel(store, channel)
    entry = found.rejection(model.digest, model.merge) if found else None
    return entry if entry and entry.is_by_hand else None


def promoted_model(store: Store, channel: str) -> ServedModel:
    """Return the model that a channel serves.

    Raises:
        MissingError: if it serves nothing.
    """
    promoted = read_channel(store, channel)
    if promoted is None:
        raise nothing_served(store, channel)
    return promoted


def is_own_of_another(store: Store, channel: str, model: ServedModel) -> bool:
    """Tell whether a channel has the name of another pipeline and had a model of that."""
    found = find_channel(store, channel)
    if channel == model.pipeline or found is None:
        return False
    had = (found.model, found.previous)
    return any(pipeline_of(store, digest) == channel for digest in had if digest)


def refuse_other_pipeline(store: Store, pipeline: str, model: ServedModel) -> None:
    """Refuse a model that is not of this pipeline.

    Raises:
        DataError: if it is of another.
    """
    if model.pipeline != pipeline:
        raise DataError(
            f"{store.url}: model {model.digest[:SHORT_DIGEST]} is of pipeline {model.pipeline!r}, "
            f"not of {pipeline!r}; gabarito promote RUN --channel {pipeline} lets its channel "
            "serve one of its own, --channel (in a pipeline file: channel) with another name than "
            "the pipeline's serves what that channel names"
        )


def serves(store: Store, channel: str, model: ServedModel) -> bool:
    """Tell whether a channel serves this model."""
    found = find_channel(store, channel)
    return found is not None and found.model == model.digest


def nothing_served(store: Store, channel: str = "") -> MissingError:
    """Return what to say of a channel, or of a whole store, that serves nothing."""
    what = f"channel {channel!r} serves nothing" if channel else "nothing is served"
    return MissingError(
        f"{place_of(store)}: {what} yet; a model is promoted when "
        "gabarito run ends with a passed gate, or by gabarito promote; gabarito models lists what "
        "was made and who serves it"
    )


def report_lines(store: Store, run: Run) -> list[str]:
    """Return where the page of a finished run's report lies, and the command that shows it."""
    report = evaluation_of(store, run)
    if report is None:
        return []
    pages = [file_place(store, report, PAGE)] if PAGE in report.manifest.files else []
    return [*(f"report page: {place}" for place in pages), f"report: {report_command(store, run)}"]

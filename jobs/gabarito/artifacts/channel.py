"""What is served: immutable model records, and the one mutable pointer to one of them.

<store>/models/<digest>.json      a servable model: where it lies, contract, verdict
<store>/channels/<name>.json      which of them a channel serves; compare-and-swap
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, StringConstraints, ValidationError

from gabarito.artifacts.artifact import Address, Fingerprint
from gabarito.core.errors import ConflictError, DataError, MissingError, UsageError
from gabarito.core.model_records import GateVerdict, PromptContract
from gabarito.core.records import Record
from gabarito.store.base import Store

log = logging.getLogger("gabarito.artifacts.channel")

R = TypeVar("R", bound=Record)

_NAME = re.compile(r"[a-z0-9-]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
FORMER_DEFAULT = "main"
"""What every pipeline whose file names no channel was served by, before it was its own name."""

SHORT_DIGEST = 12
"""Digits of a digest that people are shown, and that name a model to the endpoint."""

LEAST_DIGITS = 6
BEGINNING = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},64}}")
"""A digest, or as much of one as names a model in a command."""

Digest = Annotated[str, StringConstraints(pattern=rf"^{_DIGEST.pattern}$")]


class ServedModel(Record):
    """A model that a run made, with the verdict of its gate, and what is needed to serve it.

    ``merge`` and ``evaluate`` are the fingerprints of its artifacts; ``contract`` is the
    prompt contract with the refusal threshold that evaluation chose.
    """

    pipeline: str
    run: str
    merge: Fingerprint
    evaluate: Fingerprint
    contract: PromptContract
    verdict: GateVerdict

    @property
    def digest(self) -> str:
        """SHA-256 of the record: the model's name."""
        return hashlib.sha256(self.stored).hexdigest()

    @property
    def stored(self) -> bytes:
        """The record as it lies in the store."""
        return self.model_dump_json().encode()

    @property
    def model(self) -> Address:
        """Where the merged model lies."""
        return Address("merge", self.merge)

    @property
    def report(self) -> Address:
        """Where its evaluation lies."""
        return Address("evaluate", self.evaluate)


BY_HAND = "by hand"
"""The circumstances under which a person took a model back: no change of settings ends them."""


class Rejected(Record):
    """A model that a channel took back: when, why, and under what circumstances it failed.

    ``merge`` is the fingerprint of its weights where a person took it back: what other settings
    make of the same weights stays back too. Empty in records that do not know it.
    """

    model: Digest
    at: AwareDatetime
    reason: str
    under: str
    merge: Fingerprint | Literal[""] = ""

    @property
    def is_by_hand(self) -> bool:
        """Whether a person took it back: then it is only served again if a person says so."""
        return self.under == BY_HAND

    def is_about(self, model: str, merge: str) -> bool:
        """Tell whether it is about this model, or a person meant the weights that it has."""
        return self.model == model or (self.is_by_hand and bool(merge) and self.merge == merge)


class Channel(Record):
    """The pointer: which model is served, since when, and which one was before.

    ``model`` is None once the only model was taken back.
    """

    model: Digest | None
    since: AwareDatetime
    previous: Digest | None = None
    rejected: tuple[Rejected, ...] = ()

    def rejection(self, model: str, merge: str = "") -> Rejected | None:
        """Return the record of a model that was taken back; what a person said comes first.

        ``merge`` is the fingerprint of its weights, where that is known.
        """
        found = (entry for entry in self.rejected if entry.is_about(model, merge))
        return max(found, key=lambda entry: entry.is_by_hand, default=None)


def all_channels(store: Store) -> Iterator[tuple[str, Channel]]:
    """Yield the channels of a store by name.

    A record that this version does not read is told in the log and left out.
    """
    for entry in store.list("channels/"):
        name = entry.key.removeprefix("channels/").removesuffix(".json")
        if entry.key != f"channels/{name}.json" or not _NAME.fullmatch(name):
            continue
        try:
            channel = find_channel(store, name)
        except DataError as error:
            log.warning("channel left out", extra={"channel": name, "reason": str(error)})
            continue
        if channel is not None:
            yield name, channel


def find_channel(store: Store, name: str) -> Channel | None:
    """Return a channel's record, or None if nothing was ever promoted to it.

    The channel of a pipeline's name begins with what ``main`` says of that pipeline's models, which
    was the channel of every pipeline before: what was served so stays served, and what was taken
    back stays back.
    """
    found = stored_channel(store, name)
    return found[0] if found else None


def keep_inherited(store: Store, name: str) -> None:
    """Write down what a channel begins with, so that it is not moved with ``main`` any more.

    One that serves nothing is left unwritten: what ``main`` took back is said there.
    """
    found = stored_channel(store, name)
    if found is None or found[1] or found[0].model is None:
        return
    try:
        _write(store, name, *found)
    except ConflictError:
        return  # somebody moved it meanwhile, and so wrote it


def read_channel(store: Store, name: str) -> ServedModel | None:
    """Return the model that a channel serves, or None if it serves nothing."""
    channel = find_channel(store, name)
    return read_model(store, channel.model) if channel and channel.model else None


def read_model(store: Store, digest: str) -> ServedModel:
    """Return the record of a model.

    Raises:
        MissingError: if there is no such model.
    """
    key = _model_key(digest)
    try:
        data = store.read(key).data
    except MissingError as error:
        raise MissingError(
            f"{store.url}: no record of model {digest!r}; gabarito promote writes it, "
            "gabarito models lists what was made"
        ) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(
            f"{store.url}/{key}: content is not what its name says; delete it, "
            "and gabarito promote writes it anew"
        )
    return _parse(ServedModel, data, f"{store.url}/{key}")


def pipeline_of(store: Store, digest: str) -> str:
    """Return the pipeline that a model is of; empty if its record is gone or cannot be read."""
    try:
        return read_model(store, digest).pipeline
    except (DataError, UsageError):
        return ""


def begun_by(name: str, digests: Iterable[str]) -> str | None:
    """Return the digest that begins so, None if none does.

    Raises:
        UsageError: if several do.
    """
    found = [digest for digest in digests if digest.startswith(name)]
    if len(found) > 1:
        said = ", ".join(digest[:SHORT_DIGEST] for digest in found)
        raise UsageError(f"{name!r}: means {said}; give more digits")
    return found[0] if found else None


def named_record(store: Store, name: str) -> ServedModel:
    """Return the record of a promoted model by its digest, or by the first digits of it.

    Raises:
        UsageError: if it is too short to mean one, or several begin so.
        MissingError: if there is no such model.
    """
    if _DIGEST.fullmatch(name):
        return read_model(store, name)
    if not BEGINNING.fullmatch(name):
        raise UsageError(
            f"no model {name!r}: give at least {LEAST_DIGITS} digits of a digest; gabarito models "
            "lists them"
        )
    promoted = (PurePosixPath(entry.key).stem for entry in store.list("models/"))
    digest = begun_by(name, promoted)
    if digest is None:
        raise MissingError(
            f"{store.url}: no model {name!r} was ever promoted; gabarito models lists what was "
            "made, gabarito promote lets a channel serve it"
        )
    return read_model(store, digest)


def promote(store: Store, name: str, model: ServedModel) -> bool:
    """Let a channel serve ``model``; False if it does already.

    Raises:
        ConflictError: if somebody else moved the channel to another model meanwhile.
    """
    store.write(_model_key(model.digest), model.stored, if_absent=True)
    try:
        return _move(store, name, model)
    except ConflictError:
        winner = find_channel(store, name)
        if winner is None or winner.model != model.digest:
            raise
        return False


def _move(store: Store, name: str, model: ServedModel) -> bool:
    found, now, digest = stored_channel(store, name), datetime.now(UTC), model.digest
    if found is None:
        _write(store, name, Channel(model=digest, since=now), version="")
        return True
    before, version = found
    if before.model == digest:
        if not version:  # from now on the channel is moved by itself
            _write(store, name, before, version)
        return False
    rejected = _without(before.rejected, digest, model.merge)
    previous = _to_roll_back_to(store, name, model, before)
    moved = Channel(model=digest, since=now, previous=previous, rejected=rejected)
    _write(store, name, moved, version)
    return True


def _to_roll_back_to(store: Store, name: str, model: ServedModel, before: Channel) -> str | None:
    """Return the model before; in a pipeline's own channel never one of another pipeline."""
    told = [digest for digest in (before.model, before.previous) if digest]
    if name == model.pipeline:
        told = [digest for digest in told if pipeline_of(store, digest) in (name, "")]
    return told[0] if told else None


def take_back(store: Store, name: str, rejected: Rejected) -> bool:
    """Let a channel serve the model before ``rejected``; False if it serves another by now.

    Raises:
        ConflictError: if somebody else moved the channel meanwhile.
    """
    found = stored_channel(store, name)
    if found is None or found[0].model != rejected.model:
        return False
    before, version = found
    moved = Channel(
        model=before.previous,
        since=rejected.at,
        rejected=(*_without(before.rejected, rejected.model), rejected),
    )
    _write(store, name, moved, version)
    return True


def stored_channel(store: Store, name: str) -> tuple[Channel, str] | None:
    """Return a channel's record, and the version to name when it is moved.

    The version is empty if the record is not written, and follows from ``main``.
    """
    key = _channel_key(name)
    try:
        stored = store.read(key)
    except MissingError:
        inherited = _inherited(store, name)
        return (inherited, "") if inherited else None
    return _parse(Channel, stored.data, f"{store.url}/{key}"), stored.version


def _write(store: Store, name: str, channel: Channel, version: str) -> None:
    key, data = _channel_key(name), channel.model_dump_json().encode()
    if version:
        store.write(key, data, if_match=version)
    else:
        store.write(key, data, if_absent=True)


def _inherited(store: Store, pipeline: str) -> Channel | None:
    """Return what ``main`` says of the models of this pipeline, or None if that is nothing."""
    former = find_channel(store, FORMER_DEFAULT) if pipeline != FORMER_DEFAULT else None
    if former is None:
        return None
    told = (former.model, former.previous, *(one.model for one in former.rejected))
    pipelines = {digest: pipeline_of(store, digest) for digest in told if digest}
    if pipeline not in pipelines.values():
        return None
    served = [one for one in told[:2] if one and pipelines[one] == pipeline]
    # one whose record is gone is kept: a digest means no model of another pipeline
    rejected = tuple(one for one in former.rejected if pipelines[one.model] in (pipeline, ""))
    model, previous, *_ = (*served, None, None)
    return Channel(model=model, since=former.since, previous=previous, rejected=rejected)


def _without(rejected: tuple[Rejected, ...], model: str, merge: str = "") -> tuple[Rejected, ...]:
    return tuple(entry for entry in rejected if not entry.is_about(model, merge))


def _parse(model: type[R], data: bytes, where: str) -> R:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise DataError(
            f"{where}: not a {model.__name__}; delete it, and gabarito promote writes it anew"
        ) from error


def _model_key(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise UsageError(
            f"no model {digest!r}: its name is 64 hexadecimal digits; gabarito models lists them"
        )
    return f"models/{digest}.json"


def _channel_key(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"channel {name!r}: a name has lower case, digits and hyphens")
    return f"channels/{name}.json"

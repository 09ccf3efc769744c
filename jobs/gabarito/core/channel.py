"""What is served: immutable model records, and the one mutable pointer to one of them.

<store>/models/<digest>.json      a servable model: where it lies, contract, verdict
<store>/channels/<name>.json      which of them a channel serves; compare-and-swap
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from gabarito.core.artifact import Address
from gabarito.core.errors import ConflictError, DataError, MissingError, UsageError
from gabarito.core.records import Record
from gabarito.core.store import Store

R = TypeVar("R", bound=Record)

_NAME = re.compile(r"[a-z0-9-]+")


class ServedModel(Record):
    """A model that passed its gate, and what is needed to serve it.

    ``merge`` and ``evaluate`` are the fingerprints of its artifacts; ``contract`` is the
    prompt contract with the refusal threshold that evaluation chose.
    """

    pipeline: str
    run: str
    merge: str
    evaluate: str
    contract: dict[str, Any]
    verdict: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the record: the model's name."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def model(self) -> Address:
        """Where the merged model lies."""
        return Address("merge", self.merge)

    @property
    def report(self) -> Address:
        """Where its evaluation lies."""
        return Address("evaluate", self.evaluate)


class Channel(Record):
    """The pointer: which model is served, since when, and which one was before."""

    model: str
    since: datetime
    previous: str | None = None


def read_channel(store: Store, name: str) -> ServedModel | None:
    """Return the model that a channel serves, or None if nothing was promoted to it."""
    try:
        channel = _parse(Channel, store.read(_channel_key(name)).data, _channel_key(name))
    except MissingError:
        return None
    return _read_model(store, channel.model)


def _read_model(store: Store, digest: str) -> ServedModel:
    key = _model_key(digest)
    data = store.read(key).data
    if hashlib.sha256(data).hexdigest() != digest:
        message = f"{store.url}/{key}: content is not what its name says; run the pipeline again"
        raise DataError(message)
    return _parse(ServedModel, data, key)


def promote(store: Store, name: str, model: ServedModel) -> bool:
    """Let a channel serve ``model``; False if it does already.

    Raises:
        ConflictError: if somebody else moved the channel to another model meanwhile.
    """
    store.write(_model_key(model.digest), model.model_dump_json().encode(), if_absent=True)
    try:
        return _move(store, name, model.digest)
    except ConflictError:
        winner = read_channel(store, name)
        if winner is None or winner.digest != model.digest:
            raise
        return False


def _move(store: Store, name: str, digest: str) -> bool:
    key = _channel_key(name)
    try:
        stored = store.read(key)
    except MissingError:
        fresh = Channel(model=digest, since=datetime.now(UTC))
        store.write(key, fresh.model_dump_json().encode(), if_absent=True)
        return True
    before = _parse(Channel, stored.data, key)
    if before.model == digest:
        return False
    moved = Channel(model=digest, since=datetime.now(UTC), previous=before.model)
    store.write(key, moved.model_dump_json().encode(), if_match=stored.version)
    return True


def _parse(model: type[R], data: bytes, key: str) -> R:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        message = f"{key}: not a {model.__name__}; delete it and run the pipeline again"
        raise DataError(message) from error


def _model_key(digest: str) -> str:
    return f"models/{digest}.json"


def _channel_key(name: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"channel {name!r}: a name has lower case, digits and hyphens"
        raise UsageError(message)
    return f"channels/{name}.json"

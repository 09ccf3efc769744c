"""Acting: what was decided is done, in the cluster and in the store."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any

from gabarito.conduct import names
from gabarito.conduct.actions import (
    Action,
    Announce,
    ApplyEndpoint,
    CreateJob,
    DeleteEndpoint,
    DeleteJob,
    Freeze,
    MoveBack,
    NoteEndpoint,
    NoteJob,
    Promote,
    ReleaseJob,
    Remember,
    StartCheck,
)
from gabarito.conduct.api import DEPLOYMENTS, EVENTS, JOBS, Cluster, Kind, Object
from gabarito.conduct.events import event_body
from gabarito.conduct.reading import labels_of
from gabarito.conduct.state import Desired, Memory
from gabarito.conduct.templates import Template, endpoint_body, job_body, owned
from gabarito.core.channel import Rejected, promote, take_back
from gabarito.core.errors import AccessError, BugError, ConflictError, DataError, MissingError
from gabarito.core.store import Store
from gabarito.outcome import model_of
from gabarito.plan import freeze

log = logging.getLogger("gabarito.conduct")

_LOGGED = {"name": "object", "message": "said"} | {
    field: field for field in ("stage", "attempt", "model", "reason", "template")
}
"""Fields of actions that are logged, and under which names: a log record has its own."""


@dataclass(frozen=True)
class Means:
    """What an action may need besides cluster and store."""

    desired: Desired
    start_check: Callable[[str, str], None]
    remember: Callable[[Memory], None]


class Actor:
    """Does one action at a time; each may be done again without harm."""

    def __init__(self, cluster: Cluster, store: Store, means: Means) -> None:
        self.told: set[str] = set()
        """The Events that were sent."""
        self._cluster = cluster
        self._store = store
        self._means = means
        self._desired = means.desired

    def act(self, action: Action, memory: Memory, anchor: str) -> None:
        """Do it; ``anchor`` is the uid of what owns everything that is made.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        self._memory, self._anchor = memory, anchor
        self._do(action)
        fields = {_LOGGED[name]: value for name, value in vars(action).items() if name in _LOGGED}
        log.info("acted", extra={"action": type(action).__name__, **fields})

    @singledispatchmethod
    def _do(self, action: Any) -> None:  # noqa: ANN401  # dispatched by its type
        message = f"an action that nobody can do: {action!r}"
        raise BugError(message)

    @_do.register
    def _announce(self, action: Announce) -> None:
        if action.name in self.told:
            return
        try:
            self._create(EVENTS, event_body(action, self._desired.config.namespace))
        except AccessError as error:  # nothing depends on it
            log.warning("event not told", extra={"reason": action.reason, "error": str(error)})
        self.told.add(action.name)

    @_do.register
    def _freeze(self, _action: Freeze) -> None:
        freeze(self._store, self._desired.run)

    @_do.register
    def _create_job(self, action: CreateJob) -> None:
        desired = self._desired
        template = desired.templates.stages[action.stage]
        body = job_body(desired.config, template, desired.run, action.stage, action.attempt)
        if not self._create(JOBS, self._owned(body)):
            self._refuse_other(body)

    @_do.register
    def _delete_job(self, action: DeleteJob) -> None:
        self._cluster.delete(JOBS, action.name, action.uid)

    @_do.register
    def _release_job(self, action: ReleaseJob) -> None:
        released = datetime.now(UTC).isoformat(timespec="milliseconds")
        notes: dict[str, str | None] = {names.RELEASED: released}
        if self._desired.config.queue:
            changes: Object = {"metadata": {"annotations": {**notes, names.QUEUE_GATE: None}}}
        else:
            changes = {"metadata": {"annotations": notes}, "spec": {"suspend": False}}
        self._patch(JOBS, action.name, changes)

    @_do.register
    def _note_job(self, action: NoteJob) -> None:
        metadata = {"annotations": dict(action.notes), "labels": dict(action.labels)}
        self._patch(JOBS, action.name, {"metadata": metadata})

    @_do.register
    def _promote(self, action: Promote) -> None:
        model = model_of(self._store, self._desired.run)
        if model is not None and model.digest == action.model:
            promote(self._store, self._desired.run.pipeline.channel, model)

    @_do.register
    def _move_back(self, action: MoveBack) -> None:
        rejected = Rejected(
            model=action.model,
            at=datetime.now(UTC),
            reason=action.reason,
            under=self._desired.circumstances,
        )
        take_back(self._store, self._desired.run.pipeline.channel, rejected)

    @_do.register
    def _apply_endpoint(self, action: ApplyEndpoint) -> None:
        template, good = self._desired.templates.serve, self._memory.good
        if good is not None and action.template == good.template != template.digest:
            template = Template(good.body, good.template)
        now = datetime.now(UTC)
        body = endpoint_body(self._desired.config, template, action.model, now)
        self._cluster.apply(DEPLOYMENTS, self._owned(body))

    @_do.register
    def _note_endpoint(self, action: NoteEndpoint) -> None:
        self._patch(DEPLOYMENTS, action.name, {"metadata": {"annotations": dict(action.notes)}})

    @_do.register
    def _delete_endpoint(self, action: DeleteEndpoint) -> None:
        self._cluster.delete(DEPLOYMENTS, action.name, action.uid)

    @_do.register
    def _start_check(self, action: StartCheck) -> None:
        self._means.start_check(action.model, action.key)

    @_do.register
    def _remember(self, action: Remember) -> None:
        self._means.remember(action.memory)

    def _create(self, kind: Kind, body: Object) -> bool:
        try:
            self._cluster.create(kind, body)
        except ConflictError:
            return False  # it is there already: that is what was wanted
        return True

    def _refuse_other(self, body: Object) -> None:
        """A Job that the next look will not see was not made by us: it would be made for ever."""
        name, labels = body["metadata"]["name"], body["metadata"]["labels"]
        found = self._cluster.read(JOBS, name)
        ours = {key: labels[key] for key in (names.INSTANCE, names.STAGE)}
        if found is not None and not ours.items() <= labels_of(found).items():
            message = f"job {name}: there is one that is not of this release; delete it"
            raise DataError(message)

    def _patch(self, kind: Kind, name: str, changes: Object) -> None:
        try:
            self._cluster.patch(kind, name, changes)
        except MissingError:
            return  # gone since we looked: the next look decides anew

    def _owned(self, body: Object) -> Object:
        return owned(body, self._desired.config.anchor, self._anchor)

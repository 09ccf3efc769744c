"""Acting: what was decided is done, in the cluster and in the store."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any

from gabarito.controller.actions import (
    Action,
    AnnotateEndpoint,
    AnnotateJob,
    ApplyEndpoint,
    CreateJob,
    DeleteEndpoint,
    DeleteJob,
    Freeze,
    Promote,
    RecordEvent,
    RollBack,
    SaveMemory,
    StartSmokeTest,
    UnsuspendJob,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import DEPLOYMENTS, EVENTS, JOBS, Cluster, Kind, Object
from gabarito.controller.kube.events import event_body
from gabarito.controller.kube.parse import labels_of
from gabarito.controller.state import Desired, Memory
from gabarito.controller.templates import Template, endpoint_body, job_body, owned
from gabarito.core.channel import Rejected, promote, take_back
from gabarito.core.errors import AccessError, BugError, ConflictError, DataError, MissingError
from gabarito.core.store import Store
from gabarito.outcome import model_of
from gabarito.plan import freeze

log = logging.getLogger("gabarito.controller")

_LOGGED = {"name": "object", "message": "said"} | {
    field: field for field in ("stage", "attempt", "model", "reason", "template")
}
"""Fields of actions that are logged, and under which names: a log record has its own."""


@dataclass(frozen=True)
class Dependencies:
    """What an action may need besides cluster and store."""

    desired: Desired
    start_smoke_test: Callable[[str, str], None]
    save_memory: Callable[[Memory], None]


class Executor:
    """Does one action at a time; each may be done again without harm."""

    def __init__(self, cluster: Cluster, store: Store, means: Dependencies) -> None:
        self.recorded: set[str] = set()
        """The Events that were sent."""
        self._cluster = cluster
        self._store = store
        self._means = means
        self._desired = means.desired

    def act(self, action: Action, memory: Memory, owner: str) -> None:
        """Do it; ``owner`` is the uid of what owns everything that is made.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        self._memory, self._owner = memory, owner
        self._do(action)
        fields = {_LOGGED[name]: value for name, value in vars(action).items() if name in _LOGGED}
        log.info("acted", extra={"action": type(action).__name__, **fields})

    @singledispatchmethod
    def _do(self, action: Any) -> None:  # noqa: ANN401  # dispatched by its type
        message = f"an action that nobody can do: {action!r}"
        raise BugError(message)

    @_do.register
    def _record_event(self, action: RecordEvent) -> None:
        if action.name in self.recorded:
            return
        try:
            self._create(EVENTS, event_body(action, self._desired.config.namespace))
        except AccessError as error:  # nothing depends on it
            log.warning("event not recorded", extra={"reason": action.reason, "error": str(error)})
        self.recorded.add(action.name)

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
    def _unsuspend_job(self, action: UnsuspendJob) -> None:
        released = datetime.now(UTC).isoformat(timespec="milliseconds")
        annotations: dict[str, str | None] = {meta.UNSUSPENDED: released}
        if self._desired.config.queue:
            changes: Object = {"metadata": {"annotations": {**annotations, meta.QUEUE_GATE: None}}}
        else:
            changes = {"metadata": {"annotations": annotations}, "spec": {"suspend": False}}
        self._patch(JOBS, action.name, changes)

    @_do.register
    def _annotate_job(self, action: AnnotateJob) -> None:
        metadata = {"annotations": dict(action.annotations), "labels": dict(action.labels)}
        self._patch(JOBS, action.name, {"metadata": metadata})

    @_do.register
    def _promote(self, action: Promote) -> None:
        model = model_of(self._store, self._desired.run)
        if model is not None and model.digest == action.model:
            promote(self._store, self._desired.run.pipeline.channel, model)

    @_do.register
    def _roll_back(self, action: RollBack) -> None:
        rejected = Rejected(
            model=action.model,
            at=datetime.now(UTC),
            reason=action.reason,
            under=self._desired.serve_revision,
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
    def _annotate_endpoint(self, action: AnnotateEndpoint) -> None:
        self._patch(
            DEPLOYMENTS, action.name, {"metadata": {"annotations": dict(action.annotations)}}
        )

    @_do.register
    def _delete_endpoint(self, action: DeleteEndpoint) -> None:
        self._cluster.delete(DEPLOYMENTS, action.name, action.uid)

    @_do.register
    def _start_smoke_test(self, action: StartSmokeTest) -> None:
        self._means.start_smoke_test(action.model, action.key)

    @_do.register
    def _save_memory(self, action: SaveMemory) -> None:
        self._means.save_memory(action.memory)

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
        ours = {key: labels[key] for key in (meta.INSTANCE, meta.STAGE)}
        if found is not None and not ours.items() <= labels_of(found).items():
            message = f"job {name}: there is one that is not of this release; delete it"
            raise DataError(message)

    def _patch(self, kind: Kind, name: str, changes: Object) -> None:
        try:
            self._cluster.patch(kind, name, changes)
        except MissingError:
            return  # gone since we succeeded: the next look decides anew

    def _owned(self, body: Object) -> Object:
        return owned(body, self._desired.config.owner, self._owner)

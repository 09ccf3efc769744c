"""Executes actions, in the cluster and in the store."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any

from gabarito.artifacts.channel import Rejected, keep_inherited, promote, take_back
from gabarito.controller.actions import (
    Action,
    AnnotateEndpoint,
    AnnotateJob,
    ApplyEndpoint,
    CreateJob,
    DeleteEndpoint,
    DeleteJob,
    DeletePods,
    ExpireJob,
    Freeze,
    KeepChannel,
    Promote,
    RollBack,
    SaveMemory,
    StartSmokeTest,
    UnsuspendJob,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    Cluster,
    Kind,
    Object,
    labels_of,
)
from gabarito.controller.kube.events import RecordEvent, event_body
from gabarito.controller.kube.metadata import owned
from gabarito.controller.state import Desired, Memory
from gabarito.controller.templates import TTL, Template, endpoint_body, job_body
from gabarito.core.errors import AccessError, BugError, ConflictError, DataError, MissingError
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import freeze
from gabarito.store.base import Store

log = logging.getLogger("gabarito.controller")

_LOGGED = {"name": "object", "message": "text"} | {
    field: field for field in ("stage", "attempt", "model", "reason", "template")
}
"""Fields of actions to log, and under which names: a log record has a name and a message itself."""


@dataclass(frozen=True)
class Dependencies:
    """What actions need besides the cluster and the store."""

    desired: Desired
    start_smoke_test: Callable[[str, str], None]
    save_memory: Callable[[Memory], None]


class Executor:
    """Executes one action at a time; each may be repeated without harm."""

    def __init__(self, cluster: Cluster, store: Store, dependencies: Dependencies) -> None:
        self.recorded: set[str] = set()
        """Names of the Events that this process has recorded."""
        self._cluster = cluster
        self._store = store
        self._dependencies = dependencies
        self._desired = dependencies.desired

    def execute(self, action: Action, memory: Memory, owner_uid: str) -> None:
        """Execute an action; what it creates has the owner ConfigMap with this uid as its owner.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        self._memory, self._owner_uid = memory, owner_uid
        self._do(action)
        fields = {_LOGGED[name]: value for name, value in vars(action).items() if name in _LOGGED}
        log.info("executed", extra={"action": type(action).__name__, **fields})

    @singledispatchmethod
    def _do(self, action: Any) -> None:  # noqa: ANN401  # dispatched by its type
        raise BugError(f"action {action!r}: the executor has no method for it")

    @_do.register
    def _record_event(self, action: RecordEvent) -> None:
        if action.name in self.recorded:
            return
        try:
            self._create(EVENTS, event_body(action, self._desired.config.namespace))
        except AccessError as error:  # a quota on Events, for one: nothing depends on them
            log.warning("event refused", extra={"reason": action.reason, "error": str(error)})
        self.recorded.add(action.name)

    @_do.register
    def _freeze(self, _action: Freeze) -> None:
        freeze(self._store, self._desired.run)

    @_do.register
    def _create_job(self, action: CreateJob) -> None:
        desired, stage = self._desired, action.stage
        template = desired.templates.stages[stage]
        body = job_body(desired.config, template, desired.run, stage, action.attempt)
        if deadline_s := body["spec"].get("activeDeadlineSeconds"):
            body["spec"]["activeDeadlineSeconds"] = max(1, deadline_s - action.elapsed_s)
        if self._create(JOBS, self._owned(body)):
            return
        # There is a Job of that name. Without this release's labels no list of Jobs would show
        # it, and its creation would be decided on for ever.
        name, labels = body["metadata"]["name"], body["metadata"]["labels"]
        existing = self._cluster.read(JOBS, name)
        expected = {key: labels[key] for key in (meta.INSTANCE, meta.STAGE)}
        if existing is not None and not expected.items() <= labels_of(existing).items():
            raise DataError(f"job {name}: it exists and does not belong to this release; delete it")

    @_do.register
    def _delete_job(self, action: DeleteJob) -> None:
        self._cluster.delete(JOBS, action.name, action.uid)

    @_do.register
    def _delete_pods(self, action: DeletePods) -> None:
        try:
            for pod in action.pods:
                self._cluster.delete(PODS, pod.name, pod.uid)
        except AccessError as error:  # a Role of before, for one: nothing depends on them
            log.warning("failed pods not deleted", extra={"error": str(error)})

    @_do.register
    def _unsuspend_job(self, action: UnsuspendJob) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        annotations: dict[str, str | None] = {meta.UNSUSPENDED: now}
        changes: Object = {"metadata": {"annotations": annotations}}
        if self._desired.config.queue:  # Kueue alone may set suspend: it would suspend it again
            annotations[meta.QUEUE_GATE] = None
        else:
            changes["spec"] = {"suspend": False}
        self._patch(JOBS, action.name, changes)

    @_do.register
    def _expire_job(self, action: ExpireJob) -> None:
        self._patch(JOBS, action.name, {"spec": {TTL: action.seconds}})

    @_do.register
    def _annotate_job(self, action: AnnotateJob) -> None:
        metadata = {"annotations": dict(action.annotations), "labels": dict(action.labels)}
        self._patch(JOBS, action.name, {"metadata": metadata})

    @_do.register
    def _keep_channel(self, _action: KeepChannel) -> None:
        keep_inherited(self._store, self._desired.run.pipeline.channel)

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
        template, good = self._desired.templates.serve, self._memory.last_known_good
        if good is not None and action.template == good.template != template.digest:
            template = Template(good.body, good.template)
        now = datetime.now(UTC)
        body = endpoint_body(self._desired.config, template, action.model, now)
        self._cluster.apply(DEPLOYMENTS, self._owned(body))

    @_do.register
    def _annotate_endpoint(self, action: AnnotateEndpoint) -> None:
        metadata = {"annotations": dict(action.annotations)}
        self._patch(DEPLOYMENTS, action.name, {"metadata": metadata})

    @_do.register
    def _delete_endpoint(self, action: DeleteEndpoint) -> None:
        self._cluster.delete(DEPLOYMENTS, action.name, action.uid)

    @_do.register
    def _start_smoke_test(self, action: StartSmokeTest) -> None:
        self._dependencies.start_smoke_test(action.model, action.key)

    @_do.register
    def _save_memory(self, action: SaveMemory) -> None:
        self._dependencies.save_memory(action.memory)

    def _create(self, kind: Kind, body: Object) -> bool:
        """Create an object; tell whether there was none of that name."""
        try:
            self._cluster.create(kind, body)
        except ConflictError:
            return False
        return True

    def _patch(self, kind: Kind, name: str, changes: Object) -> None:
        try:
            self._cluster.patch(kind, name, changes)
        except MissingError:
            return  # deleted since it was listed: the next decision is made without it

    def _owned(self, body: Object) -> Object:
        return owned(body, self._desired.config.owner, self._owner_uid)

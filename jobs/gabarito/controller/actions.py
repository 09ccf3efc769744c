"""What the controller can do: each action once more does no harm."""

import hashlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from gabarito.controller.kube.api import CONFIG_MAPS, DEPLOYMENTS, JOBS, Kind
from gabarito.controller.state import EndpointState, Memory, StageJob


@dataclass(frozen=True)
class Subject:
    """The object that an Event is about."""

    kind: Kind
    name: str
    uid: str


@dataclass(frozen=True)
class RecordEvent:
    """An Event for people; the same reason and key about the same object is one Event."""

    subject: Subject
    reason: str
    message: str
    key: str = ""
    is_warning: bool = False

    @property
    def name(self) -> str:
        """The Event's name: telling it twice is found out by the cluster."""
        recorded = "\x1f".join((self.subject.uid, self.reason, self.key))
        return f"{self.subject.name}.{hashlib.sha256(recorded.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Freeze:
    """Write the run's record: from now on its settings do not change."""


@dataclass(frozen=True)
class CreateJob:
    """Create a stage's Job, suspended."""

    stage: str
    attempt: int


@dataclass(frozen=True)
class DeleteJob:
    """Delete a Job, and the pod it may have."""

    name: str
    uid: str


@dataclass(frozen=True)
class UnsuspendJob:
    """Let a planned Job start."""

    name: str


@dataclass(frozen=True)
class AnnotateJob:
    """Change annotations and labels of a Job; None removes one."""

    name: str
    annotations: Mapping[str, str | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Promote:
    """Let the channel serve the model that passed its gate."""

    model: str


@dataclass(frozen=True)
class RollBack:
    """Take a model that does not work from the channel, and say why."""

    model: str
    reason: str


@dataclass(frozen=True)
class ApplyEndpoint:
    """Let the Deployment serve a model; ``template`` is the digest of the wanted or good one."""

    model: str
    template: str


@dataclass(frozen=True)
class AnnotateEndpoint:
    """Change annotations of the Deployment."""

    name: str
    annotations: Mapping[str, str | None]


@dataclass(frozen=True)
class DeleteEndpoint:
    """Delete the Deployment: nothing is to be served."""

    name: str
    uid: str


@dataclass(frozen=True)
class StartSmokeTest:
    """Begin to ask the endpoint questions whose answers are known."""

    model: str
    key: str


@dataclass(frozen=True)
class SaveMemory:
    """Write down what a restarted controller must know."""

    memory: Memory


Action: TypeAlias = (
    RecordEvent
    | Freeze
    | CreateJob
    | DeleteJob
    | UnsuspendJob
    | AnnotateJob
    | Promote
    | RollBack
    | ApplyEndpoint
    | AnnotateEndpoint
    | DeleteEndpoint
    | StartSmokeTest
    | SaveMemory
)


def about_owner(name: str, uid: str) -> Subject:
    """Return the release itself as the subject of an Event."""
    return Subject(CONFIG_MAPS, name, uid)


def about_job(job: StageJob) -> Subject:
    """Return a Job as the subject of an Event."""
    return Subject(JOBS, job.name, job.uid)


def about_endpoint(endpoint: EndpointState) -> Subject:
    """Return the Deployment as the subject of an Event."""
    return Subject(DEPLOYMENTS, endpoint.name, endpoint.uid)


def once(recorded: Set[str], event: RecordEvent) -> Iterator[RecordEvent]:
    """Yield an Event that no annotation can keep, unless this process has recorded it."""
    if event.name not in recorded:
        yield event

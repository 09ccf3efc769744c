"""The actions that the controller can take; taking one twice is as good as once.

The process may be killed between any two of them: the next one then decides on the same again.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from gabarito.controller.kube.api import CONFIG_MAPS, DEPLOYMENTS, JOBS
from gabarito.controller.kube.events import RecordEvent, Subject
from gabarito.controller.kube.parse import EndpointState, StageJob
from gabarito.controller.kube.spent_pods import SpentPod
from gabarito.controller.state import Memory


@dataclass(frozen=True)
class Freeze:
    """Write the run's record: its settings do not change any more."""


@dataclass(frozen=True)
class CreateJob:
    """Create a stage's Job, suspended; its deadline is ``elapsed_s`` seconds nearer."""

    stage: str
    attempt: int
    elapsed_s: int = 0


@dataclass(frozen=True)
class ExpireJob:
    """Let Kubernetes delete an ended Job so many seconds after its end."""

    name: str
    seconds: int


@dataclass(frozen=True)
class DeleteJob:
    """Delete a Job and its pods."""

    name: str
    uid: str


@dataclass(frozen=True)
class DeletePods:
    """Delete failed pods of Jobs that go on: the last few of each are kept."""

    pods: Sequence[SpentPod]


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
class KeepChannel:
    """Write down what the channel begins with, before another pipeline moves ``main``."""


@dataclass(frozen=True)
class Promote:
    """Let the channel name the model that passed its gate."""

    model: str


@dataclass(frozen=True)
class RollBack:
    """Let the channel name the model before this one, which does not work, and record why."""

    model: str
    reason: str


@dataclass(frozen=True)
class ApplyEndpoint:
    """Let the Deployment serve a model.

    ``template`` is a digest: that of the template in the chart's ConfigMap, or of the last known
    good one.
    """

    model: str
    template: str


@dataclass(frozen=True)
class AnnotateEndpoint:
    """Change annotations of the Deployment."""

    name: str
    annotations: Mapping[str, str | None]


@dataclass(frozen=True)
class DeleteEndpoint:
    """Delete the Deployment: no model is to be served."""

    name: str
    uid: str


@dataclass(frozen=True)
class StartSmokeTest:
    """Begin to ask the endpoint questions whose answers are known."""

    model: str
    key: str


@dataclass(frozen=True)
class SaveMemory:
    """Write what the controller must know after a restart."""

    memory: Memory


Action: TypeAlias = (
    RecordEvent
    | Freeze
    | CreateJob
    | ExpireJob
    | DeleteJob
    | DeletePods
    | UnsuspendJob
    | AnnotateJob
    | KeepChannel
    | Promote
    | RollBack
    | ApplyEndpoint
    | AnnotateEndpoint
    | DeleteEndpoint
    | StartSmokeTest
    | SaveMemory
)


def about_owner(name: str, uid: str) -> Subject:
    """Return the owner ConfigMap, which stands for the release, as the subject of an Event."""
    return Subject(CONFIG_MAPS, name, uid)


def about_job(job: StageJob) -> Subject:
    """Return a Job as the subject of an Event."""
    return Subject(JOBS, job.name, job.uid)


def about_endpoint(endpoint: EndpointState) -> Subject:
    """Return the Deployment as the subject of an Event."""
    return Subject(DEPLOYMENTS, endpoint.name, endpoint.uid)


def once(recorded: Set[str], event: RecordEvent) -> Iterator[RecordEvent]:
    """Yield an Event, unless this process has recorded it.

    For Events that no annotation remembers: after a restart they are sent again, and the API
    answers that they exist.
    """
    if event.name not in recorded:
        yield event

"""What is wanted and what was seen: everything that a decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gabarito.controller.config import ControllerConfig
from gabarito.controller.kube.api import Object
from gabarito.controller.templates import Templates
from gabarito.core.channel import Channel
from gabarito.core.records import Record
from gabarito.plan import Run, Step

Phase = Literal["planned", "queued", "paused", "running", "complete", "failed"]
"""Of a Job: planned until its inputs are there; queued waits for Kueue; paused by people."""

Rollout = Literal["rolling", "ready", "failed", "idle"]
"""Of the endpoint; idle: scaled to no pods by somebody else."""


@dataclass(frozen=True)
class Problem:
    """Why something waits or failed: a word for the Event, what was said, and what to do."""

    reason: str
    said: str
    cure: str

    @property
    def text(self) -> str:
        """Both in one sentence."""
        return f"{self.said}; {self.cure}" if self.cure else self.said


@dataclass(frozen=True)
class StageJob:
    """A Job of the release.

    ``shards`` is how many pods succeeded, of how many; it ``has_begun``
    when one of its pods has.
    """

    name: str
    uid: str
    stage: str
    run: str
    attempt: int
    phase: Phase
    annotations: Mapping[str, str]
    is_deleting: bool = False
    problem: Problem | None = None
    shards: tuple[int, int] | None = None
    has_begun: bool = True


@dataclass(frozen=True)
class EndpointState:
    """The Deployment: digests of model and template, and the key of what was found good.

    ``since`` is when it began to become what it is.
    """

    name: str
    uid: str
    model: str
    template: str
    verified: str
    rollout: Rollout
    since: datetime | None = None
    is_deleting: bool = False
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """Names this model in this template."""
        return endpoint_key(self.model, self.template)


@dataclass(frozen=True)
class SmokeTestResult:
    """The questions with known answers, asked since then at the endpoint that ``key`` names."""

    key: str
    outcome: Literal["running", "passed", "failed"]
    said: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Evaluation:
    """What evaluate found: the model's digest, and why it may not be promoted."""

    model: str
    passed: bool
    reasons: tuple[str, ...] = ()


class LastKnownGood(Record):
    """An endpoint that answered as it should: its model, its template's digest and body."""

    model: str
    template: str
    body: Object


class Memory(Record):
    """What the controller must know after a restart and cannot see elsewhere.

    ``promoted`` is the model this release promoted last, with ``retries`` of serve and ``under``
    which serve_revision; ``refused`` those whose serve template failed with a model known to be
    good.
    """

    promoted: str = ""
    retries: int = 0
    under: str = ""
    good: LastKnownGood | None = None
    refused: str = ""


@dataclass(frozen=True)
class Desired:
    """What the release asks for; it does not change while a controller lives."""

    config: ControllerConfig
    run: Run
    templates: Templates

    @property
    def endpoint_name(self) -> str:
        """The name of the Deployment."""
        return str(self.templates.serve.body["metadata"]["name"])

    @property
    def serve_retries(self) -> int:
        """The number under which a model is promoted; raising it promotes again."""
        return self.config.retries.get("serve", 0)

    @property
    def serve_revision(self) -> str:
        """Under what a model is served: it may be promoted again under others."""
        return f"{self.templates.serve.digest}/{self.serve_retries}"


@dataclass(frozen=True)
class StageResult:
    """What a finished stage said about itself."""

    summary: str
    seconds: float
    counts: Mapping[str, float]


@dataclass(frozen=True)
class Observed:
    """What was seen at ``now``.

    ``recorded`` are the Events that this process has sent; ``progress`` is how far stages are.
    """

    now: datetime
    owner: str
    steps: Mapping[str, Step]
    jobs: tuple[StageJob, ...] = ()
    results: Mapping[str, StageResult] = field(default_factory=dict)
    progress: Mapping[str, str] = field(default_factory=dict)
    is_frozen: bool = True
    evaluation: Evaluation | None = None
    channel: Channel | None = None
    endpoint: EndpointState | None = None
    smoke_test: SmokeTestResult | None = None
    memory: Memory = field(default_factory=Memory)
    recorded: frozenset[str] = frozenset()


def endpoint_key(model: str, template: str) -> str:
    """Name a model served with a template."""
    return f"{model}/{template}"

"""Desired and observed state: everything that a decision is made from."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from gabarito.artifacts.channel import SHORT_DIGEST, Channel
from gabarito.controller.config import ControllerConfig
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import Object
from gabarito.controller.kube.parse import EndpointState, StageJob
from gabarito.controller.kube.spent_pods import SpentPod
from gabarito.controller.templates import Templates
from gabarito.core.records import Progress, Record, digest_of
from gabarito.pipeline.plan import Step
from gabarito.pipeline.runs import Run

log = logging.getLogger("gabarito.controller")


@dataclass(frozen=True)
class SmokeTestResult:
    """What asking the endpoint that ``key`` identifies has shown; ``since`` is when it began."""

    key: str
    outcome: Literal["running", "passed", "failed"]
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Evaluation:
    """What evaluate found: the model's digest, and why it may not be promoted.

    ``merge`` is the fingerprint of its weights.
    """

    model: str
    passed: bool
    reasons: tuple[str, ...] = ()
    merge: str = ""

    @property
    def text(self) -> str:
        """What people are told of the gate."""
        return "passed" if self.passed else f"failed: {'; '.join(self.reasons)}"

    @property
    def told(self) -> str:
        """What is remembered once they were told: a digest of which model and what."""
        return digest_of(self.model, self.text)


class Remembered(Record):
    """What another version may have written: what it knows besides is left out."""

    model_config = ConfigDict(extra="ignore")


class LastKnownGood(Remembered):
    """The endpoint that last passed its smoke test: its model, its template's digest and body."""

    model: str
    template: str
    body: Object


class StageMemory(Remembered):
    """What is remembered of a stage's attempts, whose Jobs others may delete.

    Attributes:
        run: The run; in another one it is tried anew.
        attempt: The number of the last attempt that ended.
        retries: The value of ``retries.<stage>`` when that one was created.
        failure: Why that one failed for good; empty if another one follows.
        reached: How far each kind of work was when an attempt was last renewed.
        used_s: For how many seconds the Jobs ran that were renewed, without a failure since.
        renewed_at: When the last of them was, up to which its seconds are counted.
    """

    run: str
    attempt: int
    retries: int = 0
    failure: str = ""
    reached: dict[str, int] = Field(default_factory=dict)
    used_s: int = 0
    renewed_at: datetime | None = None


class PinnedFile(Remembered):
    """A pipeline file in a bucket, as it was when a run of it was frozen."""

    file: str
    sha256: str
    run: str


class Memory(Remembered):
    """What the controller must know after a restart and can read nowhere else.

    Attributes:
        promoted: The model that this release promoted last.
        retries: The value of ``retries.serve`` then.
        revision: The serve revision then.
        last_known_good: What is served again if a new template does not work.
        failed_revision: The serve revision whose template failed with the last known good model.
        stages: What is remembered of the attempts of stages.
        gate: Which model and verdict of the gate people were told last, as a digest.
        pinned: Which pipeline file of a bucket the run is of.
    """

    promoted: str = ""
    retries: int = 0
    revision: str = ""
    last_known_good: LastKnownGood | None = None
    failed_revision: str = ""
    stages: dict[str, StageMemory] = Field(default_factory=dict)
    gate: str = ""
    pinned: PinnedFile | None = None


_OF_STAGES = {"stages", "gate", "pinned"}
"""Fields of the memory that are kept in an annotation of their own."""


def read_memory(annotations: Mapping[str, str]) -> Memory:
    """Return the memory in a Lease's annotations; an empty one if there is none.

    What is not understood is discarded: a promotion is found again in the channel, and the last
    known good endpoint by another smoke test.
    """
    memory = _read_part(annotations.get(meta.MEMORY))
    of_stages = _read_part(annotations.get(meta.MEMORY_OF_STAGES))
    written = _OF_STAGES & of_stages.model_fields_set
    return memory.model_copy(update={name: getattr(of_stages, name) for name in written})


def memory_annotations(memory: Memory) -> dict[str, str]:
    """Return the annotations that hold a memory."""
    return {
        meta.MEMORY: memory.model_dump_json(exclude=_OF_STAGES),
        meta.MEMORY_OF_STAGES: memory.model_dump_json(include=_OF_STAGES, exclude_defaults=True),
    }


def _read_part(text: str | None) -> Memory:
    try:
        return Memory.model_validate_json(text) if text else Memory()
    except ValidationError as error:
        log.warning("memory not understood", extra={"error": str(error)})
        return Memory()


@dataclass(frozen=True)
class Desired:
    """What the release asks for; ``before`` is the run that stays if a refresh is in vain."""

    config: ControllerConfig
    run: Run
    templates: Templates
    pinned: PinnedFile | None = None
    before: str = ""

    @property
    def endpoint_name(self) -> str:
        """The name of the Deployment."""
        return str(self.templates.serve.body["metadata"]["name"])

    @property
    def serve_retries(self) -> int:
        """The value of ``retries.serve``; raising it promotes a model again."""
        return self.config.retries_of("serve")

    @property
    def serve_revision(self) -> str:
        """The template and the retries: a model that was rolled back is tried again in another."""
        return f"{self.templates.serve.digest}/{self.serve_retries}"


@dataclass(frozen=True)
class StageResult:
    """What a finished stage's manifest says: its counts as text, its seconds, its counts."""

    summary: str
    seconds: float
    counts: Mapping[str, float]


@dataclass(frozen=True)
class Observed:
    """What was observed at ``now``; nothing is decided without the owner's uid.

    ``recorded`` are names of Events that this process has recorded; ``progress`` has a line for
    each stage that reported some; ``pipelines`` has the pipeline of each model that channel and
    endpoint name, where its record tells it; ``reached`` how many items of each kind of work a
    stage has done; ``readings`` what each of the stages that run reported last; ``is_inherited``
    whether ``channel`` is not written yet and follows from ``main``; ``spent_pods`` are failed
    pods beyond those that are kept; ``is_held`` whether no collection of old runs deletes what the
    run needs.
    """

    now: datetime
    owner_uid: str
    steps: Mapping[str, Step]
    jobs: tuple[StageJob, ...] = ()
    results: Mapping[str, StageResult] = field(default_factory=dict)
    progress: Mapping[str, str] = field(default_factory=dict)
    reached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    readings: Mapping[str, Progress] = field(default_factory=dict)
    is_frozen: bool = True
    evaluation: Evaluation | None = None
    channel: Channel | None = None
    is_inherited: bool = False
    endpoint: EndpointState | None = None
    smoke_test: SmokeTestResult | None = None
    memory: Memory = field(default_factory=Memory)
    recorded: frozenset[str] = frozenset()
    pipelines: Mapping[str, str] = field(default_factory=dict)
    spent_pods: tuple[SpentPod, ...] = ()
    is_held: bool = True

    def model_name(self, digest: str) -> str:
        """Return what people are told of a model: its digest, and its pipeline where known."""
        of = self.pipelines.get(digest)
        return f"model {digest[:SHORT_DIGEST]}{f' of pipeline {of}' if of else ''}"

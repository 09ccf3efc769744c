"""Stages whose pods no kubelet runs: their work is done here, and takes no time.

a stage's pod is created  ->  its artifact, with the manifest  ->  the pod has Succeeded
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.unit.controller.world import make_artifact

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import JOBS, PODS, Cluster, Object, condition_of, is_true
from gabarito.pipeline.runs import Run
from gabarito.pipeline.stages import STAGES
from gabarito.store.s3 import S3Store

from .watched import Seen, Watch

PATIENCE_S = 60.0
"""A pod or a Job's end that has not come by then will not come: a release was missed."""

Before = Callable[[str], None]


class ClockedStore(S3Store):
    """A store that knows when each of its objects was written."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written: dict[str, float] = {}

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        """Write an object and return its version."""
        version = super().write(key, data, if_absent=if_absent, if_match=if_match)
        self.written[key] = time.monotonic()
        return version


@dataclass
class TimedRun:
    """One run: when each stage's pod came, its manifest was written, its Job was Complete."""

    created: dict[str, float] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    complete: dict[str, float] = field(default_factory=dict)
    jobs: int = 0
    pods: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether the last Job is Complete."""
        return len(self.complete) == len(STAGES)

    @property
    def steps(self) -> int:
        """How many pods have come and how many Jobs are Complete, of twice as many as stages."""
        return len(self.created) + len(self.complete)

    @property
    def twice(self) -> int:
        """How many Jobs and pods there were beyond one for each stage."""
        return max(0, self.jobs - len(STAGES)) + self.pods - len(self.created)

    def waits(self, ended: dict[str, float]) -> list[float]:
        """Return the seconds from the end of each stage to the pod of the next."""
        return [self.created[below] - ended[above] for above, below in pairwise(STAGES)]


class Simulated:
    """Stands for the kubelet of one run's stages."""

    def __init__(self, cluster: Cluster, store: ClockedStore, run: Run, watch: Watch) -> None:
        self._cluster = cluster
        self._store = store
        self._run = run
        self._watch = watch
        self._there: set[str] = set()
        self._timed = TimedRun()

    def simulate(self, before: Before = lambda _: None) -> TimedRun:
        """Let every stage be done once; ``before`` is called right before one is.

        Raises:
            TimeoutError: if a stage is missed.
        """
        timed = self._timed = TimedRun()
        while not timed.is_over:
            end, so_far = time.monotonic() + PATIENCE_S, timed.steps
            while timed.steps == so_far:
                self._take(self._watch.next(end), before)
        return timed

    def forget(self, controller: str) -> None:
        """Delete the run's Jobs and artifacts, and let the controller look: it makes them again.

        What is upstream is deleted first: no stage can be released in between.
        """
        for job in self._cluster.list(JOBS, meta.STAGE):
            self._cluster.delete(JOBS, job["metadata"]["name"], job["metadata"]["uid"])
        end = time.monotonic() + PATIENCE_S
        while self._there:
            self._take(self._watch.next(end), lambda _: None)
        for stage in STAGES:
            for entry in list(self._store.list(f"{self._run.address(stage).prefix}/")):
                self._store.delete(entry.key)
        note = {"metadata": {"annotations": {"bench": str(time.monotonic())}}}
        self._cluster.patch(PODS, controller, note)

    def _take(self, seen: Seen, before: Before) -> None:
        metadata, timed = seen.object["metadata"], self._timed
        stage, uid = metadata["labels"][meta.STAGE], metadata["uid"]
        is_new = uid not in self._there
        if seen.change == "DELETED":
            self._there.discard(uid)
            return
        self._there.add(uid)
        if seen.kind == "jobs":
            timed.jobs += is_new
            if is_true(condition_of(seen.object, "Complete")):
                timed.complete.setdefault(stage, seen.at)
        elif is_new:
            timed.pods += 1
            timed.created.setdefault(stage, seen.at)
            before(stage)
            self._work(stage, metadata["name"])

    def _work(self, stage: str, pod: str) -> None:
        make_artifact(self._store, self._run.run, stage, passes=False)
        self._timed.written[stage] = self._store.written[self._run.address(stage).manifest]
        status: Object = {"status": {"phase": "Succeeded"}}
        self._cluster.patch(PODS, f"{pod}/status", status)

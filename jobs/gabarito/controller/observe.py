"""Looking: everything that a decision is made from, read from the cluster and the store.

Jobs are listed before manifests are read: of a Job that is Complete the manifest is there, or
will never be.
"""

from datetime import UTC, datetime

from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import CONFIG_MAPS, DEPLOYMENTS, JOBS, PODS, Cluster
from gabarito.controller.kube.diagnose import Scope
from gabarito.controller.kube.parse import endpoint_of, stage_jobs
from gabarito.controller.progress import ProgressReader, shards_text
from gabarito.controller.state import (
    Desired,
    Evaluation,
    Memory,
    Observed,
    SmokeTestResult,
    StageJob,
    StageResult,
)
from gabarito.core.artifact import open_artifact
from gabarito.core.channel import find_channel
from gabarito.core.store import Store
from gabarito.outcome import model_of
from gabarito.plan import Step, is_frozen, make_plan
from gabarito.view import summary_of


class Observer:
    """Looks for one controller; what never changes is read once."""

    def __init__(self, cluster: Cluster, store: Store, desired: Desired) -> None:
        self._cluster = cluster
        self._store = store
        self._desired = desired
        self._progress = ProgressReader(store)
        self._results: dict[str, StageResult] = {}
        self._evaluation: Evaluation | None = None
        self._is_frozen = False

    def look(
        self, memory: Memory, check: SmokeTestResult | None, recorded: frozenset[str]
    ) -> Observed:
        """Return what there is to see now.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        now, config = datetime.now(UTC), self._desired.config
        owner = self._cluster.read(CONFIG_MAPS, config.owner)
        selector = f"{meta.INSTANCE}={config.release}"
        jobs = self._cluster.list(JOBS, f"{selector},{meta.STAGE}")
        pods = self._cluster.list(PODS, selector)
        deployment = self._cluster.read(DEPLOYMENTS, self._desired.endpoint_name)
        steps = {step.stage: step for step in make_plan(self._store, self._desired.run)}
        seen = stage_jobs(jobs, pods, config.namespace, now)
        return Observed(
            now=now,
            owner=owner["metadata"]["uid"] if owner else "",
            steps=steps,
            jobs=seen,
            results={name: self._read_result(name) for name, step in steps.items() if done(step)},
            progress=self._read_progress(seen, steps),
            is_frozen=self._look_frozen(),
            evaluation=self._read_evaluation() if done(steps["evaluate"]) else None,
            channel=find_channel(self._store, self._desired.run.pipeline.channel),
            endpoint=endpoint_of(deployment, pods, Scope("serve", config.namespace, now)),
            smoke_test=check,
            memory=memory,
            recorded=recorded,
        )

    def _look_frozen(self) -> bool:
        self._is_frozen = self._is_frozen or is_frozen(self._store, self._desired.run)
        return self._is_frozen

    def _read_result(self, stage: str) -> StageResult:
        if stage not in self._results:
            artifact = open_artifact(self._store, self._desired.run.address(stage))
            if artifact is None:
                return StageResult("", 0.0, {})
            manifest = artifact.manifest
            took = (manifest.finished_at - manifest.started_at).total_seconds()
            counts = manifest.counts
            self._results[stage] = StageResult(summary_of(counts), took, counts)
        return self._results[stage]

    def _read_evaluation(self) -> Evaluation | None:
        if self._evaluation is None:
            model = model_of(self._store, self._desired.run)
            if model is not None:
                verdict = model.verdict
                reasons = tuple(verdict.get("reasons", ()))
                self._evaluation = Evaluation(model.digest, bool(verdict["passed"]), reasons)
        return self._evaluation

    def _read_progress(self, jobs: tuple[StageJob, ...], steps: dict[str, Step]) -> dict[str, str]:
        """How far the stages are whose Jobs run or ended without a word about it."""
        found = {}
        for job in jobs:
            is_told = job.annotations.get(meta.STATE) in ("done", "failed")
            is_ours = job.run == self._desired.run.run
            if job.phase in ("planned", "queued") or is_told or not is_ours:
                continue
            address = self._desired.run.address(job.stage)
            is_last = done(steps[job.stage])
            if job.shards:
                found[job.stage] = shards_text(job.shards, is_last=is_last)
            elif text := self._progress.read(address, is_last=is_last):
                found[job.stage] = text
        return found


def done(step: Step) -> bool:
    """Tell whether a stage's artifact is there and made from what is there."""
    return step.state == "done"

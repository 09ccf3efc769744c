"""Looking: everything that a decision is made from, read from the cluster and the store.

Jobs are listed before manifests are read: of a Job that is Complete the manifest is there, or
will never be.
"""

from datetime import UTC, datetime

from gabarito.conduct import names
from gabarito.conduct.api import CONFIG_MAPS, DEPLOYMENTS, JOBS, PODS, Cluster
from gabarito.conduct.progress import ProgressReader, shards_text
from gabarito.conduct.reading import endpoint_of, stage_jobs
from gabarito.conduct.state import (
    Check,
    Desired,
    Evaluation,
    Figures,
    Memory,
    Observed,
    StageJob,
)
from gabarito.conduct.trouble import Place
from gabarito.core.artifact import open_artifact
from gabarito.core.channel import find_channel
from gabarito.core.store import Store
from gabarito.outcome import model_of
from gabarito.plan import Step, is_frozen, make_plan
from gabarito.view import summary_of


class Observer:
    """Looks for one conductor; what never changes is read once."""

    def __init__(self, cluster: Cluster, store: Store, desired: Desired) -> None:
        self._cluster = cluster
        self._store = store
        self._desired = desired
        self._progress = ProgressReader(store)
        self._figures: dict[str, Figures] = {}
        self._evaluation: Evaluation | None = None
        self._is_frozen = False

    def look(self, memory: Memory, check: Check | None, told: frozenset[str]) -> Observed:
        """Return what there is to see now.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        now, config = datetime.now(UTC), self._desired.config
        anchor = self._cluster.read(CONFIG_MAPS, config.anchor)
        selector = f"{names.INSTANCE}={config.release}"
        jobs = self._cluster.list(JOBS, f"{selector},{names.STAGE}")
        pods = self._cluster.list(PODS, selector)
        deployment = self._cluster.read(DEPLOYMENTS, self._desired.endpoint_name)
        steps = {step.stage: step for step in make_plan(self._store, self._desired.run)}
        seen = stage_jobs(jobs, pods, config.namespace, now)
        return Observed(
            now=now,
            anchor=anchor["metadata"]["uid"] if anchor else "",
            steps=steps,
            jobs=seen,
            figures={name: self._read_figures(name) for name, step in steps.items() if done(step)},
            progress=self._read_progress(seen, steps),
            is_frozen=self._look_frozen(),
            evaluation=self._read_evaluation() if done(steps["evaluate"]) else None,
            channel=find_channel(self._store, self._desired.run.pipeline.channel),
            endpoint=endpoint_of(deployment, pods, Place("serve", config.namespace, now)),
            check=check,
            memory=memory,
            told=told,
        )

    def _look_frozen(self) -> bool:
        self._is_frozen = self._is_frozen or is_frozen(self._store, self._desired.run)
        return self._is_frozen

    def _read_figures(self, stage: str) -> Figures:
        if stage not in self._figures:
            artifact = open_artifact(self._store, self._desired.run.address(stage))
            if artifact is None:
                return Figures("", 0.0, {})
            manifest = artifact.manifest
            took = (manifest.finished_at - manifest.started_at).total_seconds()
            counts = manifest.counts
            self._figures[stage] = Figures(summary_of(counts), took, counts)
        return self._figures[stage]

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
            is_told = job.notes.get(names.STATE) in ("done", "failed")
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

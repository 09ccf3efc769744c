"""Reads the cluster and the store: everything that a decision is made from.

Jobs are listed before manifests are read. So if a listed Job is Complete, a manifest that is not
there will never be: the stage wrote none.
"""

from datetime import UTC, datetime

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.channel import pipeline_of, stored_channel
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOB_SETS,
    JOBS,
    PODS,
    Cluster,
    Object,
)
from gabarito.controller.kube.causes import Causes
from gabarito.controller.kube.diagnose import Scope
from gabarito.controller.kube.parse import endpoint_of, stage_jobs
from gabarito.controller.kube.spent_pods import spent_pods
from gabarito.controller.progress import ProgressReader
from gabarito.controller.state import (
    Desired,
    Evaluation,
    Memory,
    Observed,
    SmokeTestResult,
    StageResult,
)
from gabarito.core.errors import MissingError, SettingsError
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.plan import make_plan
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import is_frozen
from gabarito.store.base import Store


class Observer:
    """Observes for one process; what cannot change any more is read once."""

    def __init__(self, cluster: Cluster, store: Store, desired: Desired) -> None:
        self._cluster = cluster
        self._store = store
        self._desired = desired
        self._causes = Causes(cluster)
        self._progress = ProgressReader(store)
        self._results: dict[str, StageResult] = {}
        self._pipelines: dict[str, str] = {}
        self._evaluation: Evaluation | None = None
        self._is_frozen = False

    def observe(
        self, memory: Memory, smoke_test: SmokeTestResult | None, recorded: frozenset[str]
    ) -> Observed:
        """Return the observed state.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        now, config, run = datetime.now(UTC), self._desired.config, self._desired.run
        owner = self._cluster.read(CONFIG_MAPS, config.owner)
        selector = f"{meta.INSTANCE}={config.release}"
        job_objects = self._cluster.list(JOBS, f"{selector},{meta.STAGE}")
        job_sets = self._list_job_sets(f"{selector},{meta.STAGE}")
        pods = self._cluster.list(PODS, selector)
        deployment = self._cluster.read(DEPLOYMENTS, self._desired.endpoint_name)
        steps = {step.stage: step for step in make_plan(self._store, run)}
        seen = stage_jobs(job_objects, pods, config.namespace, now, job_sets)
        jobs = self._causes.of(seen, now)
        self._is_frozen = self._is_frozen or is_frozen(self._store, run)
        finished = [stage for stage, step in steps.items() if step.state == "done"]
        if "evaluate" in finished and self._evaluation is None:
            model = model_of(self._store, run)
            if model is not None:
                passed, reasons = model.verdict.passed, tuple(model.verdict.reasons)
                self._evaluation = Evaluation(model.digest, passed, reasons, model.merge)
        channel, version = stored_channel(self._store, run.pipeline.channel) or (None, "")
        endpoint = endpoint_of(deployment, pods, Scope("serve", config.namespace, now))
        named = [endpoint.model] if endpoint else []
        if channel is not None:
            named += [channel.model or "", *(one.model for one in channel.rejected[-1:])]
        progress = self._progress.read_jobs(jobs, run, finished)
        running = {
            job.stage: (run.address(job.stage), job.began)
            for job in jobs
            if job.run == run.run and job.stage in progress and job.phase == "running"
        }
        return Observed(
            now=now,
            owner_uid=owner["metadata"]["uid"] if owner else "",
            steps=steps,
            jobs=jobs,
            results={stage: self._read_result(stage) for stage in finished},
            progress=progress,
            reached={stage: self._progress.reached(*where) for stage, where in running.items()},
            readings={
                stage: reading
                for stage, where in running.items()
                if (reading := self._progress.last(*where))
            },
            is_frozen=self._is_frozen,
            evaluation=self._evaluation if "evaluate" in finished else None,
            channel=channel,
            is_inherited=channel is not None and not version,
            endpoint=endpoint,
            smoke_test=smoke_test,
            memory=memory,
            recorded=recorded,
            spent_pods=spent_pods(pods),
            pipelines={model: self._read_pipeline(model) for model in named if model},
        )

    def _list_job_sets(self, selector: str) -> list[Object]:
        needing = [
            stage
            for stage, template in self._desired.templates.stages.items()
            if template.kind is JOB_SETS
        ]
        if not needing and not self._desired.config.jobsets:
            return []
        try:
            return self._cluster.list(JOB_SETS, selector)
        except MissingError as error:  # the kind itself
            if not needing:
                return []
            raise SettingsError(
                f"stages.{needing[0]}.nodes: above 1 it needs JobSet ({JOB_SETS.api}), which is "
                "not installed in this cluster; install it, or set nodes to 1"
            ) from error

    def _read_pipeline(self, model: str) -> str:
        found = self._pipelines.get(model) or pipeline_of(self._store, model)
        self._pipelines[model] = found
        return found

    def _read_result(self, stage: str) -> StageResult:
        if stage not in self._results:
            artifact = open_artifact(self._store, self._desired.run.address(stage))
            if artifact is None:
                return StageResult("", 0.0, {})
            manifest = artifact.manifest
            seconds = (manifest.finished_at - manifest.started_at).total_seconds()
            counts = manifest.counts
            self._results[stage] = StageResult(summary_of(counts), seconds, counts)
        return self._results[stage]

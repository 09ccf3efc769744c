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
    labels_of,
    version_of,
)
from gabarito.controller.kube.causes import Causes
from gabarito.controller.kube.diagnose import Scope
from gabarito.controller.kube.parse import ENDED, endpoint_of, phase_of, stage_jobs
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
from gabarito.controller.templates import TTL
from gabarito.core.errors import MissingError, SettingsError
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.plan import make_plan
from gabarito.pipeline.promote import model_of
from gabarito.pipeline.runs import is_frozen
from gabarito.pipeline.stages import STAGES
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
        self._history: dict[str, int] = {}
        """Versions of the Jobs of which nothing is left to decide, by uid."""
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
        job_objects = self._without_history(self._cluster.list(JOBS, selector))
        job_sets = self._list_job_sets(selector)
        pods = self._cluster.list(PODS, selector)
        deployment = self._read_deployment(selector)
        steps = {step.stage: step for step in make_plan(self._store, run)}
        seen = stage_jobs(job_objects, pods, config.namespace, now, job_sets)
        jobs = self._causes.of(seen, now)
        self._is_frozen = self._is_frozen or is_frozen(self._store, run)
        finished = [stage for stage, step in steps.items() if step.state == "done"]
        channel, version = stored_channel(self._store, run.pipeline.channel) or (None, "")
        endpoint = endpoint_of(deployment, pods, Scope("serve", config.namespace, now))
        models = [endpoint.model] if endpoint else []
        if channel is not None:
            models += [channel.model or "", *(one.model for one in channel.rejected[-1:])]
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
            evaluation=self._read_evaluation() if "evaluate" in finished else None,
            channel=channel,
            is_inherited=channel is not None and not version,
            endpoint=endpoint,
            smoke_test=smoke_test,
            memory=memory,
            recorded=recorded,
            spent_pods=spent_pods(pods),
            pipelines={model: self._read_pipeline(model) for model in models if model},
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

    def _without_history(self, jobs: list[Object]) -> list[Object]:
        """Return the Jobs of which something is left to decide; an unchanged one is judged once.

        Where only those of the last runs are kept there are few, and old ones are to be deleted.
        """
        if self._desired.config.keep_runs is not None:
            return jobs
        known, self._history = self._history, {}
        left = []
        for job in jobs:
            uid, version = job["metadata"]["uid"], version_of(job)
            if known.get(uid) == version or self._is_history(job):
                self._history[uid] = version
            else:
                left.append(job)
        return left

    def _is_history(self, job: Object) -> bool:
        """Tell whether nothing is left to decide of a Job: another run's, ended, and it expires.

        A release may have thousands of them, and a new attempt's name holds its own run.
        """
        run, stage = self._desired.run.run, labels_of(job).get(meta.STAGE)
        if stage not in STAGES:
            return True
        if labels_of(job).get(meta.RUN) == run or run in job["metadata"]["name"]:
            return False
        seconds = self._desired.templates.stages[stage].expires_after_s
        is_told = seconds is None or job["spec"].get(TTL) == seconds
        return is_told and phase_of(job) in ENDED

    def _read_deployment(self, selector: str) -> Object | None:
        """Return the endpoint's Deployment, if there is one."""
        found = self._cluster.list(DEPLOYMENTS, selector)
        name = self._desired.endpoint_name
        return next((each for each in found if each["metadata"]["name"] == name), None)

    def _read_evaluation(self) -> Evaluation | None:
        """Return what evaluate found, which is read once."""
        if self._evaluation is None and (model := model_of(self._store, self._desired.run)):
            passed, reasons = model.verdict.passed, tuple(model.verdict.reasons)
            self._evaluation = Evaluation(model.digest, passed, reasons, model.merge)
        return self._evaluation

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

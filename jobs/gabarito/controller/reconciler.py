"""One round of the controller that holds the Lease: observe, decide, execute."""

import logging
import threading
from dataclasses import replace

from gabarito.controller.actions import about_owner
from gabarito.controller.config import ControllerConfig
from gabarito.controller.decide import decide
from gabarito.controller.executor import Dependencies, Executor
from gabarito.controller.held_runs import WAITS, HeldRuns
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import CONFIG_MAPS, EVENTS, Cluster
from gabarito.controller.kube.events import RecordEvent, event_body
from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.observe import Observer
from gabarito.controller.pinned_run import choose_run
from gabarito.controller.rollout import is_concluded
from gabarito.controller.smoke_test import SmokeTest
from gabarito.controller.state import (
    Desired,
    Memory,
    Observed,
    memory_annotations,
    read_memory,
)
from gabarito.controller.summary import Summary, read_summary, summarise, summary_annotation
from gabarito.controller.templates import read_templates
from gabarito.core.errors import ConflictError, GabaritoError, SettingsError
from gabarito.pipeline.refresh import (
    PlannedRun,
    is_at_rest,
    plan_current,
    plan_refresh,
    read_refreshes,
    settle,
)
from gabarito.pipeline.runs import Run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import Store
from gabarito.store.conformance import probe

log = logging.getLogger("gabarito.controller")

RELIED_ON = ("write if absent", "race", "write if unchanged")
"""The promises of a store without which two attempts or two promotions overwrite each other."""


class Reconciler:
    """Holds the desired state, and which Events it has recorded."""

    def __init__(
        self,
        config: ControllerConfig,
        cluster: Cluster,
        store: Store,
        lease: Lease,
        wake: threading.Event,
    ) -> None:
        self._config = config
        self._cluster = cluster
        self._store = store
        self._lease = lease
        self._wake = wake
        self._smoke_test = SmokeTest(store, config.serve, wake)
        self._planned: PlannedRun
        self._parts: tuple[Observer, Executor, Desired] | None = None
        self._warning = ""
        """What is to be said of the pipeline file."""
        self._warnings: tuple[str, ...] | None = None
        self._recorded: set[str] = set()
        self._is_refreshing = False
        """Whether the run before is finished, so that a refresh may be tried."""
        self._held_runs = HeldRuns(store, wake)

    def reconcile_once(self) -> tuple[Observed, Summary]:
        """Take the actions that are needed now; after any of them the loop is woken at once.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        if self._parts is None:  # here rather than at the start: what is wrong in it is reported
            self._parts = self._begin()
        observer, executor, desired = self._parts
        is_held = self._held_runs.hold([*filter(None, (self._planned.run, self._planned.before))])
        result = self._smoke_test.result
        observed = observer.observe(self._memory, result, frozenset(executor.recorded))
        observed = replace(observed, is_held=is_held)
        warnings = (WAITS * (not is_held), self._warning, *(self._warnings or ()))
        summary = summarise(desired, observed, tuple(filter(None, warnings)))
        if not is_held:
            self._act(desired, observed, executor, summary)
        elif self._is_read(observed):  # none of what follows on that is begun before
            self._save_summary(summary)
            if not _does_run(desired, observed):
                self._settle(observed, executor)
        elif self._is_planned_anew(desired, observed):
            self._plan_anew(is_refreshing=True)
        else:
            self._act(desired, observed, executor, summary)
        return observed, summary

    def _act(
        self, desired: Desired, observed: Observed, executor: Executor, summary: Summary
    ) -> None:
        for action in decide(desired, observed):
            if not self._lease.is_held:
                return
            executor.execute(action, observed.memory, observed.owner_uid)
            self._wake.set()
        self._save_summary(summary)
        if self._warnings is None:
            self._warnings = tuple(self._probe_store(observed.owner_uid))
            if self._warning:
                self._record_warning(observed.owner_uid, "PipelineChanged", self._warning)

    def _begin(self) -> tuple[Observer, Executor, Desired]:
        """Choose the run, and make what works on it."""
        chosen = choose_run(self._config, self._store, self._memory, self._plan)
        self._warning = chosen.warning
        self._planned = planned = chosen.planned
        _refuse_idle_processes(self._config, planned.run)
        stays = planned.before.run if planned.before else ""
        templates = read_templates(self._config)
        desired = Desired(self._config, planned.run, templates, chosen.pinned, stays)
        dependencies = Dependencies(
            desired,
            start_smoke_test=self._smoke_test.start,
            save_memory=lambda memory: self._lease.annotate(memory_annotations(memory)),
        )
        observer = Observer(self._cluster, self._store, desired)
        return observer, Executor(self._cluster, self._store, dependencies), desired

    def _plan(self, pipeline: PartialPipeline) -> PlannedRun:
        """Plan the run of the pipeline, or a refresh of it once that is finished."""
        current = plan_current(self._store, pipeline)
        told = read_refreshes(self._store, pipeline.name)
        if self._is_refreshing and told.is_wanted and is_at_rest(self._store, current.run):
            return plan_refresh(self._store, pipeline)
        return current

    def _is_read(self, observed: Observed) -> bool:
        """Tell whether a refresh is worked on, and its sources are read."""
        is_done = observed.steps["ingest"].state == "done"
        return bool(self._planned.number and observed.owner_uid) and is_done

    def _settle(self, observed: Observed, executor: Executor) -> None:
        """Go on with the run of a refresh that says something new, else with the one before."""
        is_new = settle(self._store, self._planned)
        event = _refreshed(self._config, observed, self._planned, is_new)
        self._plan_anew(is_refreshing=False)
        executor.execute(event, observed.memory, observed.owner_uid)

    def _is_planned_anew(self, desired: Desired, observed: Observed) -> bool:
        """Tell whether a refresh is to be tried, once nothing is left to do for the run."""
        if not observed.owner_uid:
            return False
        planned = self._planned
        told = read_refreshes(self._store, planned.run.pipeline.name)
        if planned.number:  # what failed for good is given up for the next one
            failed = observed.memory.stages.get("ingest")
            is_failed = failed and failed.failure and failed.run == planned.run.run
            return bool(is_failed) and told.asked > planned.number
        if not told.is_wanted or self._warning or _does_run(desired, observed):
            return False
        is_finished = all(step.state == "done" for step in observed.steps.values())
        return is_finished and is_concluded(desired, observed)

    def _plan_anew(self, *, is_refreshing: bool) -> None:
        self._parts, self._is_refreshing = None, is_refreshing
        self._wake.set()

    @property
    def _memory(self) -> Memory:
        return read_memory(self._lease.annotations)

    def report_problem(self, problem: str) -> None:
        """Report why reconciling fails, in an Event and in the summary for ``gabarito status``."""
        try:
            before = read_summary(self._lease.annotations.get(meta.SUMMARY))
            self._save_summary(before.model_copy(update={"problem": problem}))
            owner = self._cluster.read(CONFIG_MAPS, self._config.owner)
            if owner is not None:
                self._record_warning(owner["metadata"]["uid"], "RunWaiting", problem)
        except GabaritoError as error:
            log.warning("problem not reported", extra={"error": str(error)})

    def _save_summary(self, summary: Summary) -> None:
        annotation = summary_annotation(summary)
        if annotation[meta.SUMMARY] != self._lease.annotations.get(meta.SUMMARY):
            self._lease.annotate(annotation)

    def _probe_store(self, owner_uid: str) -> list[str]:
        """Test the store's conditional writes; return a warning for each that does not work."""
        warnings = [
            f"store {self._store.url}: conditional writes do not work: {probed.promise}: "
            f"{probed.said}; use a store that supports them"
            for probed in probe(self._store)
            if probed.promise in RELIED_ON and not probed.is_kept
        ]
        for warning in warnings:
            self._record_warning(owner_uid, "StoreUnsafe", warning)
        return warnings

    def _record_warning(self, owner_uid: str, reason: str, message: str) -> None:
        subject = about_owner(self._config.owner, owner_uid)
        event = RecordEvent(subject, reason, message, message, is_warning=True)
        if event.name not in self._recorded:
            self._recorded.add(event.name)
            try:
                self._cluster.create(EVENTS, event_body(event, self._config.namespace))
            except ConflictError:
                return  # recorded by an earlier process


def _does_run(desired: Desired, observed: Observed) -> bool:
    """Tell whether a Job of the run has not come to its end, though its stage may be done."""
    run = desired.run.run
    return any(
        job.run == run and job.phase == "running" and not job.is_deleting for job in observed.jobs
    )


def _refreshed(
    config: ControllerConfig, observed: Observed, planned: PlannedRun, is_new: bool
) -> RecordEvent:
    run, owner = planned.run, about_owner(config.owner, observed.owner_uid)
    before = planned.before.run if planned.before else ""
    end = "something new" if is_new else f"nothing new, run {before} stays"
    message = f"the sources of pipeline {run.pipeline.name} were read again (run {run.run}): {end}"
    return RecordEvent(owner, "Refreshed", message, run.run)


def _refuse_idle_processes(config: ControllerConfig, run: Run) -> None:
    """Refuse before anything is paid what train would refuse when it has its GPUs."""
    train = run.pipeline.train
    if train is not None and config.processes > train.batch_size:
        raise SettingsError(
            f"train.batch_size: {train.batch_size} rows are too few for {config.processes} "
            "processes; raise it, or lower stages.train.gpu.count, processes or nodes"
        )

"""One round of a controller that leads: look, decide, act."""

import logging
import threading
from pathlib import Path

from pydantic import ValidationError

from gabarito.controller.actions import RecordEvent, about_owner
from gabarito.controller.config import ControllerConfig
from gabarito.controller.decide import decide
from gabarito.controller.executor import Dependencies, Executor
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.api import CONFIG_MAPS, EVENTS, Cluster
from gabarito.controller.kube.events import event_body
from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.observe import Observer
from gabarito.controller.smoke_test import SmokeTest
from gabarito.controller.state import Desired, Memory, Observed
from gabarito.controller.summary import Summary, read_summary, summarise, summary_annotation
from gabarito.controller.templates import read_templates
from gabarito.core.errors import ConflictError, GabaritoError
from gabarito.core.probe import probe
from gabarito.core.store import Store
from gabarito.plan import new_run, read_pipeline

log = logging.getLogger("gabarito.controller")


class Reconciler:
    """Knows what is wanted, and what was said already."""

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
        self._parts: tuple[Observer, Executor, Desired] | None = None
        self._warnings: tuple[str, ...] | None = None
        self._told: set[str] = set()

    def reconcile_once(self) -> tuple[Observed, Summary]:
        """Do what is to be done now; if that was anything, it is succeeded again at once.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        observer, executor, desired = self._parts = self._parts or self._prepared()
        memory = _memory_of(self._lease.annotations.get(meta.MEMORY))
        observed = observer.look(memory, self._smoke_test.result, frozenset(executor.recorded))
        summary = summarise(desired, observed, self._warnings or ())
        for action in decide(desired, observed):
            if not self._lease.is_held:
                return observed, summary
            executor.act(action, memory, observed.owner)
            self._wake.set()
        self._keep(summary)
        if self._warnings is None:
            self._warnings = tuple(self._probe(observed.owner))
        return observed, summary

    def report_problem(self, problem: str) -> None:
        """Say what stands in the way, in an Event and for ``gabarito status``."""
        try:
            before = read_summary(self._lease.annotations.get(meta.SUMMARY))
            self._keep(before.model_copy(update={"problem": problem}))
            owner = self._cluster.read(CONFIG_MAPS, self._config.owner)
            if owner is not None:
                self._record_event(owner["metadata"]["uid"], "RunWaiting", problem)
        except GabaritoError as error:
            log.warning("problem not recorded", extra={"error": str(error)})

    def _prepared(self) -> tuple[Observer, Executor, Desired]:
        run = new_run(read_pipeline(Path(self._config.pipeline)))
        desired = Desired(self._config, run, read_templates(self._config))
        means = Dependencies(desired, self._smoke_test.start, self._save_memory)
        observer = Observer(self._cluster, self._store, desired)
        return observer, Executor(self._cluster, self._store, means), desired

    def _save_memory(self, memory: Memory) -> None:
        self._lease.annotate({meta.MEMORY: memory.model_dump_json()})

    def _keep(self, summary: Summary) -> None:
        note = summary_annotation(summary)
        if note[meta.SUMMARY] != self._lease.annotations.get(meta.SUMMARY):
            self._lease.annotate(note)

    def _probe(self, owner: str) -> list[str]:
        """Find out once whether the store keeps what attempts and promotions rely on."""
        broken = [
            f"store {self._store.url} does not keep conditional writes: {probed.promise}: "
            f"{probed.said}; use a store that keeps them"
            for probed in probe(self._store)
            if probed.promise in ("write if absent", "race", "write if unchanged")
            if not probed.is_kept
        ]
        for warning in broken:
            self._record_event(owner, "StoreUnsafe", warning)
        return broken

    def _record_event(self, owner: str, reason: str, message: str) -> None:
        subject = about_owner(self._config.owner, owner)
        event = RecordEvent(subject, reason, message, message, is_warning=True)
        if event.name not in self._told:
            self._told.add(event.name)
            try:
                self._cluster.create(EVENTS, event_body(event, self._config.namespace))
            except ConflictError:
                return  # recorded by the controller before


def _memory_of(note: str | None) -> Memory:
    """Return what was remembered; what another version remembered is found again by looking."""
    try:
        return Memory.model_validate_json(note) if note else Memory()
    except ValidationError as error:
        log.warning("memory not understood", extra={"error": str(error)})
        return Memory()

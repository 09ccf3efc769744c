"""One round of a conductor that leads: look, decide, act."""

import logging
import threading
from pathlib import Path

from pydantic import ValidationError

from gabarito.conduct import names
from gabarito.conduct.act import Actor, Means
from gabarito.conduct.actions import Announce, about_anchor
from gabarito.conduct.api import CONFIG_MAPS, EVENTS, Cluster
from gabarito.conduct.config import ConductorConfig
from gabarito.conduct.events import event_body
from gabarito.conduct.lease import Lease
from gabarito.conduct.observe import Observer
from gabarito.conduct.questions import Examiner
from gabarito.conduct.reconcile import decide
from gabarito.conduct.state import Desired, Memory, Observed
from gabarito.conduct.summary import Summary, note_of, read_summary, summarise
from gabarito.conduct.templates import read_templates
from gabarito.core.errors import ConflictError, GabaritoError
from gabarito.core.probe import probe
from gabarito.core.store import Store
from gabarito.plan import new_run, read_pipeline

log = logging.getLogger("gabarito.conduct")


class Leader:
    """Knows what is wanted, and what was said already."""

    def __init__(
        self,
        config: ConductorConfig,
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
        self._examiner = Examiner(store, config.serve, wake)
        self._parts: tuple[Observer, Actor, Desired] | None = None
        self._warnings: tuple[str, ...] | None = None
        self._told: set[str] = set()

    def look_and_act(self) -> tuple[Observed, Summary]:
        """Do what is to be done now; if that was anything, it is looked again at once.

        Raises:
            GabaritoError: if the cluster or the store does not answer or refuses.
        """
        observer, actor, desired = self._parts = self._parts or self._prepared()
        memory = _memory_of(self._lease.notes.get(names.MEMORY))
        observed = observer.look(memory, self._examiner.check, frozenset(actor.told))
        summary = summarise(desired, observed, self._warnings or ())
        for action in decide(desired, observed):
            if not self._lease.is_held:
                return observed, summary
            actor.act(action, memory, observed.anchor)
            self._wake.set()
        self._keep(summary)
        if self._warnings is None:
            self._warnings = tuple(self._probe(observed.anchor))
        return observed, summary

    def tell_problem(self, problem: str) -> None:
        """Say what stands in the way, in an Event and for ``gabarito status``."""
        try:
            before = read_summary(self._lease.notes.get(names.SUMMARY))
            self._keep(before.model_copy(update={"problem": problem}))
            anchor = self._cluster.read(CONFIG_MAPS, self._config.anchor)
            if anchor is not None:
                self._announce(anchor["metadata"]["uid"], "RunWaiting", problem)
        except GabaritoError as error:
            log.warning("problem not told", extra={"error": str(error)})

    def _prepared(self) -> tuple[Observer, Actor, Desired]:
        run = new_run(read_pipeline(Path(self._config.pipeline)))
        desired = Desired(self._config, run, read_templates(self._config))
        means = Means(desired, self._examiner.start, self._remember)
        observer = Observer(self._cluster, self._store, desired)
        return observer, Actor(self._cluster, self._store, means), desired

    def _remember(self, memory: Memory) -> None:
        self._lease.note({names.MEMORY: memory.model_dump_json()})

    def _keep(self, summary: Summary) -> None:
        note = note_of(summary)
        if note[names.SUMMARY] != self._lease.notes.get(names.SUMMARY):
            self._lease.note(note)

    def _probe(self, anchor: str) -> list[str]:
        """Find out once whether the store keeps what attempts and promotions rely on."""
        broken = [
            f"store {self._store.url} does not keep conditional writes: {probed.promise}: "
            f"{probed.said}; use a store that keeps them"
            for probed in probe(self._store)
            if probed.promise in ("write if absent", "race", "write if unchanged")
            if not probed.is_kept
        ]
        for warning in broken:
            self._announce(anchor, "StoreUnsafe", warning)
        return broken

    def _announce(self, anchor: str, reason: str, message: str) -> None:
        subject = about_anchor(self._config.anchor, anchor)
        event = Announce(subject, reason, message, message, is_warning=True)
        if event.name not in self._told:
            self._told.add(event.name)
            try:
                self._cluster.create(EVENTS, event_body(event, self._config.namespace))
            except ConflictError:
                return  # told by the conductor before


def _memory_of(note: str | None) -> Memory:
    """Return what was remembered; what another version remembered is found again by looking."""
    try:
        return Memory.model_validate_json(note) if note else Memory()
    except ValidationError as error:
        log.warning("memory not understood", extra={"error": str(error)})
        return Memory()

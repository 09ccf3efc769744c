"""The Lease: of all controllers of a release, only its holder acts.

It also keeps what a controller that starts anew must know, as annotations.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from gabarito.controller.kube.api import CONFIG_MAPS, LEASES, Cluster, Object
from gabarito.controller.kube.watch import Signals
from gabarito.controller.templates import owned
from gabarito.core.errors import ConflictError, GabaritoError, MissingError, ServiceError

log = logging.getLogger("gabarito.controller")

DURATION_S = 15
"""How long others wait for the holder to say something."""

ACT_S = 10.0
"""How long a holder that cannot renew still acts: less, so that two never do."""

RENEW_S = 5.0
RETRY_S = 2.0


class Lease:
    """The Lease as seen by one controller, ``holder``; used by several threads."""

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        *,
        holder: str,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.holder = holder
        self._owner = owner
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self._annotations: dict[str, str] = {}
        self._until = 0.0
        self._has_it = False
        self._is_closed = False
        self._seen = ("", 0.0)
        self.asked = clock()
        """When it was last asked for."""
        self.problem = "the Lease was not asked for yet"
        """Why it is not known who holds it; empty once that is known."""

    @property
    def is_held(self) -> bool:
        """Tell whether this controller may act now."""
        return self._clock() < self._until

    @property
    def annotations(self) -> Mapping[str, str]:
        """What was noted: by this controller, or by the one before it."""
        return dict(self._annotations)

    def renew(self) -> bool:
        """Take the Lease or keep it, if nobody else has it; tell whether it is held.

        Raises:
            GabaritoError: if the API does not answer or refuses.
        """
        self.asked = self._clock()
        with self._lock:
            return not self._is_closed and self._renew()

    def annotate(self, annotations: Mapping[str, str]) -> None:
        """Keep annotations for whoever holds the Lease next.

        Raises:
            GabaritoError: if they could not be written; they are with the next renewal.
        """
        with self._lock:
            self._annotations |= annotations
            if not self._has_it or not self._renew():
                message = f"lease {self.name}: somebody else holds it by now; it will be waited for"
                raise ServiceError(message)

    def release(self) -> None:
        """Give it back: another controller need not wait for it to run out."""
        with self._lock:
            self._is_closed = True
            lease = self._cluster.read(LEASES, self.name) if self._has_it else None
            self._until, self._has_it = 0.0, False
            if lease is not None and _holder_of(lease) == self.holder:
                lease["spec"]["holderIdentity"] = ""
                self._cluster.replace(LEASES, lease)

    def _renew(self) -> bool:
        began = self._clock()
        lease = self._cluster.read(LEASES, self.name)
        try:
            is_held = self._created() if lease is None else self._taken(lease)
        except ConflictError:
            return False  # somebody else was faster, or we were: the next round shows it
        self._until, self._has_it = (began + ACT_S if is_held else 0.0), is_held
        return is_held

    def _created(self) -> bool:
        """Nothing is made for a release that is not there, or not any more."""
        owner = self._cluster.read(CONFIG_MAPS, self._owner)
        if owner is None:
            message = f"configmap {self._owner}: not there; is the release uninstalled?"
            raise MissingError(message)
        body = owned(self._body(), self._owner, owner["metadata"]["uid"])
        self._cluster.create(LEASES, body)
        return True

    def _is_free(self, lease: Object) -> bool:
        """By our own clock: it is free when nothing was heard of its holder for its duration."""
        renewed = str(lease["spec"].get("renewTime", ""))
        if self._seen[0] != renewed:
            self._seen = (renewed, self._clock())
        is_silent = self._clock() - self._seen[1] > lease["spec"].get("leaseDurationSeconds", 0)
        return _holder_of(lease) in ("", self.holder) or is_silent

    def _taken(self, lease: Object) -> bool:
        was_lost = self._has_it and _holder_of(lease) != self.holder
        if was_lost or not self._is_free(lease):
            return False  # who lost it begins anew, with what was noted meanwhile
        metadata, spec, now = lease["metadata"], lease["spec"], _now()
        if not self._has_it:
            self._annotations = dict(metadata.get("annotations") or {})
        if _holder_of(lease) != self.holder:
            spec |= {"acquireTime": now, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
        spec |= {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": DURATION_S,
            "renewTime": now,
        }
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **self._annotations}
        self._cluster.replace(LEASES, lease)
        return True

    def _body(self) -> Object:
        now = _now()
        spec = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": DURATION_S,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        }
        metadata = {
            "name": self.name,
            "namespace": self._cluster.namespace,
            "annotations": self._annotations,
        }
        return {"apiVersion": LEASES.api, "kind": LEASES.kind, "metadata": metadata, "spec": spec}


def keep(lease: Lease, signals: Signals) -> None:
    """Renew the Lease until recorded to stop, whatever the API does meanwhile."""
    while not signals.stop.is_set():
        was_held = lease.is_held
        try:
            lease.renew()
            lease.problem = ""
        except GabaritoError as error:
            lease.problem = str(error)
            log.warning("lease not renewed", extra={"error": str(error)})
        if lease.is_held != was_held:
            log.info("lease", extra={"is_held": lease.is_held, "holder": lease.holder})
            signals.wake.set()
        signals.stop.wait(RENEW_S if lease.is_held else RETRY_S)


def _holder_of(lease: Object) -> str:
    return str(lease["spec"].get("holderIdentity") or "")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""Leader election by a Lease: of the controllers of a release only its holder acts.

Its annotations keep what the next holder must know. They are written with the same request that
renews the Lease, so nobody who has lost it can overwrite them.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from gabarito.controller.kube.api import CONFIG_MAPS, LEASES, Cluster, Object, annotations_of
from gabarito.controller.kube.metadata import owned
from gabarito.controller.kube.signals import Signals
from gabarito.core.errors import ConflictError, GabaritoError, MissingError, ServiceError

log = logging.getLogger("gabarito.controller")

DURATION_S = 15
"""``leaseDurationSeconds``: how long others wait for a renewal before they take the Lease."""

ACT_S = 10.0
"""How long a holder that cannot renew goes on acting: less than the others wait, so that there are
never two.
"""

RENEW_S = 5.0
RETRY_S = 2.0


class Lease:
    """The Lease as one controller, ``holder``, sees it; used by several threads."""

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
        self._held_until = 0.0
        self._has_it = False
        self._is_closed = False
        self._known: Object | None = None
        """The Lease as this holder wrote it last: as long as nobody else writes it, a renewal is
        one request. It is refused if somebody has.
        """
        self._last_renewal = ("", 0.0)
        """The ``renewTime`` that was seen last, and when it was first seen."""
        self.requested = clock()
        """When it was last tried to take or renew it."""
        self.problem = "the Lease has not been requested yet"
        """Why it is unknown who holds it; empty once that is known."""

    @property
    def is_held(self) -> bool:
        """Tell whether this controller may act now."""
        return self._clock() < self._held_until

    @property
    def annotations(self) -> Mapping[str, str]:
        """What this holder, or the one before it, has written."""
        return dict(self._annotations)

    def renew(self) -> bool:
        """Take or renew the Lease, unless another one holds it; tell whether it is held now.

        Raises:
            GabaritoError: if the API does not answer or refuses.
        """
        self.requested = self._clock()
        with self._lock:
            return not self._is_closed and self._renew()

    def annotate(self, annotations: Mapping[str, str]) -> None:
        """Write annotations for this holder and the next.

        Raises:
            GabaritoError: if they could not be written; the next renewal writes them.
        """
        with self._lock:
            self._annotations |= annotations
            if not self._has_it or not self._renew():
                raise ServiceError(
                    f"lease {self.name}: another controller holds it; wait until it is free"
                )

    def release(self) -> None:
        """Remove the holder, so that another controller need not wait for the Lease to expire."""
        with self._lock:
            self._is_closed = True
            lease = self._cluster.read(LEASES, self.name) if self._has_it else None
            self._held_until, self._has_it = 0.0, False
            if lease is not None and _holder_of(lease) == self.holder:
                lease["spec"]["holderIdentity"] = ""
                self._cluster.replace(LEASES, lease)

    def _renew(self) -> bool:
        began = self._clock()
        try:
            is_held = self._renew_known() or self._read_and_renew()
        except ConflictError:
            return False  # another request came first: the next one reads what it wrote
        self._held_until, self._has_it = (began + ACT_S if is_held else 0.0), is_held
        return is_held

    def _renew_known(self) -> bool:
        """Renew the Lease as it was written last, without reading it; tell whether that is so."""
        known, self._known = self._known, None
        if known is None or not self._has_it:
            return False
        try:
            self._known = self._cluster.replace(LEASES, self._renewed(known))
        except (ConflictError, MissingError):
            return False
        return True

    def _read_and_renew(self) -> bool:
        lease = self._cluster.read(LEASES, self.name)
        if lease is None:
            owner = self._cluster.read(CONFIG_MAPS, self._owner)
            if owner is None:  # nothing would ever delete a Lease that is created now
                raise MissingError(
                    f"configmap {self._owner}: does not exist; is the release uninstalled?"
                )
            metadata = {"name": self.name, "namespace": self._cluster.namespace}
            fresh = {"apiVersion": LEASES.api, "kind": LEASES.kind, "metadata": metadata}
            body = owned(
                self._renewed({**fresh, "spec": {}}), self._owner, owner["metadata"]["uid"]
            )
            self._known = self._cluster.create(LEASES, body)
            return True
        if not self._may_take(lease):
            return False
        self._known = self._cluster.replace(LEASES, self._renewed(lease))
        return True

    def _may_take(self, lease: Object) -> bool:
        """Tell whether the Lease is this controller's, or free.

        It is free if its ``renewTime`` has not changed for its duration by the clock of this
        process: clocks of two nodes may differ by more than that.
        """
        renewed = str(lease["spec"].get("renewTime", ""))
        if self._last_renewal[0] != renewed:
            self._last_renewal = (renewed, self._clock())
        duration = lease["spec"].get("leaseDurationSeconds", 0)
        is_expired = self._clock() - self._last_renewal[1] > duration
        if self._has_it and _holder_of(lease) != self.holder:
            return False  # lost it: the next request reads the annotations that were written since
        return is_expired or _holder_of(lease) in ("", self.holder)

    def _renewed(self, lease: Object) -> Object:
        """Return a Lease that this controller holds from now on, with its annotations."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec, before = dict(lease["spec"]), annotations_of(lease)
        if not self._has_it:  # what the holder before has written, or nothing
            self._annotations = dict(before)
        if _holder_of(lease) != self.holder:
            transitions = spec.get("leaseTransitions", -1) + 1
            spec |= {"acquireTime": now, "leaseTransitions": transitions}
        spec |= {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": DURATION_S,
            "renewTime": now,
        }
        metadata = {**lease["metadata"], "annotations": {**before, **self._annotations}}
        return {**lease, "metadata": metadata, "spec": spec}


def keep_renewing(lease: Lease, signals: Signals) -> None:
    """Take or renew the Lease again and again until ``stop``, whatever the API answers."""
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

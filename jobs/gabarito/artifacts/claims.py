"""Claims: of many processes that need the same item of the cache, one pays for it.

<store>/claims/<stage>/items/<key>    names the lease of the process that makes the item
                       leases/<name>  the lease: an object that its process changes every RENEW_S

An item that is kept already costs no request more than before. One that is made costs two writes
more, the claim and its removal, and one read: it may have been kept, and its claim removed,
between the first look and our claim. A claim of its own for each item, rather than one list for
all, is a write that only those meet who need the same item.

Whether a process still lives is told as in leader election of Kubernetes (client-go,
``tools/leaderelection``): a lease that has not changed for LEASE_S by the observer's own monotonic
clock is over, and what it claimed is taken over by compare-and-swap. Nobody compares the clocks of
two machines. A process that ends in order removes its lease, which ends it at once.

Claims save money; nothing else depends on them. A process that was only slow may find its item
made by two: both replies are good, and the cache keeps the later one.
"""

import itertools
import logging
import math
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from gabarito.core.errors import ConflictError, GabaritoError, MissingError
from gabarito.store.base import Store

log = logging.getLogger("gabarito.claims")

T = TypeVar("T")

LEASE_S = 15.0
RENEW_S = 4.0
"""Two renewals may fail before others take the process for dead."""

CERTAIN_S = LEASE_S - RENEW_S
"""So long after it began to renew its lease, nobody else can take the process for dead."""

FIRST_PAUSE_S = 0.2
GROWTH = 1.5
MAX_PAUSE_S = 4.0
"""Who waits looks about ten times while a reply takes ten seconds, and notices it soon after."""

_NAME = re.compile(r"[0-9a-f]{16}")


class Claims:
    """What this process claims of a stage's items; used by many threads.

    ``pause`` waits some seconds, and raises if the stage is to stop. Of one process only one
    thread at a time may ask for an item.
    """

    def __init__(
        self,
        store: Store,
        stage: str,
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._prefix = f"claims/{stage}"
        self._pause = pause
        self._lease = _Lease(store, self._prefix, clock)
        self._others = _OtherLeases(store, self._prefix, clock)

    @contextmanager
    def hold(self, key: str, find: Callable[[], T | None]) -> Iterator[T | None]:
        """Give the item that ``find`` finds, or None: then nobody else makes it within the block.

        While another process makes it, it is waited for.

        Raises:
            GabaritoError: as the store does, and ``pause``.
        """
        place, is_ours = f"{self._prefix}/items/{key}", False
        try:
            while (found := find()) is None and not is_ours:
                is_ours = self._take(place) or self._outwait(place)
            yield found
        finally:
            if is_ours:  # or was: if it has been taken over, two make the item already
                self._give_up(place)

    @property
    def is_certain(self) -> bool:
        """Whether what this process claims is its own for some seconds to come."""
        return self._lease.age_s < CERTAIN_S

    def close(self) -> None:
        """Give the lease back: what is still claimed is free for others."""
        self._lease.give_back()

    def _give_up(self, place: str) -> None:
        try:
            self._store.delete(place)
        except GabaritoError as error:  # others wait until the lease is over; the item is kept
            log.warning("claim not removed", extra={"reason": str(error)})

    def _take(self, place: str) -> bool:
        """Claim an item, unless it is claimed; tell whether it is ours now."""
        return self._write(place, if_absent=True)

    def _outwait(self, place: str) -> bool:
        """Wait until a claim is removed, or its lease over; tell whether it is ours now."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                claim = self._store.read(place)
            except MissingError:
                return False
            if self._others.is_over(claim.data.decode(errors="replace")):
                return self._write(place, if_match=claim.version)
            self._pause(pause_s)
            pause_s = min(pause_s * GROWTH, MAX_PAUSE_S)

    def _write(self, place: str, *, if_absent: bool = False, if_match: str | None = None) -> bool:
        ours = self._lease.begun().encode()
        try:
            self._store.write(place, ours, if_absent=if_absent, if_match=if_match)
        except ConflictError:
            return False
        return True


class _Lease:
    """The lease of this process, which a thread renews from the first claim on."""

    def __init__(self, store: Store, prefix: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._name = secrets.token_hex(8)
        self._place = _lease_place(prefix, self._name)
        self._clock = clock
        self._renewed = -math.inf
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._keep_renewing, daemon=True)

    @property
    def age_s(self) -> float:
        """Seconds since the last renewal that succeeded began."""
        return self._clock() - self._renewed

    def begun(self) -> str:
        """Return the name of the lease, which is in the store."""
        with self._lock:
            if self._renewing.ident is None:
                self._renew()
                self._renewing.start()
        return self._name

    def give_back(self) -> None:
        """End the lease; that it cannot be removed makes others wait until it is over."""
        self._ended.set()
        if self._renewing.ident is None:
            return
        self._renewing.join(RENEW_S)
        try:
            self._store.delete(self._place)
        except GabaritoError as error:
            log.warning("lease not given back", extra={"reason": str(error)})

    def _keep_renewing(self) -> None:
        while not self._ended.wait(RENEW_S):
            try:
                self._renew()
            except GabaritoError as error:  # the next call of the cache will tell
                log.warning("lease not renewed", extra={"reason": str(error)})

    def _renew(self) -> None:
        began = self._clock()
        self._store.write(self._place, f"{self._name} {next(self._numbers)}".encode())
        self._renewed = began


class _OtherLeases:
    """The leases of other processes, and when each was first seen as it is now."""

    def __init__(self, store: Store, prefix: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._prefix = prefix
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[str, float]] = {}

    def is_over(self, name: str) -> bool:
        """Tell whether a lease is gone, or has not changed for LEASE_S; or ``name`` is of none."""
        if not _NAME.fullmatch(name):  # anybody may have written it, and it leads to a key
            return True
        asked = self._clock()
        try:
            version = self._store.read(_lease_place(self._prefix, name)).version
        except MissingError:
            return True
        with self._lock:
            if name not in self._seen:
                log.info("item claimed by another process", extra={"lease": name})
            before, since = self._seen.get(name, ("", asked))
            if version != before:
                self._seen[name] = version, self._clock()
                return False
        return asked - since >= LEASE_S


def _lease_place(prefix: str, name: str) -> str:
    return f"{prefix}/leases/{name}"

"""Watches: threads that wake the loop when an object changes. The loop lists what there is."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from gabarito.controller.kube.api import Cluster, Kind
from gabarito.core.errors import GabaritoError

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""The least time between the starts of two watches: a proxy may end each of them at once."""


@dataclass(frozen=True)
class Signals:
    """``wake`` is set when there may be something to do, ``stop`` when the process ends."""

    wake: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)


def start_watching(
    cluster: Cluster, kinds: Iterable[Kind], selector: str, signals: Signals
) -> None:
    """Set ``wake`` whenever an object changes, from a thread for each kind, until ``stop``."""

    def watch(kind: Kind) -> None:
        while not signals.stop.is_set():
            began = time.monotonic()
            try:
                for _ in cluster.watch(kind, selector):
                    signals.wake.set()
            except GabaritoError as error:
                log.warning("watch ended", extra={"kind": kind.plural, "error": str(error)})
            signals.stop.wait(max(0.0, PAUSE_S - (time.monotonic() - began)))

    for kind in kinds:
        name = f"watch-{kind.plural}"
        threading.Thread(target=watch, args=(kind,), name=name, daemon=True).start()

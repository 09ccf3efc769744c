"""Watching: threads that only say *look again*. What there is to see, a list tells."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from gabarito.controller.kube.api import Cluster, Kind
from gabarito.core.errors import GabaritoError

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""Between the beginnings of two watches, at least: one may fail or end at once."""


@dataclass(frozen=True)
class Signals:
    """``wake`` is set whenever something happened, ``stop`` at the end."""

    wake: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)


def start_watching(
    cluster: Cluster, kinds: Iterable[Kind], selector: str, signals: Signals
) -> None:
    """Wake the loop whenever an object changes, until the end."""
    for kind in kinds:
        name = f"watch-{kind.plural}"
        arguments = (cluster, kind, selector, signals)
        threading.Thread(target=_watch, args=arguments, name=name, daemon=True).start()


def _watch(cluster: Cluster, kind: Kind, selector: str, signals: Signals) -> None:
    while not signals.stop.is_set():
        began = time.monotonic()
        try:
            for _ in cluster.watch(kind, selector):
                signals.wake.set()
        except GabaritoError as error:
            log.warning("watch ended", extra={"kind": kind.plural, "error": str(error)})
        signals.stop.wait(max(0.0, PAUSE_S - (time.monotonic() - began)))

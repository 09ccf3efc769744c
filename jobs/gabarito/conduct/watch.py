"""Watching: threads that only say *look again*. What there is to see, a list tells."""

import logging
import threading
from collections.abc import Iterable

from gabarito.conduct.api import Cluster, Kind
from gabarito.core.errors import GabaritoError

log = logging.getLogger("gabarito.conduct")

PAUSE_S = 2.0
"""Between a watch that failed and the next one."""


def start_watching(
    cluster: Cluster, kinds: Iterable[Kind], selector: str, wake: threading.Event
) -> None:
    """Set ``wake`` whenever an object changes, for as long as the process lives."""
    for kind in kinds:
        name = f"watch-{kind.plural}"
        arguments = (cluster, kind, selector, wake)
        threading.Thread(target=_watch, args=arguments, name=name, daemon=True).start()


def _watch(cluster: Cluster, kind: Kind, selector: str, wake: threading.Event) -> None:
    pause = threading.Event()
    while True:
        try:
            for _ in cluster.watch(kind, selector):
                wake.set()
        except GabaritoError as error:
            log.warning("watch ended", extra={"kind": kind.plural, "error": str(error)})
            pause.wait(PAUSE_S)

"""Lead a release: look, decide, act, and look again.

cluster, store  ->  decide  ->  Jobs, channel, endpoint
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gabarito.controller.config import ControllerConfig
from gabarito.controller.health import Health
from gabarito.controller.kube.api import DEPLOYMENTS, JOBS, PODS, Cluster
from gabarito.controller.kube.cluster import connect
from gabarito.controller.kube.leader_election import Lease, keep
from gabarito.controller.kube.metadata import INSTANCE, lease_name
from gabarito.controller.kube.watch import Signals, start_watching
from gabarito.controller.probes import start_server
from gabarito.controller.reconciler import Reconciler
from gabarito.core.errors import GabaritoError, ServiceError
from gabarito.core.stop import deferred_stop
from gabarito.core.store import open_store

log = logging.getLogger("gabarito.controller")

INTERVAL_S = 10.0
STANDBY_S = 1.0
GAP_S = 0.2
"""Between two reconciles, however much happens."""

LISTEN_S = 0.5
"""How soon a request to stop is heard: its handler only annotations it."""

MAX_PAUSE_S = 10.0
PATIENCE = 3
"""Failures in a row before people are recorded that a service is away."""


def run(config: ControllerConfig, port: int) -> None:
    """Lead the release until recorded to stop; what was begun is ended first."""
    health, signals = Health(), Signals()
    cluster, store = connect(config.namespace), open_store(config.store)
    start_server(port, health)
    with deferred_stop() as is_stop_asked, _lease(cluster, config, signals) as lease:
        selector = f"{INSTANCE}={config.release}"
        start_watching(cluster, (JOBS, PODS, DEPLOYMENTS), selector, signals)
        reconciler = Reconciler(config, cluster, store, lease, signals.wake)
        run_loop(reconciler, lease, health, signals.wake, is_stop_asked)
    log.info("stopped")


def run_loop(
    reconciler: Reconciler,
    lease: Lease,
    health: Health,
    wake: threading.Event,
    is_stop_asked: Callable[[], bool],
) -> None:
    """Look whenever something happens and every few seconds, until recorded to stop.

    Nothing may raise in the middle of a request instead: a ``Condition``, such as that of the
    pool of connections, takes its lock in Python code and would keep it, and giving the Lease
    back would wait for it.
    """
    failures = 0
    while not is_stop_asked():
        began = time.monotonic()
        health.beat(lease)
        pause = INTERVAL_S if lease.is_held else STANDBY_S
        try:
            if lease.is_held:
                health.succeeded(*reconciler.reconcile_once())
            failures = 0
        except GabaritoError as error:
            failures += 1
            health.failed(str(error))
            log.warning("cannot go on", extra={"error": str(error), "failures": failures})
            if failures >= PATIENCE or not isinstance(error, ServiceError):
                reconciler.report_problem(str(error))
            _wait(threading.Event(), pause_after(failures), is_stop_asked)
            continue
        time.sleep(max(0.0, GAP_S - (time.monotonic() - began)))
        _wait(wake, pause, is_stop_asked)
        wake.clear()


def pause_after(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    return min(2.0 ** min(failures - 1, 10), MAX_PAUSE_S)


def _wait(event: threading.Event, seconds: float, is_stop_asked: Callable[[], bool]) -> None:
    """Wait for an event, but not longer than ``seconds``, and hear a request to stop meanwhile."""
    end = time.monotonic() + seconds
    while not is_stop_asked() and (left := end - time.monotonic()) > 0:
        if event.wait(min(left, LISTEN_S)):
            return


def holder_name(pid: int) -> str:
    """Return who holds the Lease: the pod, or the process where it is not the pod's first."""
    host = socket.gethostname()
    return host if pid == 1 else f"{host}-{pid}"


@contextmanager
def _lease(cluster: Cluster, config: ControllerConfig, signals: Signals) -> Iterator[Lease]:
    """Keep the Lease within the block, and give it back at its end."""
    name = lease_name(config.fullname)
    lease = Lease(cluster, name, holder=holder_name(os.getpid()), owner=config.owner)
    threading.Thread(target=keep, args=(lease, signals), name="lease", daemon=True).start()
    try:
        yield lease
    finally:
        signals.stop.set()
        try:
            lease.release()
        except GabaritoError as error:
            log.warning("lease not given back", extra={"error": str(error)})

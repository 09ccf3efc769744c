"""Runs the controller of a release until it is told to stop.

cluster, store  ->  decide  ->  Jobs, channel, endpoint
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

from gabarito.controller.config import ControllerConfig
from gabarito.controller.health import Health, start_server
from gabarito.controller.kube.api import DEPLOYMENTS, JOB_SETS, JOBS, PODS
from gabarito.controller.kube.cluster import connect
from gabarito.controller.kube.informer import InformedCluster
from gabarito.controller.kube.leader_election import Lease, keep_renewing
from gabarito.controller.kube.metadata import INSTANCE, lease_name
from gabarito.controller.kube.signals import Signals
from gabarito.controller.reconciler import Reconciler
from gabarito.core.errors import GabaritoError, ServiceError
from gabarito.core.stop import deferred_stop
from gabarito.store.open import open_store

log = logging.getLogger("gabarito.controller")

INTERVAL_S = 10.0
"""Between two rounds in which nothing was changed: no watch tells of the store."""

STANDBY_S = 1.0
"""Between two checks of whether the Lease is held."""

GAP_S = 0.2
"""Between the beginnings of two rounds, however often a watch wakes the loop."""

STOP_CHECK_S = 0.5
"""How soon a request to stop is noticed: its signal handler only sets a flag."""

MAX_PAUSE_S = 10.0
PATIENCE = 3
"""Failures in a row before it is reported that a service does not answer."""


def run(config: ControllerConfig, port: int) -> None:
    """Reconcile until told to stop; the current round is completed first."""
    health, signals = Health(is_served=config.serve.replicas > 0), Signals()
    cluster, store = connect(config.namespace), open_store(config.store)
    start_server(port, health)
    name, holder = lease_name(config.fullname), holder_name(os.getpid())
    lease = Lease(cluster, name, holder=holder, owner=config.owner)
    with deferred_stop() as is_stop_asked:
        threading.Thread(
            target=keep_renewing, args=(lease, signals), name="lease", daemon=True
        ).start()
        kinds = (JOBS, PODS, DEPLOYMENTS, *([JOB_SETS] if config.jobsets else ()))
        informed = InformedCluster(cluster, kinds, f"{INSTANCE}={config.release}")
        informed.start(signals)
        try:
            reconciler = Reconciler(config, informed, store, lease, signals.wake)
            run_loop(reconciler, lease, health, signals.wake, is_stop_asked)
        finally:  # so that another controller need not wait for the Lease to expire
            signals.stop.set()
            try:
                lease.release()
            except GabaritoError as error:
                log.warning("lease not released", extra={"error": str(error)})
    log.info("stopped")


def run_loop(
    reconciler: Reconciler,
    lease: Lease,
    health: Health,
    wake: threading.Event,
    is_stop_asked: Callable[[], bool],
) -> None:
    """Reconcile when a watch wakes the loop and every few seconds, until told to stop.

    A stop must not be an exception raised in the middle of a request: a ``Condition``, such as
    that of the connection pool, takes its lock in Python code, an exception there leaves it
    locked, and releasing the Lease would wait for it without end.
    """
    failures = 0
    while not is_stop_asked():
        began = time.monotonic()
        health.begin(lease)
        pause = INTERVAL_S if lease.is_held else STANDBY_S
        try:
            if lease.is_held:
                health.succeeded(*reconciler.reconcile_once())
            failures = 0
        except GabaritoError as error:
            failures += 1
            health.failed(str(error))
            log.warning("reconciling failed", extra={"error": str(error), "failures": failures})
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


def holder_name(pid: int) -> str:
    """Return the Lease's holder: the pod's name, with the process id outside a container."""
    host = socket.gethostname()
    return host if pid == 1 else f"{host}-{pid}"


def _wait(event: threading.Event, seconds: float, is_stop_asked: Callable[[], bool]) -> None:
    """Wait for an event or a request to stop, but at most ``seconds``."""
    end = time.monotonic() + seconds
    while not is_stop_asked() and (left := end - time.monotonic()) > 0:
        if event.wait(min(left, STOP_CHECK_S)):
            return

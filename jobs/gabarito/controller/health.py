"""Whether the controller works: ``/health``, ``/ready`` and ``/metrics`` over HTTP."""

import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.release_metrics import gauge, release_metrics
from gabarito.controller.state import Observed
from gabarito.controller.summary import Summary
from gabarito.core.listening import EVERYWHERE, ListeningServer

STUCK_S = 300.0
"""After a loop has been silent for so long the kubelet restarts it; the store's own time-outs are
shorter.
"""


class Health(Collector):
    """What the loop observed last and how it went; read from the threads of the server.

    ``is_served``: the release wants an endpoint.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_served: bool = True
    ) -> None:
        self._clock = clock
        self._is_served = is_served
        self._round_began = self._lease_requested = clock()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.observed: Observed | None = None
        self.summary = Summary()
        self.is_leader = False
        self.problem = "the first round has not ended yet"
        self.reconciles = 0
        self.failures = 0
        self.reconcile_seconds = 0.0

    def begin(self, lease: Lease) -> None:
        """Begin a round; without the Lease the only possible problem is the Lease's own."""
        self._round_began, self._lease_requested = self._clock(), lease.requested
        self.is_leader = lease.is_held
        if not self.is_leader:
            self.problem = lease.problem

    def succeeded(self, observed: Observed, summary: Summary) -> None:
        """End a round in which everything was done."""
        self.observed, self.summary, self.problem = observed, summary, ""
        self.reconciles += 1
        self.reconcile_seconds = self._clock() - self._round_began

    def failed(self, problem: str) -> None:
        """End a round that an error ended."""
        self.problem = problem
        self.failures += 1

    @property
    def liveness_error(self) -> str:
        """Return which thread is stuck, or ``""``: the kubelet restarts a process that has one."""
        now = self._clock()
        if now - self._round_began >= STUCK_S:
            return "the loop is stuck"
        is_stuck = now - self._lease_requested >= STUCK_S
        return "the thread that renews the Lease is stuck" if is_stuck else ""

    def metrics(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the controller's metrics and, if it holds the Lease, those of its release."""
        leader = [((), float(self.is_leader))]
        yield gauge("gabarito_controller_leader", "Whether it holds the Lease.", leader)
        rounds = CounterMetricFamily("gabarito_controller_reconciles", "Rounds that succeeded.")
        rounds.add_metric([], self.reconciles)
        errors = CounterMetricFamily("gabarito_controller_reconcile_errors", "Rounds that failed.")
        errors.add_metric([], self.failures)
        yield from (rounds, errors)
        text, seconds = "Seconds of the last round that succeeded.", [((), self.reconcile_seconds)]
        yield gauge("gabarito_controller_reconcile_seconds", text, seconds)
        if self.is_leader and self.observed is not None:
            yield from release_metrics(self.observed, self.summary, is_served=self._is_served)


def start_server(port: int, health: Health) -> ListeningServer:
    """Answer probes and scrapes at ``port`` (0: any) for as long as the process lives.

    Raises:
        SettingsError: if the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = HTTPStatus.OK, b"ok\n"
            if self.path == "/metrics":
                body = health.metrics()
            elif self.path not in ("/health", "/ready"):
                status, body = HTTPStatus.NOT_FOUND, b"there are /health, /ready and /metrics\n"
            elif error := health.liveness_error if self.path == "/health" else health.problem:
                status, body = HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: the kubelet probes every few seconds."""

    server = ListeningServer(EVERYWHERE, port, Handler)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server

"""Whether the controller works: ``/health``, ``/ready`` and ``/metrics`` over HTTP."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.state import Observed
from gabarito.controller.summary import Summary
from gabarito.core.listening import EVERYWHERE, ListeningServer

STUCK_S = 300.0
"""After a loop has been silent for so long the kubelet restarts it; the store's own time-outs are
shorter.
"""

PERCENT_RIGHT = "percent_right_by_"
"""How the counts of an evaluation are named, before the name of what was asked."""


class Health(Collector):
    """What the loop observed last and how it went; read from the threads of the server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
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
        yield _gauge("gabarito_controller_leader", "Whether it holds the Lease.", leader)
        rounds = CounterMetricFamily("gabarito_controller_reconciles", "Rounds that succeeded.")
        rounds.add_metric([], self.reconciles)
        errors = CounterMetricFamily("gabarito_controller_reconcile_errors", "Rounds that failed.")
        errors.add_metric([], self.failures)
        yield from (rounds, errors)
        text, seconds = "Seconds of the last round that succeeded.", [((), self.reconcile_seconds)]
        yield _gauge("gabarito_controller_reconcile_seconds", text, seconds)
        if self.is_leader and self.observed is not None:
            yield from _release_metrics(self.observed, self.summary)


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


def _release_metrics(observed: Observed, summary: Summary) -> Iterator[Metric]:
    stages = {(stage, found.state): 1.0 for stage, found in summary.stages.items()}
    text = "1 for each stage's state."
    yield _gauge("gabarito_stage_state", text, stages.items(), "stage", "state")
    durations = {(stage,): result.seconds for stage, result in observed.results.items()}
    text = "How long a finished stage took."
    yield _gauge("gabarito_stage_duration_seconds", text, durations.items(), "stage")
    items = {
        (stage, name): value
        for stage, result in observed.results.items()
        for name, value in result.counts.items()
    }
    text = "What a finished stage counted."
    yield _gauge("gabarito_stage_items", text, items.items(), "stage", "name")
    scores = {
        (name.removeprefix(PERCENT_RIGHT),): value / 100
        for (stage, name), value in items.items()
        if stage == "evaluate" and name.startswith(PERCENT_RIGHT)
    }
    text = "Share of test questions answered right."
    yield _gauge("gabarito_eval_score", text, scores.items(), "system")
    gate = [((), float(observed.evaluation.passed))] if observed.evaluation else []
    yield _gauge("gabarito_gate_passed", "Whether the run's model passed its gate.", gate)
    model = observed.channel.model if observed.channel else None
    promoted = [((model, observed.pipelines.get(model, "")), 1.0)] if model else []
    text = "The model that the channel names, and the pipeline that it is of, as labels."
    yield _gauge("gabarito_promoted_info", text, promoted, "digest", "pipeline")
    since = [((), observed.channel.since.timestamp())] if observed.channel and model else []
    text = "When the channel was moved to that model."
    yield _gauge("gabarito_promoted_timestamp_seconds", text, since)
    yield _gauge(
        "gabarito_pipeline_info", "The release's own.", [((summary.pipeline,), 1.0)], "pipeline"
    )
    is_ready = observed.endpoint is not None and observed.endpoint.rollout == "ready"
    ready = [((), float(is_ready))]
    yield _gauge("gabarito_endpoint_ready", "Whether the endpoint is rolled out.", ready)


def _gauge(
    name: str, text: str, samples: Iterable[tuple[Sequence[str], float]], *labels: str
) -> GaugeMetricFamily:
    """Return a gauge with a sample for each tuple of the labels' values."""
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        gauge.add_metric(values, value)
    return gauge

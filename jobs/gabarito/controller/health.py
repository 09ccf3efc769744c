"""How the controller is: recorded by its loop, read by its probes and by Prometheus."""

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gabarito.controller.kube.leader_election import Lease
from gabarito.controller.state import Observed
from gabarito.controller.summary import Summary

STUCK_S = 300.0
"""A loop that said nothing for so long is restarted; the store's own time-outs are shorter."""

PERCENT_RIGHT = "percent_right_by_"
"""How the counts of an evaluation are named, before the name of what was asked."""


class Health(Collector):
    """What the loop last saw and how it went; read from other threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat = clock()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._asked = self._beat
        self.observed: Observed | None = None
        self.summary = Summary()
        self.is_leader = False
        self.problem = "it has not succeeded yet"
        self.reconciles = 0
        self.failures = 0
        self.reconcile_seconds = 0.0

    def beat(self, lease: Lease) -> None:
        """Begin a round; who does not lead has no problem but with the Lease."""
        self._beat, self._asked = self._clock(), lease.asked
        self.is_leader = lease.is_held
        if not self.is_leader:
            self.problem = lease.problem

    def succeeded(self, observed: Observed, summary: Summary) -> None:
        """End a round that went well."""
        self.observed, self.summary, self.problem = observed, summary, ""
        self.reconciles += 1
        self.reconcile_seconds = self._clock() - self._beat

    def failed(self, problem: str) -> None:
        """End a round that did not."""
        self.problem = problem
        self.failures += 1

    @property
    def liveness_error(self) -> str:
        """Say what has come to a stop; empty while all goes round."""
        now = self._clock()
        if now - self._beat >= STUCK_S:
            return "the loop is stuck"
        return "nobody asks for the Lease any more" if now - self._asked >= STUCK_S else ""

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the controller's results and, where it leads, those of its release."""
        leads = GaugeMetricFamily("gabarito_controller_leader", "Whether it holds the Lease.")
        leads.add_metric([], float(self.is_leader))
        reconciles = CounterMetricFamily("gabarito_controller_reconciles", "Rounds that went well.")
        reconciles.add_metric([], self.reconciles)
        failures = CounterMetricFamily(
            "gabarito_controller_reconcile_errors", "Rounds that failed."
        )
        failures.add_metric([], self.failures)
        took = GaugeMetricFamily(
            "gabarito_controller_reconcile_seconds", "Seconds of the last round."
        )
        took.add_metric([], self.reconcile_seconds)
        yield from (leads, reconciles, failures, took)
        if self.is_leader and self.observed is not None:
            yield from _stages(self.observed, self.summary)
            yield from _model(self.observed)


def _stages(observed: Observed, summary: Summary) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "gabarito_stage_state", "1 for where each stage is.", labels=["stage", "state"]
    )
    seconds = GaugeMetricFamily(
        "gabarito_stage_duration_seconds", "How long a finished stage took.", labels=["stage"]
    )
    items = GaugeMetricFamily(
        "gabarito_stage_items", "What a finished stage counted.", labels=["stage", "name"]
    )
    for stage, said in summary.stages.items():
        states.add_metric([stage, said.state], 1)
    for stage, results in observed.results.items():
        seconds.add_metric([stage], results.seconds)
        for name, value in results.counts.items():
            items.add_metric([stage, name], value)
    yield from (states, seconds, items)


def _model(observed: Observed) -> Iterator[Metric]:
    scores = GaugeMetricFamily(
        "gabarito_eval_score", "Share of test questions answered right.", labels=["system"]
    )
    evaluated = observed.results.get("evaluate")
    for name, value in evaluated.counts.items() if evaluated else ():
        if name.startswith(PERCENT_RIGHT):
            scores.add_metric([name.removeprefix(PERCENT_RIGHT)], value / 100)
    gate = GaugeMetricFamily("gabarito_gate_passed", "Whether the run's model passed its gate.")
    if observed.evaluation:
        gate.add_metric([], float(observed.evaluation.passed))
    promoted = GaugeMetricFamily(
        "gabarito_promoted_info",
        "The model that the channel serves, as a label.",
        labels=["digest"],
    )
    if observed.channel and observed.channel.model:
        promoted.add_metric([observed.channel.model], 1)
    ready = GaugeMetricFamily("gabarito_endpoint_ready", "Whether the endpoint is rolled out.")
    ready.add_metric([], float(bool(observed.endpoint and observed.endpoint.rollout == "ready")))
    yield from (scores, gate, promoted, ready)

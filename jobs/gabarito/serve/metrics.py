"""What Prometheus can scrape from the endpoint."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gabarito.serve.model_names import ModelNames

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self, names: ModelNames, depth: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gabarito_requests",
            "Requests by endpoint and status.",
            ["path", "status"],
            registry=self.registry,
        )
        self.answers = Counter(
            "gabarito_answers", "Answers given and refused.", ["known"], registry=self.registry
        )
        self.tokens = Counter(
            "gabarito_tokens", "Tokens read and written.", ["direction"], registry=self.registry
        )
        self.seconds = Histogram(
            "gabarito_request_seconds",
            "Seconds from a request to its whole answer.",
            buckets=SECONDS,
            registry=self.registry,
        )
        waiting = Gauge("gabarito_requests_waiting", "Questions that wait.", registry=self.registry)
        waiting.set_function(depth)
        info = Gauge(
            "gabarito_served_model",
            "The served model: its name, and what it is made of: pipeline, channel and digest.",
            ["model", "pipeline", "channel", "digest"],
            registry=self.registry,
        )
        info.labels(names.id, names.first, names.channel, names.digest).set(1)
        since = Gauge(
            "gabarito_served_since_timestamp_seconds",
            "Since when this process serves it.",
            registry=self.registry,
        )
        since.set_to_current_time()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)

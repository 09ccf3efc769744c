"""What Prometheus can scrape of a release: its stages, its training, what is promoted. Pure.

The figures of a stage that runs come from its ``progress.json``, at most 15 s old.
"""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from gabarito.controller.state import Observed
from gabarito.controller.summary import Summary

PERCENT_RIGHT = "percent_right_by_"
"""How the counts of an evaluation are named, before the name of what was asked."""

TRAIN_FIGURES = {
    "loss": ("gabarito_train_loss", "Loss of the last step, in nats a learned token."),
    "tokens_per_s": ("gabarito_train_tokens_per_second", "Tokens trained a second."),
    "exact_match": (
        "gabarito_train_exact_match_ratio",
        "Share of validation questions answered right at the last examination.",
    ),
    "gpu_utilization": (
        "gabarito_train_gpu_utilization_ratio",
        "Share of time in which the GPUs of the training's first pod were busy, on average.",
    ),
    "gpu_memory": (
        "gabarito_train_gpu_memory_ratio",
        "Share of its memory that is used, of the fullest GPU of the training's first pod.",
    ),
}
"""Figures that train reports of itself, and the metrics that tell them."""


def release_metrics(observed: Observed, summary: Summary, *, is_served: bool) -> Iterator[Metric]:
    """Yield the metrics of a release; ``is_served``: it wants an endpoint."""
    yield from _stages(observed, summary)
    yield from _running(observed, summary.run)
    yield from _training(observed)
    yield from _promoted(observed, summary)
    endpoint = observed.endpoint
    is_wanted = is_served and not (endpoint and endpoint.rollout == "idle")
    is_ready = endpoint is not None and endpoint.rollout == "ready"
    ready = [((), float(is_ready))] if is_wanted else []
    text = "Whether the endpoint is rolled out; absent where none is wanted."
    yield gauge("gabarito_endpoint_ready", text, ready)


def gauge(
    name: str, text: str, samples: Iterable[tuple[Sequence[str], float]], *labels: str
) -> GaugeMetricFamily:
    """Return a gauge with a sample for each tuple of the labels' values."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _stages(observed: Observed, summary: Summary) -> Iterator[Metric]:
    stages = {(stage, found.state): 1.0 for stage, found in summary.stages.items()}
    text = "1 for each stage's state."
    yield gauge("gabarito_stage_state", text, stages.items(), "stage", "state")
    durations = {(stage,): result.seconds for stage, result in observed.results.items()}
    text = "How long a finished stage took."
    yield gauge("gabarito_stage_duration_seconds", text, durations.items(), "stage")
    items = {
        (stage, name): value
        for stage, result in observed.results.items()
        for name, value in result.counts.items()
    }
    text = "What a finished stage counted."
    yield gauge("gabarito_stage_items", text, items.items(), "stage", "name")
    scores = {
        (name.removeprefix(PERCENT_RIGHT),): value / 100
        for (stage, name), value in items.items()
        if stage == "evaluate" and name.startswith(PERCENT_RIGHT)
    }
    text = "Share of test questions answered right."
    yield gauge("gabarito_eval_score", text, scores.items(), "system")
    gate = [((), float(observed.evaluation.passed))] if observed.evaluation else []
    yield gauge("gabarito_gate_passed", "Whether the run's model passed its gate.", gate)


def _running(observed: Observed, run: str) -> Iterator[Metric]:
    """Yield how far the stages are whose Jobs have started and are not finished."""
    done, planned = {}, {}
    for stage, now in observed.readings.items():
        done[stage, now.what] = float(now.done)
        if now.total:
            planned[stage, now.what] = float(now.total)
    for job in observed.jobs:
        if job.shards and job.run == run and job.stage in observed.progress:
            done[job.stage, "shards"], planned[job.stage, "shards"] = map(float, job.shards)
    text = "How many items of its present work a running stage has done."
    yield gauge("gabarito_stage_progress_items", text, done.items(), "stage", "what")
    text = "How many items the present work of a running stage has, where that is known."
    yield gauge("gabarito_stage_planned_items", text, planned.items(), "stage", "what")
    seconds = {(stage,): now.seconds for stage, now in observed.readings.items()}
    text = "Seconds from the start of a running stage's pod to its last report."
    yield gauge("gabarito_stage_progress_seconds", text, seconds.items(), "stage")


def _training(observed: Observed) -> Iterator[Metric]:
    reading = observed.readings.get("train")
    figures = reading.figures if reading else {}
    for figure, (name, text) in TRAIN_FIGURES.items():
        samples = [((), figures[figure])] if figure in figures else []
        yield gauge(name, text, samples)


def _promoted(observed: Observed, summary: Summary) -> Iterator[Metric]:
    model = observed.channel.model if observed.channel else None
    promoted = [((model, observed.pipelines.get(model, "")), 1.0)] if model else []
    text = "The model that the channel names, and the pipeline that it is of, as labels."
    yield gauge("gabarito_promoted_info", text, promoted, "digest", "pipeline")
    since = [((), observed.channel.since.timestamp())] if observed.channel and model else []
    text = "When the channel was moved to that model."
    yield gauge("gabarito_promoted_timestamp_seconds", text, since)
    own = [((summary.pipeline,), 1.0)]
    yield gauge("gabarito_pipeline_info", "The release's own.", own, "pipeline")

"""A release in a few lines: what ``gabarito status`` shows. Pure."""

from pydantic import Field, ValidationError

from gabarito import __version__
from gabarito.controller.decide import cure_of_failure, is_ready, jobs_of
from gabarito.controller.kube import metadata as meta
from gabarito.controller.state import Desired, EndpointState, Observed, StageJob
from gabarito.core.records import Record
from gabarito.plan import STAGES, UPSTREAM

SHOWN = 12
"""Digits of a digest that people are shown."""


class StageSummary(Record):
    """A stage: a word for where it is, and what there is to say about it."""

    state: str
    said: str = ""


class Summary(Record):
    """What the controller writes into its Lease whenever it changes."""

    run: str = ""
    pipeline: str = ""
    stages: dict[str, StageSummary] = Field(default_factory=dict)
    gate: str = ""
    served: str = ""
    problem: str = ""
    warnings: tuple[str, ...] = ()


def summarise(desired: Desired, observed: Observed, warnings: tuple[str, ...]) -> Summary:
    """Return where everything is."""
    return Summary(
        run=desired.run.run,
        pipeline=desired.run.pipeline.name,
        stages={stage: _stage(desired, observed, stage) for stage in STAGES},
        gate=_gate(observed),
        served=_served(desired, observed),
        warnings=warnings,
    )


def _stage(desired: Desired, observed: Observed, stage: str) -> StageSummary:
    step, results = observed.steps[stage], observed.results.get(stage)
    if step.state == "done":
        said = f"{results.seconds:8.1f} s  {results.summary}" if results else ""
        return StageSummary(state="done", said=said)
    if step.state == "stale":
        return StageSummary(state="stale", said=step.note)
    jobs = jobs_of(desired, observed, stage)
    if not jobs or jobs[-1].phase == "planned":
        above = [name for name in UPSTREAM[stage] if observed.steps[name].state != "done"]
        said = "starts now" if is_ready(observed, stage) else f"after {', '.join(above)}"
        return StageSummary(state="planned", said=said)
    return _begun(desired, jobs[-1])


def _begun(desired: Desired, job: StageJob) -> StageSummary:
    said = job.problem.text if job.problem else ""
    if job.phase == "failed":
        return StageSummary(state="failed", said=f"{said}; {cure_of_failure(desired, job)}")
    if job.phase == "complete":
        said = "its Job is Complete, but the store holds no manifest"
        return StageSummary(state="failed", said=f"{said}; {cure_of_failure(desired, job)}")
    if job.phase == "running" and job.problem:
        return StageSummary(state="waiting", said=said)
    return StageSummary(state=job.phase, said=said)


def _gate(observed: Observed) -> str:
    found = observed.evaluation
    if found is None:
        return "not evaluated yet"
    return "passed" if found.passed else f"failed: {'; '.join(found.reasons)}"


def _served(desired: Desired, observed: Observed) -> str:
    channel = observed.channel
    if channel is None and observed.endpoint is not None:
        still = f"model {observed.endpoint.model[:SHOWN]}, which this channel never named"
        return f"{still}, until a model passes its gate"
    if channel is None:
        return "nothing yet; a model is promoted when its gate passes"
    parts = [_now(desired, observed, channel.model)]
    if channel.rejected:
        last = channel.rejected[-1]
        parts.append(f"model {last.model[:SHOWN]} was taken back: {last.reason}")
    if observed.memory.refused == desired.serve_revision:
        parts.append("the template before is used, stages.serve as it is now did not work")
    return "; ".join(parts)


def _now(desired: Desired, observed: Observed, model: str | None) -> str:
    if model is None:
        return "nothing"
    if not desired.config.serve.replicas:
        return f"model {model[:SHOWN]} in channel {desired.run.pipeline.channel}, no endpoint"
    return f"model {model[:SHOWN]}, {_endpoint(observed, observed.endpoint, model)}"


def _endpoint(observed: Observed, endpoint: EndpointState | None, model: str) -> str:
    if endpoint is None or endpoint.model != model:
        return "not rolled out yet"
    if endpoint.rollout == "idle":
        return "scaled to no pods"
    if endpoint.rollout != "ready":
        return f"not ready: {endpoint.problem.text}" if endpoint.problem else "not ready yet"
    if endpoint.verified == endpoint.key:
        return "which answers as in its evaluation"
    check = observed.smoke_test
    return f"ready; asked questions with known answers{_outcome(check.said if check else '')}"


def _outcome(said: str) -> str:
    return f": {said}" if said else ""


def read_summary(text: str | None) -> Summary:
    """Return the summary in a Lease's annotation; an empty one if there is none."""
    try:
        return Summary.model_validate_json(text) if text else Summary()
    except ValidationError:
        problem = f"the controller is of another version than {__version__}; use that version"
        return Summary(problem=problem)


def summary_annotation(summary: Summary) -> dict[str, str]:
    """Return the annotation that keeps a summary."""
    return {meta.SUMMARY: summary.model_dump_json(exclude_defaults=True)}

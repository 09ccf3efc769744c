"""A release in a few lines: what ``gabarito status`` shows. Pure."""

from pydantic import Field, ValidationError

from gabarito import __version__
from gabarito.controller.attempts import lasting_failure, remedy_without_job
from gabarito.controller.decide import is_ready, jobs_of, remedy_of_failure
from gabarito.controller.kube import metadata as meta
from gabarito.controller.rollout import foreign_model, foreign_text
from gabarito.controller.state import Desired, Observed
from gabarito.core.records import Record
from gabarito.core.text import minute_text
from gabarito.pipeline.stages import STAGES


class StageSummary(Record):
    """A stage: its state in a word, and further details."""

    state: str
    details: str = ""


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
    """Return the summary of an observed state."""
    found = observed.evaluation
    return Summary(
        run=desired.run.run,
        pipeline=desired.run.pipeline.name,
        stages={stage: _stage_summary(desired, observed, stage) for stage in STAGES},
        gate=found.text if found else "not evaluated yet",
        served=_served_text(desired, observed),
        warnings=warnings,
    )


def read_summary(text: str | None) -> Summary:
    """Return the summary in a Lease's annotation; an empty one if there is none."""
    try:
        return Summary.model_validate_json(text) if text else Summary()
    except ValidationError:
        problem = f"the controller is of another version than {__version__}; use that version"
        return Summary(problem=problem)


def summary_annotation(summary: Summary) -> dict[str, str]:
    """Return the annotation that holds a summary."""
    return {meta.SUMMARY: summary.model_dump_json(exclude_defaults=True)}


def _stage_summary(desired: Desired, observed: Observed, stage: str) -> StageSummary:
    step, result = observed.steps[stage], observed.results.get(stage)
    if step.state == "done":
        details = f"{result.seconds:8.1f} s  {result.summary}" if result else ""
        return StageSummary(state="done", details=details)
    if step.state == "stale":
        return StageSummary(state="stale", details=step.note)
    jobs = jobs_of(desired, observed, stage)
    if failed := lasting_failure(desired, observed, stage, jobs[-1] if jobs else None):
        details = f"{failed.failure}; its Job is gone; {remedy_without_job(desired, stage, failed)}"
        return StageSummary(state="failed", details=details)
    if not jobs or jobs[-1].phase == "planned":
        above = [name for name in STAGES[stage].reads if observed.steps[name].state != "done"]
        details = "starts now" if is_ready(observed, stage) else f"after {', '.join(above)}"
        return StageSummary(state="planned", details=details)
    job = jobs[-1]
    details = job.problem.text if job.problem else ""
    if job.phase == "complete":
        details = "its Job is Complete, but the store holds no manifest"
    if job.phase in ("failed", "complete"):
        details = f"{details}; {remedy_of_failure(desired, job)}"
        return StageSummary(state="failed", details=details)
    is_waiting = job.phase == "running" and job.problem is not None
    return StageSummary(state="waiting" if is_waiting else job.phase, details=details)


def _served_text(desired: Desired, observed: Observed) -> str:
    channel = observed.channel
    if foreign := foreign_model(desired, observed):
        endpoint = observed.endpoint
        kept = endpoint is not None and endpoint.model != foreign
        now = observed.model_name(endpoint.model) if endpoint and kept else "nothing"
        return f"{now}; {foreign_text(desired, observed, foreign)}"
    if channel is None and observed.endpoint is not None:
        still = f"{observed.model_name(observed.endpoint.model)}, which this channel never named"
        return f"{still}, until a model passes its gate"
    if channel is None:
        return "nothing yet; a model is promoted when its gate passes"
    parts = ["nothing"]
    if channel.model is not None:
        promoted = f"{observed.model_name(channel.model)}, promoted {minute_text(channel.since)}"
        state = f" to channel {desired.run.pipeline.channel}, no endpoint"
        if desired.config.serve.replicas:
            state = f", {_endpoint_text(observed, channel.model)}"
        parts = [f"{promoted}{state}"]
    if channel.rejected:
        last = channel.rejected[-1]
        parts.append(f"{observed.model_name(last.model)} was rolled back: {last.reason}")
    if observed.memory.failed_revision == desired.serve_revision:
        parts.append("the template before is used, stages.serve as it is now did not work")
    return "; ".join(parts)


def _endpoint_text(observed: Observed, model: str) -> str:
    endpoint, test = observed.endpoint, observed.smoke_test
    if endpoint is None or endpoint.model != model:
        return "not rolled out yet"
    if endpoint.rollout == "idle":
        return "scaled to no pods"
    if endpoint.rollout != "ready":
        return f"not ready: {endpoint.problem.text}" if endpoint.problem else "not ready yet"
    if endpoint.verified == endpoint.key:
        return "which answers as in its evaluation"
    details = f": {test.message}" if test and test.message else ""
    return f"ready, its smoke test is running{details}"

"""Commands about a whole pipeline: run, refresh, plan, status, schema."""

import json
import time
from shlex import quote

import click
from pydantic import ValidationError
from rich.console import Console

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.channel import SHORT_DIGEST, find_channel, read_model
from gabarito.commands.options import (
    name_option,
    pipeline_argument,
    pipeline_option,
    say,
    store_option,
    wrapped,
)
from gabarito.core.errors import DataError, GateFailed, MissingError, UsageError
from gabarito.core.records import Progress
from gabarito.core.text import minute_text
from gabarito.pipeline.checks.check_documents import sample_of_sources
from gabarito.pipeline.checks.document_sample import sample_of_artifact
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.forecast import forecast_of, kept_trial
from gabarito.pipeline.holds import hold_run
from gabarito.pipeline.places import loss_lines, store_argument
from gabarito.pipeline.plan import Step, make_plan
from gabarito.pipeline.promote import left_behind, model_of, promote_if_passed, report_lines
from gabarito.pipeline.refresh import (
    ask_refresh,
    plan_current,
    plan_refresh,
    read_refreshes,
    settle,
)
from gabarito.pipeline.run_local import refuse_stale, run_steps
from gabarito.pipeline.runs import Run, freeze, last_run
from gabarito.pipeline.schema import PartialPipeline, Pipeline, read_pipeline
from gabarito.pipeline.stages import STAGES
from gabarito.pipeline.training_forecast import kept_forecast
from gabarito.pipeline.view import open_view
from gabarito.pipeline.written_files import refuse_broken_lines
from gabarito.store.base import Store
from gabarito.store.open import open_store

stage_type = click.Choice(STAGES)
PROGRESS = "/progress.json"
"""How the keys end below which attempts, or the shards of a stage, say how far they are."""


@click.command()
@pipeline_argument
@store_option
@click.option("--from", "first", type=stage_type, help="Begin here; what is above must be there.")
@click.option(
    "--until",
    "last",
    type=stage_type,
    default="evaluate",
    help="End with this stage; PIPELINE needs no sections of those after it.",
)
@click.option(
    "--refresh", is_flag=True, help="Read the sources again; go on where they say something new."
)
def run(pipeline: str, store_url: str, first: str | None, last: str, refresh: bool) -> None:
    """Make all that PIPELINE asks for, on this machine.

    What is in the store already is used as it is; an interrupted run continues. Exits with 1 if
    the model does not pass its gate.
    """
    if refresh and first:
        raise UsageError("--refresh: begins with ingest; leave --from out")
    store, settings = open_store(store_url), read_pipeline(pipeline, last)
    planned = _refreshed(store, settings) if refresh else plan_current(store, settings).run
    run_pipeline(store, planned, first, last)


def _refreshed(store: Store, settings: PartialPipeline) -> Run:
    """Read the sources of a pipeline again; return the run before if they say nothing new."""
    if not read_refreshes(store, settings.name).is_wanted:  # one that was interrupted goes on
        ask_refresh(store, settings.name)
    planned = plan_refresh(store, settings)
    if planned.before:  # it is compared with, and may be no longer among the last runs
        hold_run(store, planned.before)
    run_pipeline(store, planned.run, last="ingest")
    if settle(store, planned) or planned.before is None:
        say(f"run {planned.run.run}: the sources say something new")
        return planned.run
    say(f"run {planned.run.run}: the sources say nothing new; run {planned.before.run} stays")
    return planned.before


@click.command()
@click.argument("pipeline")
@store_option
def refresh(pipeline: str, store_url: str) -> None:
    """Ask the release whose pipeline is called PIPELINE to read its sources again.

    Its controller does so once the present run is finished, and makes a new model where they say
    something new. PIPELINE is its name, not its file. On one machine: gabarito run FILE --refresh.
    """
    store = open_store(store_url)
    last_run(store, pipeline)  # says what there is not: nobody would look at what is asked for
    told = ask_refresh(store, pipeline)
    say(f"refresh {told.asked} of pipeline {pipeline} is asked for")


def run_pipeline(
    store: Store, planned: Run, first: str | None = None, last: str = "evaluate"
) -> None:
    """Print the plan of a run, make what is missing, and promote what passes its gate.

    Raises:
        GateFailed: if the model does not pass.
    """
    began = time.monotonic()
    hold_run(store, planned)  # before the plan: what it finds stays
    steps = _between(make_plan(store, planned), first, last)
    refuse_stale(steps)
    missing = [step.stage for step in steps if step.state == "missing"]
    if "curate" in missing:
        refuse_broken_lines(planned.pipeline)
    freeze(store, planned)  # even if all is there: status, report and serve ask for the run
    say(f"run {planned.run}: {_plan_line(steps)}")
    if missing:
        console = Console()
        with open_view(console, steps) as view:
            run_steps(store, planned, steps, view)
    took = time.monotonic() - began
    outcome = f"made {', '.join(missing)}" if missing else "nothing to do, all of it is there"
    say(f"run {planned.run}: {outcome} ({took:.1f} s)")
    for line in loss_lines(store, planned, missing):
        say(line)
    if steps[-1].stage == "evaluate":
        _conclude(store, planned)


@click.command()
@pipeline_argument
@store_option
def plan(pipeline: str, store_url: str) -> None:
    """Show what of PIPELINE is in the store already and what would run."""
    store = open_store(store_url)
    planned = plan_current(store, read_pipeline(pipeline, last="ingest")).run
    say(f"run {planned.run} of {planned.pipeline.name}, store {store.url}")
    for step in make_plan(store, planned):
        state = {"done": "there", "missing": "will run", "stale": "stale"}[step.state]
        row = f"  {step.stage:9} {step.fingerprint[:SHORT_DIGEST]}  {state:8}  {step.note}"
        say(row.rstrip())
    told = (*_forecast_lines(store, planned, pipeline), *_training_lines(store, planned))
    for line in (*_lacking_lines(planned), *told):
        say(line)


@click.command()
@store_option
@pipeline_option
@name_option("--release", help="A Helm release: its state is read from the cluster.")
@name_option("--namespace", help="Where the release is; default: that of the kubeconfig.")
@name_option("--context", help="A context of the kubeconfig.")
def status(
    store_url: str, pipeline: str, release: str | None, namespace: str | None, context: str | None
) -> None:
    """Show how far the last run is, its gate, and what its channel serves.

    With --release, --namespace or --context, of a release on a cluster; else of the store.
    """
    if release or namespace or context:
        from gabarito.controller.kube.cluster import connect
        from gabarito.controller.status import status_lines

        for line in status_lines(connect(namespace, context), release):
            say(line)
        return
    store = open_store(store_url)
    last = last_run(store, pipeline)
    say(f"run {last.run} of {last.pipeline.name}, created {minute_text(last.created_at)}")
    for step in make_plan(store, last):
        say(wrapped(f"  {step.stage:9} {_state_line(store, last, step)}".rstrip(), 12))
    losses = loss_lines(store, last, last.pipeline.stages)
    for line in (*_lacking_lines(last), *losses, *_gate_lines(store, last)):
        say(line)
    say(_served_line(store, last.pipeline.channel))


@click.command()
def schema() -> None:
    """Print the JSON schema of a pipeline file, for editors and for the chart."""
    click.echo(json.dumps(Pipeline.model_json_schema(), indent=2, ensure_ascii=False))


def _between(steps: list[Step], first: str | None, last: str) -> list[Step]:
    begin = list(STAGES).index(first) if first else 0
    end = list(STAGES).index(last) + 1
    if begin >= end:
        raise UsageError(
            f"--from {first} --until {last}: the first comes after the last; swap them"
        )
    absent = [step.stage for step in steps[:begin] if step.state != "done"]
    if absent:
        raise DataError(f"--from {first}: {', '.join(absent)} not in the store; leave --from out")
    return steps[begin:end]


def _lacking_lines(planned: Run) -> list[str]:
    """Say of the stages that cannot run what is missing for them."""
    return [
        f"  {stage:9} cannot run without {' and '.join(lacking)}"
        for stage in STAGES
        if (lacking := planned.pipeline.lacks(stage))
    ]


def _forecast_lines(store: Store, planned: Run, path: str) -> list[str]:
    """Say what the teacher is going to be asked, as far as that is known."""
    settings = planned.pipeline.generate
    if settings is None or settings.teacher is None:
        return []
    if open_artifact(store, planned.address("generate")):
        return []
    sample = sample_of_artifact(store, planned) or sample_of_sources(planned.pipeline)
    if sample is None:
        return []
    extent = sample.extent(settings.max_chars)
    trial = kept_trial(store, planned)
    if not extent.passages:
        return [f"teacher: {extent.said}"]
    if trial:
        return [f"teacher: {forecast_of(extent, trial, settings.teacher)}"]
    return [
        f"teacher: {extent.said}; gabarito check {quote(path)} tries some of them and says what "
        "all will take"
    ]


def _training_lines(store: Store, planned: Run) -> list[str]:
    """Say what gabarito check forecast of training, if that is still to come."""
    is_done = "train" in planned.fingerprints and open_artifact(store, planned.address("train"))
    forecast = None if is_done else kept_forecast(store, planned)
    return [f"training: {forecast.said}"] if forecast else []


def _plan_line(steps: list[Step]) -> str:
    there = [step.stage for step in steps if step.state == "done"]
    missing = [step.stage for step in steps if step.state == "missing"]
    parts = [f"{', '.join(there)} there already"] if there else []
    parts += [f"{', '.join(missing)} will run"] if missing else []
    return "; ".join(parts)


def _conclude(store: Store, planned: Run) -> None:
    """Promote a finished run's model if it passed its gate; if not, say so and where to look.

    Raises:
        GateFailed: if it did not pass.
    """
    verdict, taken_back = promote_if_passed(store, planned)
    channel = planned.pipeline.channel
    if verdict.passed and taken_back:
        say(
            f"gate passed, but this model was taken back from channel {channel!r} on "
            f"{taken_back.at:%Y-%m-%d}: {taken_back.reason}; gabarito promote {planned.run} "
            f"{store_argument(store)} serves it again"
        )
    elif verdict.passed:
        say(f"gate passed: channel {channel!r} serves this model")
        if former := left_behind(store, planned):
            say(former)
    else:
        say(f"gate failed, channel {channel!r} is left as it is:")
        for reason in verdict.reasons:
            say(f"  {reason}")
    for line in report_lines(store, planned):
        say(line)
    if not verdict.passed:
        raise GateFailed(
            f"run {planned.run}: its model did not pass the gate: {'; '.join(verdict.reasons)}; "
            "look at the report, then change the settings or the documents and run again"
        )


def _state_line(store: Store, last: Run, step: Step) -> str:
    if step.state == "stale":
        return f"stale      {step.note}"
    artifact = open_artifact(store, last.address(step.stage))
    if artifact is None:
        return _progress_line(store, last, step.stage)
    manifest = artifact.manifest
    took = (manifest.finished_at - manifest.started_at).total_seconds()
    return f"done       {took:6.1f} s  {summary_of(manifest.counts)}"


def _progress_line(store: Store, last: Run, stage: str) -> str:
    """Say what an unfinished stage, or all of its shards, reported last."""
    prefix = last.address(stage).prefix
    keys = [entry.key for entry in store.list(f"{prefix}/") if entry.key.endswith(PROGRESS)]
    found = [state for key in keys if (state := _read_progress(store, key))]
    if not found:
        return "not started"
    done, total = sum(state.done for state in found), sum(state.total for state in found)
    return f"unfinished  {done}{f'/{total}' if total else ''} {found[-1].what}"


def _read_progress(store: Store, key: str) -> Progress | None:
    try:
        return Progress.model_validate_json(store.read(key).data)
    except (MissingError, ValidationError):  # nothing depends on it
        return None


def _gate_lines(store: Store, last: Run) -> list[str]:
    """Say whether a finished run passed its gate, and where its report is."""
    model = model_of(store, last)
    if model is None:
        return []
    reasons = "; ".join(model.verdict.reasons)
    verdict = "gate passed" if model.verdict.passed else f"gate failed: {reasons}"
    return [verdict, *report_lines(store, last)]


def _served_line(store: Store, channel: str) -> str:
    found = find_channel(store, channel)
    if found is None or found.model is None:
        return f"channel {channel}: serves nothing yet; a model is promoted when its gate passes"
    served = read_model(store, found.model)
    what = f"model {served.digest[:SHORT_DIGEST]} of pipeline {served.pipeline}, run {served.run}"
    return f"channel {channel}: serves {what}, promoted {minute_text(found.since)}"

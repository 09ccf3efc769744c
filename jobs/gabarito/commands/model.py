"""Commands about a model: report, ask, serve, cache."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import TypeAdapter

from gabarito.artifacts.artifact import Artifact, finished_artifact, open_artifact
from gabarito.artifacts.channel import (
    SHORT_DIGEST,
    ServedModel,
    named_record,
    read_channel,
)
from gabarito.commands.options import (
    GivenPath,
    channel_option,
    host_option,
    name_option,
    pipeline_option,
    port_type,
    say,
    store_option,
)
from gabarito.core.errors import DataError, MissingError, UsageError
from gabarito.core.model_records import TrainedBase
from gabarito.core.proof_records import PROOF_FOLDER
from gabarito.core.secrets import RotatingSecret, secret_from
from gabarito.core.settings import local_path
from gabarito.core.text import printable
from gabarito.core.tracing import tracing
from gabarito.pipeline.default_channel import default_channel
from gabarito.pipeline.places import report_command
from gabarito.pipeline.promote import (
    evaluation_of,
    nothing_served,
    promoted_model,
    refuse_other_pipeline,
    serves,
)
from gabarito.pipeline.runs import latest_run, not_finished, read_run
from gabarito.serve.config import ServeConfig
from gabarito.store.base import Store
from gabarito.store.disk import whole_file
from gabarito.store.model_cache import VARIABLE
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder

if TYPE_CHECKING:
    from gabarito.chat.ask import EndpointReply

MAX_ANSWER_CHARS = 100_000
TOKEN_VARIABLE = "GABARITO_SERVE_TOKEN"
WEIGHTS = ".safetensors"
GIGABYTE = 1e9


@click.command()
@store_option
@channel_option
@pipeline_option
@name_option("--run", "run_id", help="The report of this run, promoted or not.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@click.option("--html", type=GivenPath(), help="Write the report's page here.")
def report(  # noqa: PLR0913  # one parameter for each option
    store_url: str,
    channel: str | None,
    pipeline: str,
    run_id: str | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Show the evaluation of the promoted model, or of a run whatever its gate said."""
    store = open_store(store_url)
    if run_id:
        which, evaluated = _report_of(store, run_id)
    else:
        which, evaluated = _promoted_report(store, channel, pipeline)
    if html is not None:
        page = evaluated.read("report.html")
        with whole_file(html) as file:
            file.write(page)
        click.echo(f"wrote {html}")
    content = evaluated.read("report.json").decode()
    if as_json:
        click.echo(content)
    elif html is None:
        say(which)
        click.echo(_summarised(evaluated))


def _summarised(evaluated: Artifact) -> str:
    """Return the report as text; its records would need the libraries of evaluate."""
    from gabarito.evaluate.text_report import summary

    content = evaluated.read_json("report.json", TypeAdapter(dict[str, Any]))
    try:
        return summary(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{evaluated.address.prefix}/report.json: not what evaluate writes: "
            f"{type(error).__name__} {error}; "
            "raise evaluate.rerun to make it and all that follows anew"
        ) from error


@click.command()
@click.argument("question")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, envvar="GABARITO_URL")
def ask(question: str, url: str) -> None:
    """Ask the endpoint QUESTION; it says so when it does not know."""
    from gabarito.chat.ask import ask as ask_endpoint

    if not question.strip():
        raise UsageError("QUESTION: empty; write a question")
    reply = ask_endpoint(url.rstrip("/"), question, secret_from(TOKEN_VARIABLE))
    click.echo(printable(reply.text, MAX_ANSWER_CHARS))
    if reply.known:
        click.echo(f"(probability of this answer: {reply.chance})")
    else:
        said = f"probability of what the model wrote: {reply.chance}"
        click.echo(f"(it does not know; {said})")
    for line in _proof_lines(reply):
        click.echo(printable(line, MAX_ANSWER_CHARS))


def _proof_lines(reply: "EndpointReply") -> Iterator[str]:
    """Yield what bears out an answer and where it stands; nothing where nothing can be told."""
    if reply.verified is False:
        yield "(no fact that the model was taught bears this out)"
    if reply.proof is not None:
        proof = reply.proof
        yield f"proof: {proof.statement}"
        if proof.quote:
            yield f"  “{proof.quote}”"
        place = (proof.title, proof.section, proof.url or proof.source)
        yield f"  {', '.join(filter(None, place))}"


@click.command()
@store_option
@name_option(
    "--channel",
    help="Serve what this channel names; default: that of the only pipeline of which a model is "
    "served. With --model-digest, list the model under it; default: its pipeline's, if that "
    "serves this model.",
)
@name_option(
    "--pipeline",
    help="Serve no model of another pipeline than this one, unless --channel names a channel of "
    "another name.",
)
@name_option("--model", help="Serve this folder instead of what the channel names.")
@name_option(
    "--model-digest", help="Serve the promoted model of this digest, or of its first digits."
)
@host_option
@click.option("--port", type=port_type, default=8000, show_default=True, help="0: any free port.")
@name_option(
    "--engine-url",
    help="Let this OpenAI-compatible server, which has the model's files, write the answers; "
    "names, refusal, threshold and proofs stay here.",
)
@tracing("serve")
def serve(  # noqa: PLR0913  # one parameter for each option
    store_url: str,
    channel: str | None,
    pipeline: str | None,
    model: str | None,
    model_digest: str | None,
    host: str,
    port: int,
    engine_url: str | None,
) -> None:
    """Serve the promoted model behind an OpenAI-compatible endpoint.

    With GABARITO_SERVE_TOKEN set, requests must carry it as bearer token. With
    GABARITO_SERVE_TOKEN_FILE it is read from that file, and anew whenever that changes.
    """
    if model is not None and model_digest is not None:
        raise UsageError(
            "--model and --model-digest: only one model can be served; give one of them"
        )
    token = RotatingSecret(TOKEN_VARIABLE).read
    if model is not None:
        from gabarito.serve.job import Binding, serve_folder

        serve_folder(local_path(model), Binding(host, port, token, engine_url))
        return
    store = open_store(store_url)
    if model_digest:
        promoted = named_record(store, model_digest)
    else:
        channel = channel or default_channel(store, pipeline or "")
        promoted = promoted_model(store, channel)
    if pipeline and channel in (None, pipeline):
        refuse_other_pipeline(store, pipeline, promoted)
    settings = read_run(store, promoted.run).pipeline
    if channel is None:
        channel = settings.channel if serves(store, settings.channel, promoted) else ""
    merged, evaluated = (
        finished_artifact(store, promoted.model),
        finished_artifact(store, promoted.report),
    )
    from gabarito.pipeline.known_answers import refuse_another_model
    from gabarito.serve.job import (  # takes seconds, so errors come first
        Binding,
        ModelFolders,
        serve_promoted,
    )

    with (
        temporary_folder("serve") as proofs,
        base_beside(store, promoted, settings.serve) as base,
        served_files(merged, has_engine=bool(engine_url)) as folder,
    ):
        evaluated.fetch(proofs / PROOF_FOLDER, f"{PROOF_FOLDER}/")
        folders = ModelFolders(folder, proofs, base)
        try_engine = partial(refuse_another_model, store, promoted)
        binding = Binding(host, port, token, engine_url, try_engine)
        serve_promoted(folders, promoted, channel, settings.serve, binding)


@click.command()
@store_option
@channel_option
@name_option("--base", help="A base, as train.base names it, instead of what the channel serves.")
@click.option("--to", type=GivenPath(), required=True, help="The cache: a folder of its own.")
def cache(store_url: str, channel: str | None, base: str | None, to: Path) -> None:
    """Fill a folder with a base or a served model, by its digest, for pods to read.

    Pods look there by GABARITO_MODEL_CACHE; in the chart it is modelCache.
    """
    from gabarito.models import open_base

    store = open_store(store_url)
    os.environ[VARIABLE] = str(to.absolute())
    if base:
        opened, what = open_base(base, store), f"base {base}"
    else:
        promoted = promoted_model(store, channel or default_channel(store))
        opened = finished_artifact(store, promoted.model).model("model/")
        what = f"model {promoted.digest[:SHORT_DIGEST]}"
    with opened as folder:
        if not folder.is_relative_to(to.absolute()):
            raise DataError(
                f"{what}: not kept in {to}: a folder is used where it lies, a base of the hub is "
                "kept once the store has its copy (start again), one in a bucket with SHA256SUMS"
            )
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    say(f"{what}: {size / GIGABYTE:.1f} GB in {folder}")


@contextmanager
def served_files(merged: Artifact, *, has_engine: bool) -> Iterator[Path]:
    """Give the folder of a merged model, without its weights if an engine has them."""
    if not has_engine:
        with merged.model("model/") as folder:
            yield folder
        return
    with temporary_folder("model") as folder:
        yield merged.fetch(folder, "model/", without=WEIGHTS)


@contextmanager
def base_beside(store: Store, promoted: ServedModel, config: ServeConfig) -> Iterator[Path | None]:
    """Give the folder of the base that a model was trained on, if it is to answer, too."""
    if not config.compare_base:
        yield None
        return
    from gabarito.models import check_base, open_base

    trained = finished_artifact(store, read_run(store, promoted.run).address("train"))
    origin = trained.record("base.json", TrainedBase)
    with open_base(origin.reference, store) as base:
        check_base(base, origin)
        yield base


def _report_of(store: Store, run_id: str) -> tuple[str, Artifact]:
    """Return what a report is about, and the report."""
    run = read_run(store, run_id)
    evaluated = open_artifact(store, run.address("evaluate"))
    if evaluated is None:
        raise not_finished(run_id, "evaluate")
    return f"run {run_id} of pipeline {run.pipeline.name}", evaluated


def _promoted_report(store: Store, channel: str | None, pipeline: str) -> tuple[str, Artifact]:
    """Return what the report of the promoted model is about, and the report.

    Raises:
        MissingError: if there is none; it names the report of the last run if that has one.
    """
    channel = channel or default_channel(store, pipeline)
    promoted = read_channel(store, channel)
    if promoted is not None:
        which = f"model {promoted.digest[:SHORT_DIGEST]} of pipeline {promoted.pipeline}"
        where = f"run {promoted.run}, channel {channel}"
        return f"{which}, {where}", finished_artifact(store, promoted.report)
    last = latest_run(store, pipeline)
    if last is None or evaluation_of(store, last) is None:
        raise nothing_served(store, channel)
    raise MissingError(
        f"{store.url}: channel {channel!r} serves nothing yet; the last run, {last.run}, has a "
        f"report: {report_command(store, last)}"
    )

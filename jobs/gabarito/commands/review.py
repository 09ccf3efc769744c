"""The command ``gabarito review``: a person looks at the facts, corrects them, strikes them out."""

import getpass
from contextlib import suppress
from pathlib import Path
from shlex import quote

import click

from gabarito.artifacts.artifact import open_artifact
from gabarito.artifacts.jsonl import read_numbered, read_object
from gabarito.commands.options import name_option, port_type, say, store_option
from gabarito.core.errors import DataError, MissingError, UsageError
from gabarito.core.settings import BUCKET, local_path
from gabarito.curate.corrections import DEFAULT_CORRECTIONS, Correction
from gabarito.pipeline.review.corrections_file import (
    CorrectionsFile,
    LinesByFact,
    open_corrections,
)
from gabarito.pipeline.review.review_desk import Desk
from gabarito.pipeline.review.review_page import page_to_read
from gabarito.pipeline.review.review_session import ReviewSession, opening_of, shown_path
from gabarito.pipeline.runs import Run, last_run, latest_run, new_run, read_run
from gabarito.pipeline.schema import PartialPipeline, read_pipeline
from gabarito.pipeline.show.made import Made
from gabarito.store.base import Store
from gabarito.store.disk import whole_file
from gabarito.store.open import open_store


@click.command()
@click.argument("pipeline", required=False)
@store_option
@name_option("--run", "run_id", help="Of this run; default: the one that was started last.")
@click.option(
    "--port", type=port_type, default=0, show_default=True, help="Of this machine; 0: any free."
)
@name_option(
    "--to",
    help="The file of corrections, also s3://bucket/key; default: what curate.corrections names, "
    "or corrections.jsonl. With --read-only the page to write.",
)
@click.option("--who", help="Who decides, in each line; default: the name of the login.")
@click.option("--read-only", is_flag=True, help="Write the page to a file that needs no server.")
def review(  # noqa: PLR0913  # one parameter for each option
    pipeline: str | None,
    store_url: str,
    run_id: str | None,
    port: int,
    to: str | None,
    who: str | None,
    read_only: bool,
) -> None:
    """Look at the facts of PIPELINE, or of the last run, in a browser, and correct them.

    Each decision is a line of the file of corrections, which curate.corrections reads. The page
    is served to this machine alone.
    """
    store = open_store(store_url)
    run = _run_of(store, pipeline, run_id)
    if read_only:
        _write_page(store, run, to)
        return
    with open_corrections(to or _file_of(run)) as file:
        desk = Desk(Made(store, run), file, file.name)
        session = ReviewSession(desk, file, who if who is not None else _login())
        _announce(desk, run, file)
        from gabarito.pipeline.review.review_server import serve_review

        serve_review(session, port)
        _conclude(file, run, pipeline)


def _run_of(store: Store, pipeline: str | None, run_id: str | None) -> Run:
    """Return the run that is asked for."""
    if pipeline and run_id:
        raise UsageError("--run: names a run, and so does PIPELINE; give one of them")
    if pipeline is None:
        return read_run(store, run_id) if run_id else last_run(store)
    return _with_curated(store, _planned(read_pipeline(pipeline, last="generate")))


def _planned(settings: PartialPipeline) -> Run:
    """Return the run of these settings; a file of corrections that is not there yet is none."""
    path = settings.curate.corrections
    if path is None or _is_there(path):
        return new_run(settings)
    # what generate made does not depend on it, and this command is about to write it
    without = settings.curate.model_copy(update={"corrections": None})
    planned = new_run(settings.model_copy(update={"curate": without}))
    return planned.model_copy(update={"pipeline": settings})


def _with_curated(store: Store, run: Run) -> Run:
    """Let what curate said of the same facts stand until it has run with the new corrections."""
    if open_artifact(store, run.address("curate")):
        return run
    with suppress(DataError):  # of another version
        last = latest_run(store)
        if last and last.fingerprints.get("generate") == run.fingerprints["generate"]:
            curated = run.fingerprints | {"curate": last.fingerprints["curate"]}
            return run.model_copy(update={"fingerprints": curated})
    return run


def _file_of(run: Run) -> str:
    path = run.pipeline.curate.corrections
    if path is None:
        return DEFAULT_CORRECTIONS
    return path if path.startswith(BUCKET) else str(local_path(path))


def _is_there(path: str) -> bool:
    if not path.startswith(BUCKET):
        return local_path(path).exists()
    with suppress(MissingError):
        read_object(path)
        return True
    return False


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user may have no name
        raise UsageError("--who: this user has no name; give one") from error


def _announce(desk: Desk, run: Run, file: CorrectionsFile) -> None:
    where = shown_path(file.name)
    say(f"run {run.run} of {run.pipeline.name}; decisions are written to {where}")
    if gone := desk.gone:
        named = ", ".join(map(str, gone[:5])) + (", …" if len(gone) > 5 else "")
        say(
            f"{where}: lines about facts that are not in this run: {named}; curate will refuse "
            "them, the page can take them out"
        )


def _conclude(file: CorrectionsFile, run: Run, pipeline: str | None) -> None:
    """Say how many facts were decided, and what makes use of it."""
    where = shown_path(file.name)
    say(f"{where}: {len(file.facts)} facts decided")
    name = quote(pipeline) if pipeline else "PIPELINE"
    if run.pipeline.curate.corrections is None:
        say(f"next: set curate.corrections to {where} in {name}, then gabarito run {name}")
    else:
        say(f"next: gabarito run {name}; nothing is asked of the teacher again")


def _write_page(store: Store, run: Run, to: str | None) -> None:
    if to is None or to.startswith(BUCKET):
        raise UsageError(
            "--read-only: needs --to, the page to write on this machine, such as --to facts.html"
        )
    path = run.pipeline.curate.corrections or ""
    is_there = path and _is_there(path)
    decided = LinesByFact(read_numbered(path, Correction) if is_there else [])
    desk = Desk(Made(store, run), decided, path)
    with whole_file(Path(to)) as file:
        file.writelines(map(str.encode, page_to_read(opening_of(desk, path), desk.sheets())))
    say(f"wrote {len(desk.facts)} facts to {to}")

"""The stages as commands: what a Job runs, and ingest on a folder, which only looks."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gabarito.commands.options import name_option, say, store_option, wrapped
from gabarito.core.errors import Interrupted, UsageError
from gabarito.core.shard import Shard
from gabarito.core.text import printable
from gabarito.core.tracing import tracing
from gabarito.ingest.config import TESSERACT_DATA
from gabarito.ingest.files import SourceFile, find_files
from gabarito.ingest.outcomes import FileResult
from gabarito.pipeline.counters import summary_of
from gabarito.pipeline.run_stage import conclude, perform
from gabarito.pipeline.runs import read_run
from gabarito.pipeline.stages import STAGES
from gabarito.store.open import open_store


class _ShardType(click.ParamType[Shard]):
    name = "i/n"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shard:
        """Read ``i/n`` with 0 <= i < n."""
        if isinstance(value, Shard):
            return value
        index, slash, count = str(value).partition("/")
        if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise UsageError(f"--shard: must be i/n with 0 <= i < n, got {value!r}")
        return Shard(int(index), int(count))


class _LanguagesType(click.ParamType[tuple[str, ...]]):
    name = "languages"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read languages by their codes, or by Tesseract's names of them."""
        if isinstance(value, tuple):
            return value
        codes = {name: code for code, name in reversed(TESSERACT_DATA.items())}
        given = [codes.get(name, name) for name in _BETWEEN.split(str(value).lower()) if name]
        unknown = next((name for name in given if name not in TESSERACT_DATA), None)
        if unknown or not given:
            raise UsageError(
                f"--ocr: must be codes of languages that Tesseract has data for, such as pt,en, "
                f"got {unknown or value!r}"
            )
        return tuple(dict.fromkeys(given))


_COUNT = click.IntRange(min=1)
_BETWEEN = re.compile(r"[\s,;+]+")
_shard_option = click.option("--shard", type=_ShardType(), help="Only this part of the work.")


def _command(stage: str) -> click.Command:
    @click.command(stage, help=f"Run the stage {stage} of a run, as a Job does.")
    @store_option
    @name_option("--run", "run_id", required=True, help="The run's id; gabarito plan shows it.")
    def command(store_url: str, run_id: str, shard: Shard | None = None) -> None:
        store = open_store(store_url)
        with tracing(stage):
            conclude(stage, perform(store, read_run(store, run_id), stage, shard))

    return _shard_option(command) if STAGES[stage].is_sharded else command


@click.command()
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="What becomes of the files, as JSON.")
@click.option(
    "--ocr",
    type=_LanguagesType(),
    help="Languages of pictures and scanned pages, such as pt,en: have them read.",
)
@store_option
@name_option("--run", "run_id", help="The run's id; gabarito plan shows it.")
@_shard_option
def ingest(  # noqa: PLR0913  # one parameter for each option
    path: str | None,
    as_json: bool,
    ocr: tuple[str, ...] | None,
    store_url: str,
    run_id: str | None,
    shard: Shard | None,
) -> None:
    """Show what is read of PATH, and what not; nothing is written.

    PATH is a file, a folder (also s3://…) or the address of a web page.

    With --run instead of PATH, run the stage ingest of a run, as a Job does.
    """
    if bool(run_id) == bool(path):
        raise UsageError("PATH: give a file or folder to look at, or a run's id with --run")
    if path:
        if shard:
            raise UsageError("--shard: needs --run; leave it out with PATH")
        _look_at(path, as_json, ocr or ())
    elif as_json or ocr:
        option = "--json" if as_json else "--ocr"
        raise UsageError(f"{option}: needs PATH; leave it out with --run")
    else:
        store = open_store(store_url)
        conclude("ingest", perform(store, read_run(store, str(run_id)), "ingest", shard))


def _look_at(path: str, as_json: bool, ocr: Sequence[str]) -> None:
    if Path(path).suffix.lower() in (".yaml", ".yml") and not Path(path).is_dir():
        raise UsageError(
            f"PATH: must be a file or folder of documents, got {path!r}; to read what a pipeline "
            f"file names, run gabarito run {quote(path)} --until ingest"
        )
    from gabarito.ingest.file_report import INDENT, kept_of_formats
    from gabarito.ingest.find_all import find_all
    from gabarito.ingest.look import Preview, config_for, config_for_page  # takes seconds
    from gabarito.ingest.pairs.found_pairs import find_pairs
    from gabarito.ingest.web_sources.kept_pages import NothingKept

    is_page = path.startswith(("https://", "http://"))
    config = (config_for_page if is_page else config_for)(path, "PATH", ocr=ocr)
    preview = Preview(config)
    try:
        named = find_files(config.sources, "PATH")
        with _progress_shown(find_all(config, named, NothingKept()), len(named)) as files:
            reports = list(preview.read(files))
    except KeyboardInterrupt as stop:
        raise Interrupted(f"{path}: stopped; a look saves nothing, start again") from stop
    pairs = {found.file.name: found.entry(found.file.place) for found in find_pairs(named, config)}
    if as_json:
        found = [report.model_dump() for report in reports]
        said = {"files": found, "totals": preview.figures, "pairs": pairs}
        click.echo(json.dumps(said, indent=2))
    else:
        for report in filter(lambda report: report.is_wanted, reports):
            for line in report.lines():
                say(wrapped(line.replace("\n", r"\n"), INDENT))  # a file's name may hold one
        of_formats = kept_of_formats(reports)
        kept = [f"{'formats':{INDENT}}{of_formats} kept"] if of_formats else []
        for line in (*kept, f"{'total':{INDENT}}{summary_of(preview.figures)}"):
            say(wrapped(line, INDENT))
        for name, entry in pairs.items():
            held = f"{name} holds questions and answers; as a source of their own, in place of this"
            say(wrapped(f"{'pairs':{INDENT}}{held}, they are trained as they stand:", INDENT))
            say(f"{'':{INDENT}}{entry}")  # to be pasted: on one line
    preview.outcomes.refuse_nothing([path], "PATH")


@contextmanager
def _progress_shown(
    files: Iterable[SourceFile | FileResult], total: int
) -> Iterator[Iterator[SourceFile | FileResult]]:
    """Give the files one by one; a line on a terminal says which is being read."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task("", total=total or None)

        def begun() -> Iterator[SourceFile | FileResult]:
            for number, file in enumerate(files):
                name = file.name if isinstance(file, SourceFile) else file.outcome.source
                shown.update(task, description=printable(name), refresh=number == 0)
                yield file
                shown.advance(task)
            shown.update(task, description="comparing what was read")

        yield begun()


generate, curate, merge, evaluate = (
    _command(stage) for stage in STAGES if stage not in ("ingest", "train")
)


@click.command()
@store_option
@name_option("--run", "run_id", required=True, help="The run's id; gabarito plan shows it.")
@click.option("--processes", type=_COUNT, default=1, help="Here: one for each GPU.")
@click.option("--nodes", type=_COUNT, default=1, help="On at most so many machines.")
@name_option("--rendezvous", help="Address of the first machine and a port, where they meet.")
def train(store_url: str, run_id: str, processes: int, nodes: int, rendezvous: str | None) -> None:
    """Run the stage train of a run, as a Job does.

    Several processes are started and stopped together; the command ends with the exit code of the
    one that failed.
    """
    if (nodes > 1) != bool(rendezvous):
        raise UsageError("--rendezvous: must be given with --nodes above 1, and only then")
    if processes * nodes == 1:
        store = open_store(store_url)
        conclude("train", perform(store, read_run(store, run_id), "train"))
        return
    from gabarito.train.launch import ALONE, ProcessPlan, launch  # takes seconds

    command = [sys.executable, "-m", "gabarito", "train", "--store", store_url, "--run", run_id]
    launch(command, ProcessPlan(run_id, processes, nodes, rendezvous or ALONE))

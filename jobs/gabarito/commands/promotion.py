"""Commands about made models and which is served: models, runs, promote, rollback, diff."""

from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gabarito.artifacts.channel import SHORT_DIGEST
from gabarito.commands.options import (
    channel_option,
    name_option,
    pipeline_option,
    say,
    store_option,
)
from gabarito.core.text import in_number, printable
from gabarito.pipeline.compare_runs import compared
from gabarito.pipeline.default_channel import channel_of, channel_to_roll_back
from gabarito.pipeline.holds import hold_model
from gabarito.pipeline.listed_runs import ListedRun, listed_runs
from gabarito.pipeline.made_models import MadeModel, made_models, named_model
from gabarito.pipeline.promote import is_own_of_another, promote_by_hand, roll_back
from gabarito.pipeline.runs import last_run, read_run
from gabarito.pipeline.stages import STAGES
from gabarito.store.open import open_store

RUN_COLUMNS = ("run", "pipeline", "created", "stages", "gate", "model", "channel")
COLUMNS = (
    "model",
    "run",
    "made",
    "pipeline",
    "base",
    "test",
    "free",
    "refused",
    "gate",
    "channel",
)
MAX_CELL_CHARS = 40
BY_HAND = "taken back with gabarito rollback"


@click.command()
@store_option
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="0: all.")
@pipeline_option
def models(store_url: str, limit: int, pipeline: str) -> None:
    """List the models that finished runs made, the latest first.

    test, free: test wordings and free questions answered right; refused: of the unanswerable
    ones, as the model is served.
    """
    store = open_store(store_url)
    found = [one for one in made_models(store) if pipeline in ("", one.model.pipeline)]
    if not found:
        last_run(store, pipeline)  # says if there is none
    if not found and pipeline:
        say(f"{store.url}: no run of pipeline {pipeline} is finished yet; gabarito runs lists all")
        return
    if not found:
        say(f"{store.url}: no run is finished yet; gabarito status shows how far the last one is")
        return
    _say_table(COLUMNS, [_cells(one) for one in found], limit)


@click.command()
@store_option
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="0: all.")
@pipeline_option
def runs(store_url: str, limit: int, pipeline: str) -> None:
    """List the runs that were started, the latest first.

    stages: how many are done; channel: which serve the model.
    """
    store = open_store(store_url)
    found = listed_runs(store, pipeline)
    if not found:
        last_run(store, pipeline)  # says what there is not
    _say_table(RUN_COLUMNS, [_run_cells(one) for one in found], limit)


@click.command()
@click.argument("model")
@store_option
@name_option(
    "--channel", help="Default: that of MODEL's run; main, the default before, only if named."
)
@click.option("--despite-gate", is_flag=True, help="Even if it did not pass its gate.")
def promote(model: str, store_url: str, channel: str | None, despite_gate: bool) -> None:
    """Let a channel serve MODEL: a run's id, or the first digits of a digest.

    A release on a cluster whose pipeline has this channel rolls it out.
    """
    store = open_store(store_url)
    found = named_model(store, model)
    channel = channel or channel_of(store, found)
    is_of_another = is_own_of_another(store, channel, found)
    hold_model(store, found, "work")  # before its weights are looked for
    is_new = promote_by_hand(store, channel, found, despite=despite_gate)
    what = f"model {found.digest[:SHORT_DIGEST]} of pipeline {found.pipeline}, run {found.run}"
    say(f"channel {channel!r} serves {what}{'' if is_new else ' already'}")
    if is_of_another:
        say(
            f"no release of pipeline {channel!r} serves it, as that is its own channel: "
            f"gabarito rollback --channel {channel} takes it back"
        )


@click.command()
@store_option
@channel_option
@click.option("--reason", default=BY_HAND, show_default=True, help="Why, for those who look.")
@click.option("--to-none", is_flag=True, help="Even if it then serves nothing.")
def rollback(store_url: str, channel: str | None, reason: str, to_none: bool) -> None:
    """Let a channel serve the model before the one that it serves.

    The one taken back is not promoted again by itself, only with gabarito promote.
    """
    store = open_store(store_url)
    channel = channel or channel_to_roll_back(store)
    before = roll_back(store, channel, reason, to_none=to_none)
    now, was = (digest[:SHORT_DIGEST] for digest in (before.previous or "", before.model or ""))
    serves = f"serves model {now} again" if now else "serves nothing now"
    say(f"channel {channel!r} {serves}; taken back: model {was}: {reason}")


@click.command()
@click.argument("first")
@click.argument("second")
@store_option
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="0: all.")
def diff(first: str, second: str, store_url: str, limit: int) -> None:
    """Show what run SECOND has otherwise than run FIRST.

    Settings, documents, facts, figures, and answers that changed.
    """
    store = open_store(store_url)
    found = compared(store, read_run(store, first), read_run(store, second))
    for line in found.lines(limit):
        say(line)


def _say_table(columns: Sequence[str], rows: Sequence[Iterator[str]], limit: int) -> None:
    """Print the first rows, and how many there are beside them."""
    for line in _table(columns, rows[: limit or None]):
        say(line)
    if limit and len(rows) > limit:
        older = len(rows) - limit
        say(f"and {older} {in_number(older, 'older ones')}: --limit 0 lists them")


def _table(columns: Sequence[str], rows: Sequence[Iterator[str]]) -> Iterator[str]:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell, MAX_CELL_CHARS)) for cell in row))
    console = Console(width=MAX_CELL_CHARS * len(columns), color_system=None)
    with console.capture() as page:
        console.print(table)
    return (line.rstrip() for line in page.get().splitlines())


def _cells(one: MadeModel) -> Iterator[str]:
    yield one.name
    yield one.model.run
    yield f"{one.made_at:%Y-%m-%d %H:%M}"
    yield one.model.pipeline
    yield one.base
    yield from ("-" if share is None else f"{share:.1%}" for share in one.shares)
    yield "passed" if one.model.verdict.passed else "failed"
    yield ", ".join(one.channels if one.has_weights else (*one.channels, "weights gone"))


def _run_cells(one: ListedRun) -> Iterator[str]:
    yield one.run.run
    yield one.run.pipeline.name
    yield f"{one.run.created_at:%Y-%m-%d %H:%M}"
    yield f"{one.done}/{len(STAGES)}"
    yield one.gate
    yield one.model[:SHORT_DIGEST] or "-"
    yield ", ".join(one.channels)

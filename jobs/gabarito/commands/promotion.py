"""Commands about what a channel serves: models, promote, rollback, diff."""

from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gabarito.artifacts.channel import SHORT_DIGEST
from gabarito.commands.options import channel_option, say, store_option
from gabarito.core.text import in_number, printable
from gabarito.pipeline.compare_runs import compared
from gabarito.pipeline.made_models import MadeModel, made_models, named_model
from gabarito.pipeline.promote import promote_by_hand, roll_back
from gabarito.pipeline.runs import read_run
from gabarito.store.open import open_store

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
def models(store_url: str, limit: int) -> None:
    """List the models that finished runs made, the latest first.

    test, free: test wordings and free questions answered right; refused: of the unanswerable
    ones, as the model is served.
    """
    store = open_store(store_url)
    found = made_models(store)
    if not found:
        say(f"{store.url}: no run is finished yet; gabarito status shows how far the last one is")
        return
    for line in _table(found[: limit or None]):
        say(line)
    if limit and len(found) > limit:
        older = len(found) - limit
        say(f"and {older} {in_number(older, 'older ones')}: --limit 0 lists them")


@click.command()
@click.argument("model")
@store_option
@channel_option
@click.option("--despite-gate", is_flag=True, help="Even if it did not pass its gate.")
def promote(model: str, store_url: str, channel: str, despite_gate: bool) -> None:
    """Let a channel serve MODEL: a run's id, or the first digits of a digest.

    A release on a cluster whose pipeline has this channel rolls it out.
    """
    store = open_store(store_url)
    found = named_model(store, model)
    is_new = promote_by_hand(store, channel, found, despite=despite_gate)
    what = f"model {found.digest[:SHORT_DIGEST]} of run {found.run}"
    say(f"channel {channel!r} serves {what}{'' if is_new else ' already'}")


@click.command()
@store_option
@channel_option
@click.option("--reason", default=BY_HAND, show_default=True, help="Why, for those who look.")
def rollback(store_url: str, channel: str, reason: str) -> None:
    """Let a channel serve the model before the one that it serves.

    The one taken back is not promoted again by itself, only with gabarito promote.
    """
    before = roll_back(open_store(store_url), channel, reason)
    now, was = (digest[:SHORT_DIGEST] for digest in (before.previous or "", before.model or ""))
    say(f"channel {channel!r} serves model {now} again; taken back: model {was}: {reason}")


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


def _table(found: Sequence[MadeModel]) -> Iterator[str]:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        table.add_column(name, no_wrap=True)
    for one in found:
        table.add_row(*(Text(printable(cell, MAX_CELL_CHARS)) for cell in _cells(one)))
    console = Console(width=MAX_CELL_CHARS * len(COLUMNS), color_system=None)
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

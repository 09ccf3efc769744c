"""The command ``gabarito export``: what a run made, as files for other programs."""

from pathlib import Path

import click

from gabarito.commands.options import say, store_option
from gabarito.core.text import in_number
from gabarito.pipeline.export_dataset import FORMATS, rows_of, write_rows
from gabarito.pipeline.runs import last_run, read_run
from gabarito.store.open import open_store
from gabarito.store.whole_folder import refuse_other_content, whole_folder


@click.group()
def export() -> None:
    """Write what a run made as files for other programs."""


@export.command()
@store_option
@click.option("--run", "run_id", help="Of this run; default: the one that was started last.")
@click.option("--to", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("csv", "jsonl"),
    show_default=True,
    help="May be given several times.",
)
def dataset(store_url: str, run_id: str | None, to: Path, formats: tuple[str, ...]) -> None:
    """Write the questions and answers of a run, in the columns of the pairs that came in.

    Each row has its fact, source, split, kind and wording family beside it.
    """
    refuse_other_content(to.absolute(), "--to")
    store = open_store(store_url)
    rows = rows_of(store, read_run(store, run_id) if run_id else last_run(store))
    with whole_folder(to, "--to") as folder:
        for name in dict.fromkeys(formats):
            write_rows(rows, folder / f"pairs.{name}")
    say(f"wrote {len(rows):,} {in_number(len(rows), 'rows')} to {to}")

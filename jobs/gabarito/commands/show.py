"""The command ``gabarito show``: what a run made, filtered, as a table or as data."""

import shutil
import sys
from pathlib import Path
from typing import Literal

import click

from gabarito.commands.options import GivenPath, name_option, store_option
from gabarito.core.text import in_number, printable
from gabarito.pipeline.runs import last_run, read_run
from gabarito.pipeline.show.listing import LISTINGS, listing_of
from gabarito.pipeline.show.listing_formats import as_csv, as_html, as_jsonl, as_table
from gabarito.store.disk import whole_file
from gabarito.store.open import open_store

WIDTH_ELSEWHERE = 160
"""Characters of a line of a table that goes to no terminal."""

SHOWN_ROWS = 100
"""Rows of a table that is shown."""

Form = Literal["table", "csv", "jsonl", "html"]
_BY_ENDING: dict[str, Form] = {".csv": "csv", ".jsonl": "jsonl", ".html": "html", ".htm": "html"}


@click.command()
@click.argument("what", type=click.Choice(list(LISTINGS)))
@store_option
@name_option("--run", "run_id", help="Of this run; default: the one that was started last.")
@click.option("--document", default="", help="Of documents with this id, or this in their name.")
@click.option("--text", default="", help="With this text in any cell.")
@click.option("--reason", default="", help="Of the ledger: what was dropped for this reason.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["table", "csv", "jsonl", "html"]),
    help="Default: a table, or what the ending of the file says.",
)
@click.option("--to", type=GivenPath(), help="Write to this file.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"Rows of a table; 0: all. Default: {SHOWN_ROWS}, all in a file; other forms have all.",
)
def show(  # noqa: PLR0913  # one parameter for each option
    what: str,
    store_url: str,
    run_id: str | None,
    document: str,
    text: str,
    reason: str,
    form: Form | None,
    to: Path | None,
    limit: int | None,
) -> None:
    """List what a run made or dropped: WHAT of it."""
    store = open_store(store_url)
    run = read_run(store, run_id) if run_id else last_run(store)
    listing = listing_of(store, run, what).matching(document, text, reason)
    form = form or (_BY_ENDING.get(to.suffix.lower(), "table") if to else "table")
    limit = limit if limit is not None else 0 if to else SHOWN_ROWS
    width = shutil.get_terminal_size((WIDTH_ELSEWHERE, 0)).columns
    lines = {
        "table": lambda: as_table(listing, limit, width),
        "csv": lambda: as_csv(listing),
        "jsonl": lambda: as_jsonl(listing),
        "html": lambda: as_html(listing, f"{run.pipeline.name}: {what} of run {run.run}"),
    }[form]()
    if to is None:
        for line in lines:
            click.echo(printable(line, len(line)) if sys.stdout.isatty() else line)
        return
    with whole_file(to) as file:
        file.writelines(f"{line}\n".encode() for line in lines)
    rows = len(listing.rows) if form != "table" else min(len(listing.rows), limit or sys.maxsize)
    click.echo(f"wrote {rows:,} {in_number(rows, 'rows')} of {what} to {to}")

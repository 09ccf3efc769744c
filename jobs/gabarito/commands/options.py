"""Options that several commands share, and how their lines are printed."""

import shutil
import sys
import textwrap

import click

from gabarito.core.text import printable
from gabarito.store.open import DEFAULT_STORE

store_option = click.option(
    "--store",
    "store_url",
    envvar="GABARITO_STORE",
    default=DEFAULT_STORE,
    show_default=True,
    help="A folder, file://… or s3://bucket/prefix.",
)
channel_option = click.option(
    "--channel", help="Default: that of the only pipeline of which a model is served."
)
pipeline_option = click.option("--pipeline", default="", help="Of the pipeline of this name alone.")
pipeline_argument = click.argument("pipeline")
"""A path, or ``s3://bucket/key``."""
host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; :: is every one of this machine, of IPv4 and IPv6.",
)
port_type = click.IntRange(0, 65535)


def say(line: str) -> None:
    """Print a line that may hold texts of others: from a store, a cluster or a service."""
    click.echo(printable(line))


def wrapped(line: str, indent: int, width: int | None = None) -> str:
    """Break a line between words where it is wider than the terminal; elsewhere leave it whole."""
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    if not width or len(line) <= width:
        return line
    head = line[:indent]
    return textwrap.fill(
        line[indent:],
        max(width, 2 * indent),
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

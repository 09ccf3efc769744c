"""Options that several commands share, and how their lines are printed."""

import math
import shutil
import sys
import textwrap
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from gabarito.core.text import printable
from gabarito.store.open import DEFAULT_STORE

C = TypeVar("C", bound=Callable[..., object])


def name_option(*names: str, **settings: Any) -> Callable[[C], C]:  # noqa: ANN401  # of click
    """Add an option that names one of several things, and is refused where it is empty.

    An empty one is most often a variable of a shell that was never set; taken as left out, it
    would mean another thing than the one that was meant.
    """
    return click.option(*names, callback=_refuse_empty, **settings)


def _refuse_empty(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    is_default = ctx.get_parameter_source(str(option.name)) is ParameterSource.DEFAULT
    if value is not None and not value.strip() and not is_default:
        raise click.BadParameter("empty; give what it names, or leave it out", ctx, option)
    return value


class GivenPath(click.Path[Path]):
    """A path on this machine; an empty text, which Python takes for the current folder, is none."""

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, file_okay=file_okay)

    def convert(
        self,
        value: str | PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """Read a path."""
        if not str(value).strip():
            self.fail("empty; give a path", param, ctx)
        return super().convert(value, param, ctx)


store_option = click.option(
    "--store",
    "store_url",
    envvar="GABARITO_STORE",
    default=DEFAULT_STORE,
    show_default=True,
    help="A folder, file://… or s3://bucket/prefix.",
)
channel_option = name_option(
    "--channel", help="Default: that of the only pipeline of which a model is served."
)
pipeline_option = name_option("--pipeline", default="", help="Of the pipeline of this name alone.")
pipeline_argument = click.argument("pipeline")
"""A path, or ``s3://bucket/key``."""
host_option = name_option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; :: is every one of this machine, of IPv4 and IPv6.",
)
port_type = click.IntRange(0, 65535)


class FiniteRange(click.FloatRange):
    """A number within bounds; ``nan``, which click lets through, is within none."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number, neither ``nan`` nor without end."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


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

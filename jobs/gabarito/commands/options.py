"""Options that several commands share."""

from pathlib import Path

import click

store_option = click.option(
    "--store",
    "store_url",
    envvar="GABARITO_STORE",
    default="gabarito-store",
    show_default=True,
    help="A folder, file://… or s3://bucket/prefix.",
)
pipeline_argument = click.argument("pipeline", type=click.Path(path_type=Path))
port_type = click.IntRange(0, 65535)

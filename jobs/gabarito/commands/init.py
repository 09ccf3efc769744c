"""The command init: a pipeline file from what lies in a folder."""

from pathlib import Path
from shlex import quote

import click
from rich.console import Console

from gabarito.commands.options import GivenPath, say
from gabarito.core.errors import DataError, UsageError
from gabarito.store.disk import whole_file


@click.command()
@click.argument("folder")
@click.option(
    "--output",
    type=GivenPath(),
    default=Path("pipeline.yaml"),
    show_default=True,
    help="The file to be written; one that is there already is left alone.",
)
def init(folder: str, output: Path) -> None:
    """Look at the documents in FOLDER (also a file or s3://…) and write a pipeline file for them.

    The file says in comments what was found and what else to set.
    """
    if not folder.strip():
        raise UsageError("FOLDER: empty; give a folder, such as . for this one")
    exists = UsageError(f"--output: {output} is there already; give another name or move it away")
    if output.exists() or output.is_symlink():
        raise exists
    if not output.parent.is_dir():  # before the documents are read
        raise DataError(f"--output: {output.parent} is no folder; make it, or give another name")
    from gabarito.pipeline.draft import draft  # the formats' libraries take seconds

    with Console(stderr=True).status("reading some of the documents"):
        text = draft(folder, output)
    if output.exists() or output.is_symlink():
        raise exists
    with whole_file(output) as file:
        file.write(text.encode())
    say(f"{output}: written; look into it, then try it with gabarito check {quote(str(output))}")

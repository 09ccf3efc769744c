"""What runs in a pod before its own container: copy a model, wait until its server answers."""

from pathlib import Path

import click

from gabarito.commands.options import FiniteRange, GivenPath, say, store_option
from gabarito.core.text import duration_text, in_number
from gabarito.store.open import open_store

GIBIBYTE = 2**30


@click.command()
@click.argument("model")
@store_option
@click.option("--to", type=GivenPath(file_okay=False), required=True, help="Into here.")
@click.option(
    "--only",
    "names",
    multiple=True,
    help="Files of this name alone, such as '*-Q4_K_M.gguf'; may be given several times.",
)
def fetch(model: str, store_url: str, to: Path, names: tuple[str, ...]) -> None:
    """Copy the files of MODEL, s3://bucket/prefix or an id of the model hub, into a folder.

    What the hub gave is kept in the store, and taken from there the next time.
    """
    from gabarito.models.fetch_model import fetch_model  # takes seconds

    fetch_model(model, to, open_store(store_url), names)
    found = [path for path in to.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in found)
    say(
        f"{model}: {len(found)} {in_number(len(found), 'files')}, {size / GIBIBYTE:.1f} GiB in {to}"
    )


@click.command()
@click.argument("url")
@click.option(
    "--model",
    default="",
    help="The model's name there; a server that refuses another name answers, too.",
)
@click.option(
    "--seconds",
    type=FiniteRange(min=0, min_open=True),
    default=1800.0,
    show_default=True,
    help="How long to wait.",
)
def wait(url: str, model: str, seconds: float) -> None:
    """Wait until the OpenAI-compatible server at URL has loaded its model and answers."""
    from gabarito.chat import ChatEndpoint
    from gabarito.chat.readiness import wait_until_ready

    took = wait_until_ready(ChatEndpoint(url), model, seconds)
    say(f"{url}: answers after {duration_text(took)}")

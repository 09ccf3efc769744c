"""Where things of a run lie, as one would type it from here."""

from pathlib import Path
from shlex import quote
from urllib.parse import unquote

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.pipeline.counters import dropped, has_lost_text
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store


def store_place(store: Store) -> str:
    """Return where the store is, seen from here."""
    folder = Path(unquote(store.url.removeprefix("file://")))
    if not store.url.startswith("file://") or folder == Path.cwd():
        return store.url
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)


def store_argument(store: Store) -> str:
    """Return what names the store in a command that is to be typed, whatever is in its path."""
    return f"--store {quote(store_place(store))}"


def file_place(store: Store, artifact: Artifact, name: str) -> str:
    """Return where a file of an artifact lies: a path, or ``s3://…``."""
    return f"{store_place(store)}/{artifact.manifest.files[name].key}"


def report_command(store: Store, run: Run) -> str:
    """Return the command that shows a finished run's report."""
    return f"gabarito report {store_argument(store)} --run {run.run}"


def loss_lines(store: Store, run: Run, stages: list[str]) -> list[str]:
    """Name the commands that list what finished stages dropped, and what documents lack."""
    made = [found for stage in stages if (found := open_artifact(store, run.address(stage)))]
    counts = [artifact.manifest.counts for artifact in made]
    lines = []
    if any(map(dropped, counts)):
        lines.append(f"what was dropped, and why: {_show_command(store, run, 'ledger')}")
    if any(map(has_lost_text, counts)):
        command = _show_command(store, run, "documents")
        lines.append(f"what was left out of documents or flagged: {command}")
    if any(one.get("doubted") for one in counts):
        where = f"{store_argument(store)} --run {run.run}"
        lines.append(f"what a second opinion doubts comes first in: gabarito review {where}")
    return lines


def _show_command(store: Store, run: Run, what: str) -> str:
    return f"gabarito show {what} {store_argument(store)} --run {run.run}"

"""Where things of a run lie, as one would type it from here."""

from pathlib import Path

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.pipeline.counters import dropped
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

LEDGER = "ledger.jsonl"


def store_place(store: Store) -> str:
    """Return the store as one would type it from here."""
    folder = Path(store.url.removeprefix("file://"))
    if not store.url.startswith("file://") or folder == Path.cwd():
        return store.url
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)


def file_place(store: Store, artifact: Artifact, name: str) -> str:
    """Return where a file of an artifact lies: a path, or ``s3://…``."""
    return f"{store_place(store)}/{artifact.manifest.files[name].key}"


def report_command(store: Store, run: Run) -> str:
    """Return the command that shows a finished run's report."""
    return f"gabarito report --store {store_place(store)} --run {run.run}"


def ledger_lines(store: Store, run: Run, stages: list[str]) -> list[str]:
    """Say for each finished stage that dropped something which file names all of it."""
    lines = []
    for stage in stages:
        artifact = open_artifact(store, run.address(stage))
        if artifact and dropped(artifact.manifest.counts) and LEDGER in artifact.manifest.files:
            place = file_place(store, artifact, LEDGER)
            lines.append(f"what {stage} dropped, and why: {place}")
    return lines

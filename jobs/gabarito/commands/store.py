"""Commands about the store: check and gc."""

import time
from collections.abc import Callable

import click

from gabarito.artifacts.garbage import inert_files, stale_uploads
from gabarito.commands.options import (
    FiniteRange,
    pipeline_argument,
    say,
    store_option,
    wrapped,
)
from gabarito.core.errors import GabaritoError, MissingError
from gabarito.core.text import in_number
from gabarito.pipeline.checks.check import all_findings
from gabarito.pipeline.retention import collect, expendable
from gabarito.store.base import Store
from gabarito.store.local import LocalStore
from gabarito.store.open import open_store

HOUR_S = 3600.0
MARK = 9
"""Columns of the word that each finding begins with."""

MEBIBYTE = 2**20


@click.command()
@pipeline_argument
@store_option
@click.option(
    "--probe/--no-probe",
    default=True,
    help="Train the base for some seconds, if it is at hand, to say how long training takes.",
)
@click.option(
    "--teacher/--no-teacher",
    default=True,
    help="Ask teacher and judge for a few tokens, and the teacher about some passages.",
)
def check(pipeline: str, store_url: str, probe: bool, teacher: bool) -> None:
    """Try the settings of PIPELINE, the store and the services before a run.

    Exits with the code of the first thing that is wrong. Stages whose settings are missing are
    named; those before them are tried.
    """
    first: GabaritoError | None = None
    until = ""
    for finding in all_findings(pipeline, store_url, probes=probe, asks=teacher):
        mark = "problem" if finding.error else "warning" if finding.is_warning else "ok"
        say(wrapped(f"{mark:{MARK}}{finding.what}: {finding.said}", MARK))
        first = first or finding.error
        until = until or finding.until
    if first is not None:
        raise first
    say(f"ready to run with --until {until}" if until else "ready to run")


@click.command()
@store_option
@click.option(
    "--older-than",
    "hours",
    type=FiniteRange(min=0),
    default=24.0,
    show_default=True,
    help="Hours; longer than any stage takes.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="Also what older runs made: keep so many of each pipeline.",
)
@click.option("--delete", is_flag=True, help="Delete; without it they are only listed.")
def gc(store_url: str, hours: float, keep: int | None, delete: bool) -> None:
    """List (or delete) what attempts that lost a race or never finished left in the store.

    With --keep also what runs made before the last ones of each pipeline: artifacts, checkpoints,
    copies of bases, records. Never what a channel serves, served before or took back, what was
    exported, or what somebody works on. Replies of the teacher and fetched pages stay.
    """
    store = open_store(store_url)
    if isinstance(store, LocalStore) and not store.root.is_dir():
        raise MissingError(f"{store.url}: no such folder; give the store of a run with --store")
    before = time.time() - hours * HOUR_S
    if keep is not None:
        _drop_old_runs(store, keep, before, delete=delete)
    _drop_garbage(store, before, delete=delete)


def _drop_old_runs(store: Store, keep: int, before: float, *, delete: bool) -> None:
    """Delete what nobody refers to any more, or list it with its size."""
    found = collect(store, keep, before, time.sleep) if delete else expendable(store, keep, before)
    number, size = 0, 0
    for item in found:
        say(f"{item.said}: {item.files} {in_number(item.files, 'files')}, {_mebibytes(item.size)}")
        number, size = number + 1, size + item.size
    verb = "deleted, its files as garbage" if delete else "could be deleted with --delete"
    what = in_number(number, "things")
    say(f"{number} {what} of runs before the last {keep}, {_mebibytes(size)}, {verb}")


def _drop_garbage(store: Store, before: float, *, delete: bool) -> None:
    found = list(inert_files(store, before))
    act: Callable[[str], None] = store.delete if delete else say
    for entry in found:
        act(entry.key)
    verb = "deleted" if delete else "could be deleted with --delete"
    size = _mebibytes(sum(entry.size for entry in found))
    say(f"{len(found)} {in_number(len(found), 'files')} that nothing needs, {size}, {verb}")
    uploads = stale_uploads(store, before)
    for upload in uploads:
        if delete:
            store.abort(upload)
        else:
            say(upload.key)
    if uploads:
        say(f"{len(uploads)} unfinished {in_number(len(uploads), 'uploads')}, {verb}")


def _mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:,.1f} MiB"

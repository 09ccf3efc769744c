"""Refreshes: the sources of a pipeline read again, a new run only where they say something new.

<store>/refreshes/<pipeline>.json   which were asked for, tried and taken; compare-and-swap

The number of a refresh is added to ``ingest.rerun``: that is what a person raises by hand. So a
refresh is a run as any other, with an id and a record of its own. Once its sources are read they
are compared with those before; if they say the same, the run before stays, and nothing after
*ingest* is begun.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, ValidationError

from gabarito.artifacts.artifact import Artifact, open_artifact
from gabarito.core.errors import ConflictError, DataError, MissingError
from gabarito.core.records import Record
from gabarito.pipeline.plan import make_plan
from gabarito.pipeline.runs import Run, forget, new_run
from gabarito.pipeline.schema import PartialPipeline
from gabarito.store.base import FileInfo, Store
from gabarito.store.scratch import temporary_folder

SAID = ("documents.jsonl", "pairs.jsonl")
"""What ingest hands on: all that later stages read of it."""

_TRIES = 5


class Refreshes(Record):
    """The refreshes of a pipeline, by number.

    Attributes:
        asked: The last one that was asked for, and when.
        settled: The last one whose sources were read.
        taken: The last one whose sources said something new; added to ``ingest.rerun``.
        rerun: What that setting was when the last one was settled.
    """

    asked: int = 0
    settled: int = 0
    taken: int = 0
    rerun: int = 0
    at: AwareDatetime | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether one is asked for that was not tried to its end."""
        return self.asked > self.settled

    def added_to(self, rerun: int) -> int:
        """Return what is added to ``ingest.rerun``.

        Who raised it since asks for what was never read: not for what a refresh read in vain.
        """
        return self.settled if rerun > self.rerun else self.taken


@dataclass(frozen=True)
class PlannedRun:
    """The run to work on; ``number`` is that of the refresh which it tries, 0 if of none.

    ``before`` is then the run of the sources as they were read before.
    """

    run: Run
    number: int = 0
    before: Run | None = None


def read_refreshes(store: Store, pipeline: str) -> Refreshes:
    """Return the refreshes of a pipeline.

    Raises:
        DataError: if their record is damaged.
    """
    return _read(store, pipeline)[0]


def ask_refresh(store: Store, pipeline: str) -> Refreshes:
    """Ask for the sources of a pipeline to be read again."""

    def asked(told: Refreshes) -> Refreshes:
        number = max(told.asked, told.settled) + 1
        return told.model_copy(update={"asked": number, "at": datetime.now(UTC)})

    return _changed(store, pipeline, asked)


def plan_current(store: Store, pipeline: PartialPipeline) -> PlannedRun:
    """Return the run of a pipeline with the last refresh that was taken."""
    told = read_refreshes(store, pipeline.name)
    return PlannedRun(_run(pipeline, told.added_to(pipeline.ingest.rerun)))


def plan_refresh(store: Store, pipeline: PartialPipeline) -> PlannedRun:
    """Return the run that tries the refresh which was asked for last."""
    told = read_refreshes(store, pipeline.name)
    number = told.asked
    while _was_read_before(store, run := _run(pipeline, number), told.at):
        number += 1  # a person who raised ingest.rerun came to the same number before
    return PlannedRun(run, number, plan_current(store, pipeline).run)


def _was_read_before(store: Store, run: Run, at: datetime | None) -> bool:
    read = open_artifact(store, run.address("ingest"))
    return read is not None and at is not None and read.manifest.finished_at < at


def is_at_rest(store: Store, run: Run) -> bool:
    """Tell whether a run is finished: nothing of it is given up for a refresh."""
    return all(step.state == "done" for step in make_plan(store, run))


def settle(store: Store, planned: PlannedRun) -> bool:
    """Tell whether a refresh, of which ingest is done, says something new, and write that down.

    If it does not, its run is forgotten: the run before is the last one.
    """
    run, number = planned.run, planned.number
    is_new = planned.before is None or not _say_the_same(store, planned.before, run)
    last = run if is_new or planned.before is None else planned.before
    rerun = run.pipeline.ingest.rerun - number
    taken = last.pipeline.ingest.rerun - rerun

    def settled(told: Refreshes) -> Refreshes:
        last_ones = {"settled": max(told.settled, number), "taken": max(told.taken, taken)}
        return told.model_copy(update={**last_ones, "rerun": rerun})

    if not is_new:
        forget(store, run)
    _changed(store, run.pipeline.name, settled)
    return is_new


def _run(pipeline: PartialPipeline, number: int) -> Run:
    ingest = pipeline.ingest.model_copy(update={"rerun": pipeline.ingest.rerun + number})
    return new_run(pipeline.model_copy(update={"ingest": ingest}) if number else pipeline)


def _say_the_same(store: Store, before: Run, after: Run) -> bool:
    found = [open_artifact(store, run.address("ingest")) for run in (before, after)]
    digests = [_digest_of_said(artifact) for artifact in found if artifact]
    return len(digests) == len(found) and digests[0] == digests[1]


def _digest_of_said(artifact: Artifact) -> str:
    """Return the digest of what was read, without when; line by line, as it may be long."""
    digest = hashlib.sha256()
    with temporary_folder("refresh") as folder:
        for name in SAID:
            entry = artifact.manifest.files.get(name)
            if entry is None:
                continue
            expected = FileInfo(size=entry.size, sha256=entry.sha256)
            artifact.store.download(entry.key, folder / name, expected)
            _add_lines(digest.update, name, folder / name)
    return digest.hexdigest()


def _add_lines(add: Callable[[bytes], None], name: str, path: Path) -> None:
    add(f"{name}\n".encode())
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            record = json.loads(line)
            record.pop("fetched_at", None)
            add(json.dumps(record, sort_keys=True).encode())


def _read(store: Store, pipeline: str) -> tuple[Refreshes, str]:
    key = _key(pipeline)
    try:
        stored = store.read(key)
    except MissingError:
        return Refreshes(), ""
    try:
        return Refreshes.model_validate_json(stored.data), stored.version
    except ValidationError as error:
        raise DataError(
            f"{store.url}/{key}: not the refreshes of a pipeline; delete it, and raise "
            "ingest.rerun above what it says"
        ) from error


def _changed(
    store: Store, pipeline: str, change: Callable[[Refreshes], Refreshes], tries: int = _TRIES
) -> Refreshes:
    """Write the record as ``change`` makes it, again if somebody else wrote it meanwhile."""
    told, version = _read(store, pipeline)
    changed = change(told)
    condition: dict[str, Any] = {"if_match": version} if version else {"if_absent": True}
    try:
        store.write(_key(pipeline), changed.model_dump_json().encode(), **condition)
    except ConflictError:
        if not tries:
            raise
        return _changed(store, pipeline, change, tries - 1)
    return changed


def _key(pipeline: str) -> str:
    return f"refreshes/{pipeline}.json"

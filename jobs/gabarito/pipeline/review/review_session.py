"""One person at the desk: what is asked of the facts and said of them, a step at a time."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from gabarito.core.errors import DataError, MissingError
from gabarito.core.mistakes import sentence_of
from gabarito.core.records import Record
from gabarito.curate.corrections import Correction
from gabarito.pipeline.review.corrections_file import CorrectionsFile
from gabarito.pipeline.review.fact_sheet import FactRow, FactSheet
from gabarito.pipeline.review.review_desk import Desk

ROWS_AT_ONCE = 50
MAX_VALUE_CHARS = 4000
"""Longest answer or statement that is taken: what teaches a fact is a sentence."""


class Found(Record):
    """Which facts match, and how many there are in each state, matching or not."""

    ids: tuple[str, ...]
    total: int
    states: Mapping[str, int]


class WrittenDecision(Record):
    """What became of a decision: the fact's new sheet, or none if there was nothing to undo."""

    sheet: FactSheet | None
    states: Mapping[str, int]


class Opening(Record):
    """What the page shows before it asks for anything.

    ``gone`` are the lines of the file that are about no fact of this run.
    """

    pipeline: str
    run: str
    file: str
    who: str
    rows_at_once: int
    sources: tuple[str, ...]
    found: Found
    rows: tuple[FactRow, ...]
    sheet: FactSheet
    gone: tuple[int, ...]


class ReviewSession:
    """The desk and the file of one person; each step happens whole, whatever else is asked."""

    def __init__(self, desk: Desk, file: CorrectionsFile, who: str) -> None:
        self._desk = desk
        self._file = file
        self._who = who
        self._lock = threading.Lock()

    def open(self) -> Opening:
        """Return what is shown first: all facts, the first of them whole."""
        with self._lock:
            self._file.read()
            return opening_of(self._desk, self._file.name, self._who)

    def find(self, text: str = "", document: str = "", state: str = "") -> Found:
        """Return the facts that match, in the order of their documents."""
        with self._lock:
            self._file.read()
            return _found(self._desk, text, document, state)

    def rows(self, ids: Sequence[str]) -> list[FactRow]:
        """Return some facts as a list shows them; what is not there is left out."""
        with self._lock:
            return [self._desk.row(fact) for fact in ids if fact in self._desk.facts]

    def sheet(self, fact: str) -> FactSheet:
        """Return all that is known of a fact.

        Raises:
            MissingError: if there is no such fact.
        """
        with self._lock:
            self._file.read()
            return self._desk.sheet(self._known(fact))

    def say(
        self, fact: str, action: object, value: str = "", question: str = ""
    ) -> WrittenDecision:
        """Write a decision about a fact, or one of its wordings, by this person, now.

        Raises:
            MissingError: if there is no such fact, or no such wording of it.
            DataError: if it says nothing; if somebody broke a line of the file meanwhile.
        """
        if len(value) > MAX_VALUE_CHARS:
            raise DataError(
                f"{action}: may have {MAX_VALUE_CHARS} characters, got {len(value)}; shorten it"
            )
        line = {"fact": self._known(fact), "action": action, "value": " ".join(value.split())}
        if question and not self._desk.has_wording(fact, question):
            raise MissingError(f"no wording {question!r} of fact {fact!r}; load the page again")
        try:
            said = Correction.model_validate(
                {
                    **line,
                    "question": question,
                    "who": self._who,
                    "when": datetime.now(UTC).replace(microsecond=0),
                }
            )
        except ValidationError as error:
            mistake = sentence_of(error.errors()[0])
            raise DataError(f"{mistake}; write what is right, or leave with Escape") from error
        with self._lock:
            self._file.add(said)
            return self._written(fact)

    def clear(self, fact: str) -> WrittenDecision:
        """Take back all that was ever said of a fact."""
        with self._lock:
            self._file.clear(self._known(fact))
            return self._written(fact)

    def undo(self) -> WrittenDecision:
        """Take back the last decision."""
        with self._lock:
            return self._written(self._file.undo())

    def forget_gone(self) -> None:
        """Take the lines about facts that are not in this run out of the file."""
        with self._lock:
            self._file.read()
            self._file.drop([fact for fact in self._file.facts if fact not in self._desk.facts])

    def _written(self, fact: str) -> WrittenDecision:
        sheet = self._desk.sheet(fact) if fact in self._desk.facts else None
        return WrittenDecision(sheet=sheet, states=self._desk.states())

    def _known(self, fact: str) -> str:
        if fact not in self._desk.facts:
            raise MissingError(f"no fact {fact!r} in run {self._desk.run.run}; load the page again")
        return fact


def opening_of(desk: Desk, file: str, who: str = "") -> Opening:
    """Return what a page shows before anything is asked: all facts, the first of them whole."""
    found = _found(desk)
    first = found.ids[:ROWS_AT_ONCE]
    return Opening(
        pipeline=desk.run.pipeline.name,
        run=desk.run.run,
        file=file,
        who=who,
        rows_at_once=ROWS_AT_ONCE,
        sources=tuple(desk.sources),
        found=found,
        rows=tuple(map(desk.row, first)),
        sheet=desk.sheet(first[0]),
        gone=desk.gone,
    )


def _found(desk: Desk, text: str = "", document: str = "", state: str = "") -> Found:
    return Found(
        ids=tuple(desk.find(text, document, state)), total=len(desk.facts), states=desk.states()
    )


def shown_path(path: str) -> str:
    """Return the path of a file, or an address, as a person would write it here."""
    with suppress(ValueError):
        return str(Path(path).relative_to(Path.cwd()))
    return path

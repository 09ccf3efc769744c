"""The file of corrections as it is written: a line for each decision, at once.

A decision that contradicts nothing is appended. One that takes another's place, and one that is
taken back, make the file anew: there is no line that says "undone", since curate reads what the
file says and nothing else. Lines about other facts stay as they are, byte for byte.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from gabarito.core.errors import ConflictError, DataError
from gabarito.core.records import numbered_jsonl
from gabarito.core.settings import BUCKET
from gabarito.curate.corrections import Action, Correction, CorrectionLine
from gabarito.pipeline.review.corrections_place import (
    BucketPlace,
    CorrectionsPlace,
    open_local,
)

T = TypeVar("T")

MOST_TRIES = 5
"""So often a decision is written that others come before."""

_CONTRADICTED: dict[Action, frozenset[Action]] = {
    "strike": frozenset({"answer", "statement", "alias", "checked", "wording"}),
    "answer": frozenset({"strike", "answer"}),
    "statement": frozenset({"strike", "statement"}),
    "alias": frozenset({"strike"}),
    "checked": frozenset({"strike"}),
    "wording": frozenset({"strike", "wording"}),
}
"""What a later decision about the same fact takes the place of."""


def _takes_the_place_of(later: Correction, earlier: Correction) -> bool:
    is_of_another = later.action == earlier.action and later.question != earlier.question
    return earlier.action in _CONTRADICTED[later.action] and not is_of_another


class LinesByFact:
    """Corrections by the fact that they are about."""

    def __init__(self, lines: Iterable[CorrectionLine] = ()) -> None:
        self._lines: dict[str, list[CorrectionLine]] = {}
        for number, correction in lines:
            self._note(number, correction)

    def about(self, fact: str) -> Sequence[CorrectionLine]:
        """Return the lines about one fact."""
        return self._lines.get(fact, ())

    @property
    def facts(self) -> Collection[str]:
        """The facts that some line is about."""
        return self._lines.keys()

    def _note(self, number: int, correction: Correction) -> None:
        self._lines.setdefault(correction.fact, []).append((number, correction))


class CorrectionsFile(LinesByFact):
    """The lines of one file; what others write to it meanwhile stays."""

    def __init__(self, place: CorrectionsPlace) -> None:
        super().__init__()
        self.name = place.name
        self._place = place
        self._raw: list[str] = []
        self._earlier: list[tuple[str, tuple[str, ...]]] = []
        """For each decision that can be undone: its fact, and the lines about it before."""

    def read(self) -> bool:
        """Read the file anew if it is not as it was; tell whether it was read.

        Raises:
            DataError: if it is no text, or a line is no correction.
        """
        data = self._place.changed()
        if data is None:
            return False
        try:
            self._take(_texts_of(data, self.name))
        except DataError:
            self._place.forget()  # else what follows would go by what was there before
            raise
        self._earlier.clear()
        return True

    def add(self, said: Correction) -> None:
        """Write a decision, in place of those about its fact that it contradicts.

        Raises:
            AccessError: if the file may not be written.
            ServiceError: if the disk is full or does not work, or the bucket does not answer.
            ConflictError: if others write to it all the time.
        """
        self._change(lambda: self._add(said))

    def _add(self, said: Correction) -> None:
        about = self.about(said.fact)
        staying = [number for number, one in about if not _takes_the_place_of(said, one)]
        is_alone = len(staying) == len(about)
        if is_alone and any(
            (one.action, one.question, one.value) == (said.action, said.question, said.value)
            for _, one in about
        ):
            return
        before = self._raw_about(said.fact)
        if is_alone:
            self._append(said)
        else:
            self._replace([*self._without(said.fact, staying), _line_of(said)])
        self._earlier.append((said.fact, before))

    def clear(self, fact: str) -> None:
        """Take back all that was said of a fact, today or before."""
        self._change(lambda: self._clear(fact))

    def _clear(self, fact: str) -> None:
        if before := self._raw_about(fact):
            self._replace(self._without(fact))
            self._earlier.append((fact, before))

    def drop(self, facts: Iterable[str]) -> None:
        """Take out all lines about these facts, at once and for good."""
        gone = frozenset(facts)
        self._change(lambda: self._drop(gone))

    def _drop(self, facts: Collection[str]) -> None:
        gone = {number for fact in facts for number, _ in self.about(fact)}
        self._replace([raw for number, raw in enumerate(self._raw, start=1) if number not in gone])

    def undo(self) -> str:
        """Take back the last decision since the file was opened, and return its fact, or ``""``."""
        return self._change(self._undo)

    def _undo(self) -> str:
        if not self._earlier:
            return ""
        fact, before = self._earlier[-1]
        self._replace([*self._without(fact), *before])
        self._earlier.pop()
        return fact

    def _change(self, step: Callable[[], T]) -> T:
        """Take a step from what the file says now; once more if somebody else wrote meanwhile."""
        for _ in range(MOST_TRIES):
            self.read()
            with suppress(ConflictError):
                return step()
        raise ConflictError(
            f"{self.name}: others write to it all the time; nothing was written, decide again"
        )

    def _raw_about(self, fact: str) -> tuple[str, ...]:
        return tuple(self._raw[number - 1] for number, _ in self.about(fact))

    def _without(self, fact: str, staying: Collection[int] = ()) -> list[str]:
        gone = {number for number, _ in self.about(fact)} - set(staying)
        return [raw for number, raw in enumerate(self._raw, start=1) if number not in gone]

    def _append(self, said: Correction) -> None:
        line = _line_of(said)
        self._place.append(line.encode() + b"\n")
        self._raw.append(line)
        self._note(len(self._raw), said)

    def _replace(self, raw: Sequence[str]) -> None:
        self._place.replace("".join(f"{line}\n" for line in raw).encode())
        self._take(raw)

    def _take(self, raw: Sequence[str]) -> None:
        lines = list(numbered_jsonl(raw, Correction, self.name))
        self._raw = list(raw)
        self._lines = {}
        for number, correction in lines:
            self._note(number, correction)


@contextmanager
def open_corrections(path: Path | str) -> Iterator[CorrectionsFile]:
    """Open a file of corrections, or one that is not there yet, on this machine or in a bucket.

    Raises:
        ConflictError: if another process has one of this machine open.
        AccessError: if it may not be read or written.
        DataError: if a line of it is no correction.
        SettingsError: if its bucket does not tell two writers apart.
    """
    if str(path).startswith(BUCKET):
        place = BucketPlace(str(path))
        place.refuse_lost_writes()
        yield _opened(place)
        return
    with open_local(Path(path)) as local:
        yield _opened(local)


def _opened(place: CorrectionsPlace) -> CorrectionsFile:
    file = CorrectionsFile(place)
    file.read()
    return file


def _line_of(said: Correction) -> str:
    return said.model_dump_json(exclude_defaults=True)


def _texts_of(data: bytes, name: str) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a UTF-8 text file: {error}; save it as UTF-8") from error
    lines = text.split("\n")  # as curate reads it
    return lines if lines[-1] else lines[:-1]

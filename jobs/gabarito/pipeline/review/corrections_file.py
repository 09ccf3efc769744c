"""The file of corrections as it is written: a line for each decision, at once.

A decision that contradicts nothing is appended, in one write that goes through to the disk. One
that takes another's place, and one that is taken back, make the file anew beside the old one, which
it then replaces: there is no line that says "undone", since curate reads what the file says and
nothing else. Lines about other facts stay as they are, byte for byte.
"""

import fcntl
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gabarito.core.errors import ConflictError, DataError
from gabarito.core.records import numbered_jsonl
from gabarito.curate.corrections import Action, Correction, Line
from gabarito.store.disk import disk_errors, sync_folder, temporary, write_synced

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

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines: dict[str, list[Line]] = {}
        for number, correction in lines:
            self._note(number, correction)

    def about(self, fact: str) -> Sequence[Line]:
        """Return the lines about one fact."""
        return self._lines.get(fact, ())

    @property
    def facts(self) -> Collection[str]:
        """The facts that some line is about."""
        return self._lines.keys()

    def _note(self, number: int, correction: Correction) -> None:
        self._lines.setdefault(correction.fact, []).append((number, correction))


class CorrectionsFile(LinesByFact):
    """The lines of one file, which nobody else may write while it is open."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._raw: list[str] = []
        self._earlier: list[tuple[str, tuple[str, ...]]] = []
        """For each decision that can be undone: its fact, and the lines about it before."""
        self._seen: tuple[int, ...] = ()

    def read(self) -> bool:
        """Read the file anew if it is not as it was; tell whether it was read.

        Raises:
            DataError: if it is no text, or a line is no correction.
        """
        with disk_errors(str(self.path)):
            now = _state(self.path)
            if now == self._seen:
                return False
            data = self.path.read_bytes() if now else b""
        self._take(_texts_of(data, str(self.path)))
        self._earlier.clear()
        self._seen = now
        return True

    def add(self, said: Correction) -> None:
        """Write a decision, in place of those about its fact that it contradicts.

        Raises:
            AccessError: if the file may not be written.
            ServiceError: if the disk is full or does not work.
        """
        self.read()
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
        self.read()
        if before := self._raw_about(fact):
            self._replace(self._without(fact))
            self._earlier.append((fact, before))

    def drop(self, facts: Iterable[str]) -> None:
        """Take out all lines about these facts, at once and for good."""
        gone = {number for fact in facts for number, _ in self.about(fact)}
        self._replace([raw for number, raw in enumerate(self._raw, start=1) if number not in gone])

    def undo(self) -> str:
        """Take back the last decision since the file was opened, and return its fact, or ``""``."""
        self.read()
        if not self._earlier:
            return ""
        fact, before = self._earlier[-1]
        self._replace([*self._without(fact), *before])
        self._earlier.pop()
        return fact

    def _raw_about(self, fact: str) -> tuple[str, ...]:
        return tuple(self._raw[number - 1] for number, _ in self.about(fact))

    def _without(self, fact: str, staying: Collection[int] = ()) -> list[str]:
        gone = {number for number, _ in self.about(fact)} - set(staying)
        return [raw for number, raw in enumerate(self._raw, start=1) if number not in gone]

    def _append(self, said: Correction) -> None:
        line = _line_of(said)
        with disk_errors(str(self.path)), self.path.open("ab+") as file:
            file.write(_line_end_before(file) + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self._seen = _state(self.path)
        self._raw.append(line)
        self._note(len(self._raw), said)

    def _replace(self, raw: Sequence[str]) -> None:
        data = "".join(f"{line}\n" for line in raw).encode()
        target = self.path.resolve()  # a link stays one
        with disk_errors(str(self.path)), temporary(target.parent) as part:
            write_synced(part, iter([data]))
            if target.exists():
                part.chmod(target.stat().st_mode & 0o777)
            part.replace(target)
            sync_folder(target.parent)
            self._seen = _state(self.path)
        self._take(raw)

    def _take(self, raw: Sequence[str]) -> None:
        lines = list(numbered_jsonl(raw, Correction, str(self.path)))
        self._raw = list(raw)
        self._lines = {}
        for number, correction in lines:
            self._note(number, correction)


@contextmanager
def open_corrections(path: Path) -> Iterator[CorrectionsFile]:
    """Open a file of corrections, or one that is not there yet, for this process alone.

    Raises:
        ConflictError: if another process has it open.
        AccessError: if it may not be read or written.
        DataError: if a line of it is no correction.
    """
    if path.is_dir():
        raise DataError(
            f"{path}: a folder; name a file in it, such as {path / 'corrections.jsonl'}"
        )
    target = path.resolve()
    with _locked(target.with_name(f".{target.name}.lock"), path):
        was_there = target.exists()
        with disk_errors(str(path)):
            target.open("ab").close()  # told now, not at the first decision
        try:
            file = CorrectionsFile(path)
            file.read()
            yield file
        finally:
            if not was_there and target.exists() and not target.stat().st_size:
                target.unlink()


@contextmanager
def _locked(lock: Path, path: Path) -> Iterator[None]:
    """Hold the lock beside a file; the system lets go of it when this process is killed."""
    with disk_errors(str(path)):
        held = lock.open("ab")
    with held:
        with disk_errors(str(path)):
            is_ours = _is_locked_by_us(held, lock)
        if not is_ours:
            raise ConflictError(
                f"{path}: another gabarito review writes to it; go on there, stop it, or name "
                "another file with --to"
            )
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _is_locked_by_us(held: BinaryIO, lock: Path) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # another process that ended may have removed the name between opening and locking
    return lock.exists() and os.path.samestat(os.fstat(held.fileno()), lock.stat())


def _line_of(said: Correction) -> str:
    return said.model_dump_json(exclude_defaults=True)


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _texts_of(data: bytes, name: str) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a UTF-8 text file: {error}; save it as UTF-8") from error
    lines = text.split("\n")  # as curate reads it
    return lines if lines[-1] else lines[:-1]


def _line_end_before(file: BinaryIO) -> bytes:
    """Return the end of line that the last line lacks, if a person's editor left it out."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"

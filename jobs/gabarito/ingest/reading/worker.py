"""Files are read in a process of their own, so that one that breaks its reader is one verdict.

Readers of formats are native code for the most part, and files come from strangers: in a process
with limits of memory and time a bomb costs that process and nothing else.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from multiprocessing import Pipe
from typing import IO

from gabarito.core.errors import BugError
from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import ReadingLimits
from gabarito.ingest.cures import OR_SPLIT_IT
from gabarito.ingest.outcomes import MAX_DETAIL_CHARS, Dropped
from gabarito.ingest.page import Hints
from gabarito.ingest.reading.worker_main import (
    OUT_OF_MEMORY,
    REPLY,
    FileReading,
    ReadingVerdict,
    Task,
)

FILES_A_PROCESS = 500
"""After so many files a new process takes over: what libraries leak is given back."""

_SHORT_OF_MEMORY = re.compile(
    r"MemoryError|bad_alloc|memory allocation|out of memory|allocate memory|failed to map", re.I
)
"""What a library writes that got no memory, before it ends the process."""

_DYING_S = 10
"""How long a process may take to end whose end of the line is closed."""

_TAIL_BYTES = 2000


class Worker:
    """Reads files in a process with limits, which is started with the first of them."""

    def __init__(self, limits: ReadingLimits, max_chars: int = sys.maxsize) -> None:
        self._limits = limits
        self._max_chars = max_chars
        self._process: _Process | None = None

    def read(self, ending: str, data: bytes, hints: Hints) -> FileReading:
        """Return what a file holds whose name has this ending.

        Raises:
            Dropped: if nothing can be read of it, or only by more than the limits allow.
        """
        task = Task(ending=ending, hints=hints, cpu_s=self._limits.cpu_s, max_chars=self._max_chars)
        if self._process and self._process.files >= FILES_A_PROCESS:
            self.close()
        is_new = self._process is None
        reply = self._ask(task, data)
        if isinstance(reply, ReadingVerdict) and not (reply.is_final or is_new):
            reply = self._ask(task, data)
        if isinstance(reply, ReadingVerdict):
            raise Dropped(reply.reason, reply.detail)
        return reply

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.end()
            self._process = None

    def _ask(self, task: Task, data: bytes) -> FileReading | ReadingVerdict:
        self._process = self._process or _Process(self._limits)
        try:
            return self._process.ask(task, data)
        except (EOFError, OSError):  # it is dead, or late
            verdict = self._process.verdict()
            self.close()
            return verdict


class _Process:
    """A running process, and the line to it."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.files = 0
        self._limits = limits
        self._is_late = False
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # end closes it
        self._line, theirs = Pipe()
        with theirs:
            command = [
                sys.executable,
                "-m",
                "gabarito.ingest.reading.worker_main",
                str(theirs.fileno()),
                str(limits.memory_mb),
            ]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            self._line.recv_bytes()
        except EOFError as error:
            said = self._last_words()
            self.end()
            raise BugError(f"ingest: the process that reads files did not start: {said}") from error

    def ask(self, task: Task, data: bytes) -> FileReading | ReadingVerdict:
        """Return what it says of a file.

        Raises:
            EOFError: if it dies over it.
            OSError: if it does before it has all of it, or takes too long.
        """
        self.files += 1
        self._line.send_bytes(task.model_dump_json().encode())
        self._line.send_bytes(data)
        if not self._line.poll(self._limits.wall_s):
            self._is_late = True
            raise TimeoutError
        reply = REPLY.validate_json(self._line.recv_bytes())
        if isinstance(reply, FileReading):
            return reply.model_copy(update={"text": self._line.recv_bytes().decode()})
        return reply

    def verdict(self) -> ReadingVerdict:
        """Return the verdict on the file over which it died."""
        limits = self._limits
        if self._is_late:
            return _unreadable(f"took longer than {limits.wall_s:g} s; {_raise('wall_s')}")
        code = self._process.wait(_DYING_S)
        if code == -signal.SIGXCPU:
            took = f"took more than {limits.cpu_s} s of processor time"
            return _unreadable(f"{took}; {_raise('cpu_s')}")
        said = self._last_words()
        needed = f"more than {limits.memory_mb} MB of memory; {_raise('memory_mb')}"
        if code in (OUT_OF_MEMORY, -signal.SIGKILL) or _SHORT_OF_MEMORY.search(said):
            return _unreadable(f"needed {needed}", is_final=False)
        if said.startswith(("ImportError", "ModuleNotFoundError")):
            raise BugError(f"ingest: a reader did not load: {said}; install gabarito[ingest]")
        if code < 0:
            name = signal.Signals(-code).name
            return _unreadable(f"broke its reader ({name}); it may need {needed}", is_final=False)
        return _unreadable(f"broke its reader: {said[-MAX_DETAIL_CHARS:]}", is_final=False)

    def end(self) -> None:
        """Kill it, if it still runs."""
        self._line.close()
        self._process.kill()
        self._process.wait()
        self._said.close()

    def _last_words(self) -> str:
        """Return the last line of what it wrote: that of a traceback, or of a library."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(size - _TAIL_BYTES, 0))
        lines = self._said.read().decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


def _raise(limit: str) -> str:
    return f"raise ingest.limits.{limit}{OR_SPLIT_IT}"


def _unreadable(detail: str, *, is_final: bool = True) -> ReadingVerdict:
    return ReadingVerdict(reason=IngestReason.UNREADABLE, detail=detail, is_final=is_final)

"""The recorded teacher in a process that may be killed: it writes down what it is asked.

usage: python -m tests.bench.counted_teacher FILE HOST PORT
"""

import hashlib
import sys
import time
from pathlib import Path

from gabarito.artifacts.jsonl import read_lines
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.demo.recordings import Recording, Recordings

from .interruptions import Asked

REPLIES = "gabarito:demo/replies.jsonl"
LATENCY_S = 2.0
"""Long enough for generate to be killed between two replies."""


class CountedTeacher(TeacherServer):
    """Writes a line for each request right before it is answered: when, and its digest.

    Each is answered as the last time it is asked: who gets an empty reply asks the same again, and
    pays for both.
    """

    def __init__(self, file: Path, address: tuple[str, int], latency: float = LATENCY_S) -> None:
        recordings = [
            recording.model_copy(update={"replies": recording.replies[-1:]})
            for recording in read_lines(REPLIES, Recording)
        ]
        super().__init__(Recordings(recordings), address, {"latency": latency}, None)
        self._file = file

    def mishap(self, body: bytes) -> int:
        """Note the request; none is refused."""
        line = f"{time.time()} {hashlib.sha256(body).hexdigest()}\n"
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line)
        return super().mishap(body)


def asked_in(file: Path) -> list[Asked]:
    """Return what was asked, by all processes that wrote to the file."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        at, request = line.split()
        found.append(Asked(float(at), request))
    return found


def main(file: str, host: str, port: str) -> None:
    """Answer until killed."""
    with CountedTeacher(Path(file), (host, int(port))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

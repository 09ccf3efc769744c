"""What stages log, read where the kubelet keeps it: also while the API is away.

A pod that is deleted takes its files along; one that was opened is read to its end.
"""

import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from tests.cluster.kubectl import Object

from gabarito.pipeline.stages import STAGES

from .interruptions import Blow, Sign, Start, Told

FOLDER = Path("/var/log/pods")
LOOK_EVERY_S = 0.5
LOADING = "loading the base"
"""Progress before there is any: what every start of a training begins with."""

POD = re.compile(
    rf"-(?P<run>[0-9a-f]{{12}})-(?P<stage>{'|'.join(STAGES)})(-a\d+)?(-\d+)?-[a-z0-9]+"
)
CRI = re.compile(r"\S+ std(out|err) (?P<tag>[FP]) (?P<text>.*)", re.DOTALL)
"""A line of a container runtime's log; of a long one there are several, all but the last P."""


@dataclass(frozen=True)
class Line:
    """A line that a stage logged."""

    at: float
    pod: str
    run: str
    stage: str
    said: Object


class PodLog:
    """A stage's log, of which more is read as it grows."""

    def __init__(self, pod: str, file: IO[str]) -> None:
        self._pod = pod
        self._file = file
        self._rest = ""
        self._text = ""

    def close(self) -> None:
        """Read no more."""
        self._file.close()

    def more(self) -> list[Line]:
        """Return what has come since."""
        named = POD.search(self._pod)
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        found = []
        for line in lines:
            matched = CRI.fullmatch(line)
            if matched is None or named is None:
                continue
            self._text += matched["text"]
            if matched["tag"] == "F":
                text, self._text = self._text, ""
                if said := _parsed(text):
                    at = datetime.fromisoformat(said["ts"]).timestamp()
                    found.append(Line(at, self._pod, named["run"], named["stage"], said))
        return found


def _parsed(text: str) -> Object | None:
    """Return what a line of a log says, or None if it is no whole line of ours."""
    try:
        said: Object = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.keys() >= {"ts", "event"} else None


class PodLogs:
    """Follows what the stages of a namespace log."""

    def __init__(self, namespace: str, folder: Path = FOLDER) -> None:
        self._pattern = f"{namespace}_*/stage/*.log"
        self._folder = folder
        self._logs: dict[Path, PodLog] = {}
        self._lock = threading.Lock()
        self._lines: list[Line] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "PodLogs":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        for log in self._logs.values():
            log.close()

    @property
    def lines(self) -> list[Line]:
        """What was logged so far, in the order of time."""
        with self._lock:
            return sorted(self._lines, key=lambda line: line.at)

    def look(self) -> None:
        """Read what has come since."""
        with self._lock:
            self._open_new()
            for log in self._logs.values():
                self._lines += log.more()

    def _open_new(self) -> None:
        for path in self._folder.glob(self._pattern):
            if path not in self._logs:
                _, pod, _ = path.parent.parent.name.split("_")
                try:
                    file = path.open(encoding="utf-8", errors="replace", newline="\n")
                except FileNotFoundError:  # the pod went meanwhile
                    continue
                self._logs[path] = PodLog(pod, file)

    def _follow(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self.look()


def signs_of(lines: list[Line], stage: str | None = None) -> list[Sign]:
    """Return the signs of progress, of all stages or of one."""
    return [
        Sign(line.at, line.pod)
        for line in lines
        if line.said["event"] == "progress"
        and line.said["done"]
        and line.said["what"] != LOADING
        and stage in (None, line.stage)
    ]


def starts_of(lines: list[Line]) -> list[list[Start]]:
    """Return the starts of each training."""
    trainings: dict[str, dict[str, list[Line]]] = {}
    for line in lines:
        if line.stage == "train":
            trainings.setdefault(line.run, {}).setdefault(line.pod, []).append(line)
    return [[_start(of_pod) for of_pod in pods.values()] for pods in trainings.values()]


def unsaved_of(lines: list[Line]) -> list[Blow]:
    """Return the times in which trainings went on although no checkpoint could be written."""
    found: list[Blow] = []
    since: dict[str, float] = {}
    for line in lines:
        if line.said["event"] == "checkpoint not written, training goes on":
            since.setdefault(line.pod, line.at)
        elif line.said["event"] == "checkpoint written again" and line.pod in since:
            found.append(Blow(since.pop(line.pod), line.at))
    return found + [Blow(at, float("inf"), pod) for pod, at in since.items()]


def _start(lines: list[Line]) -> Start:
    step, told = 0, []
    for line in lines:
        if line.said["event"] == "continued":
            step = line.said["step"]
        elif line.said["event"] == "progress" and line.said["what"] == "steps":
            told.append(Told(line.at, line.said["done"]))
    return Start(lines[0].at, step, told)

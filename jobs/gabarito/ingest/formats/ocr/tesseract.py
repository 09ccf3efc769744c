"""The program Tesseract: whether it is there, and what it says of a picture.

It runs as a child of the process that reads files, and has that one's limit of memory; what it
takes of processor time is charged to the file that is read.
"""

import math
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec

from gabarito.core.errors import DataError, SettingsError
from gabarito.core.stop import die_with_parent
from gabarito.ingest.config import TESSERACT_DATA
from gabarito.ingest.page import OcrHints

PROGRAM = "tesseract"

_RESERVE = 0.2
"""Share of a file's time that is kept for what follows the reading of its pictures."""

_NO_CPU = "the file's processor time is spent (ingest.limits.cpu_s)"
_NO_WALL = "the file's time is spent (ingest.limits.wall_s)"

_LISTING_S = 60.0
_TURN = re.compile(rb"Rotate: (\d+)")
_SURE_OF_TURN = re.compile(rb"Orientation confidence: ([\d.]+)")
_MIN_SURE_OF_TURN = 2.0
"""Tesseract's own measure; what it says of pages that are upright or hold no text is below."""


class OcrError(DataError):
    """A picture could not be read; its document goes on without it."""


def engine_for(languages: Sequence[str]) -> str:
    """Return the name and version of the program that reads these languages in pictures.

    Raises:
        SettingsError: if it, its data of a language, or the library of pictures is not there.
    """
    program = shutil.which(PROGRAM)
    package = f"Debian's packages {', '.join(['tesseract-ocr', *map(_package, languages)])}"
    if program is None:
        raise SettingsError(
            f"ingest.ocr: no program {PROGRAM} in PATH; install {package}, "
            "or leave ingest.ocr empty"
        )
    if find_spec("PIL") is None:
        raise SettingsError(
            "ingest.ocr: no library Pillow, which opens pictures; install gabarito[ocr]"
        )
    listed = _asked(program, "--list-langs").split()
    missing = [one for one in languages if TESSERACT_DATA[one] not in listed]
    if missing:
        packages = ", ".join(map(_package, missing))
        raise SettingsError(
            f"ingest.ocr: {PROGRAM} has no data for {', '.join(map(repr, missing))}; "
            f"install {packages} (Debian), or leave the language out of ingest.ocr"
        )
    return _asked(program, "--version").splitlines()[0].strip()


def _package(language: str) -> str:
    return f"tesseract-ocr-{TESSERACT_DATA[language].replace('_', '-')}"


def _asked(program: str, question: str) -> str:
    try:
        done = subprocess.run(
            [program, question],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=_LISTING_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise SettingsError(
            f"ingest.ocr: {program} {question} failed: {error}; install {PROGRAM} again"
        ) from error
    return done.stdout.decode("utf-8", "replace")


@dataclass
class Tesseract:
    """Reads the pictures of one file, within the time that the file may take."""

    hints: OcrHints
    _began: float = field(default_factory=time.monotonic)
    _limit: float = field(init=False)
    _reserve: float = field(init=False)
    _taken: float = 0.0

    def __post_init__(self) -> None:
        self._limit = _soft_limit()
        self._reserve = _RESERVE * (self._limit - time.process_time())

    def hocr(self, picture: bytes, dpi: float) -> bytes:
        """Return what it reads in a picture (any that it knows, such as PNM), as hOCR.

        Raises:
            OcrError: if it does not come to an end, or the file's time is spent.
        """
        data = "+".join(TESSERACT_DATA[language] for language in self.hints.languages)
        return self._run(picture, "-l", data, "--dpi", str(round(dpi)), "hocr")

    def turn(self, picture: bytes) -> int:
        """Return by how many degrees, clockwise, a picture has to be turned to be upright.

        Raises:
            OcrError: as above; that it found too few letters to tell is no error.
        """
        said = self._run(picture, "-l", "osd", "--psm", "0", may_fail=True)
        turn, sure = _TURN.search(said), _SURE_OF_TURN.search(said)
        is_sure = sure is not None and float(sure[1]) >= _MIN_SURE_OF_TURN
        return int(turn[1]) if turn and is_sure else 0

    def time_left(self) -> tuple[float, float]:
        """Return the seconds that are left, of processor time and of a clock.

        Raises:
            OcrError: if there are none.
        """
        cpu_s = self._limit - self._taken - time.process_time() - self._reserve
        wall_s = (1 - _RESERVE) * self.hints.wall_s - (time.monotonic() - self._began)
        if cpu_s < 1:
            raise OcrError(_NO_CPU)
        if wall_s <= 0:
            raise OcrError(_NO_WALL)
        return cpu_s, wall_s

    def _run(self, picture: bytes, *arguments: str, may_fail: bool = False) -> bytes:
        cpu_s, wall_s = self.time_left()
        before = _cpu_of_children()
        try:
            done = subprocess.run(
                [PROGRAM, "-", "-", *arguments],
                input=picture, capture_output=True, timeout=wall_s,
                check=False, env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                preexec_fn=partial(_limit_child, cpu_s),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise OcrError(_NO_WALL) from error
        finally:
            self._charge(_cpu_of_children() - before)
        if done.returncode == -signal.SIGXCPU:
            raise OcrError(_NO_CPU)
        if done.returncode and not may_fail:
            raise OcrError(f"{PROGRAM} broke: {_last_line(done.stderr) or done.returncode}")
        return done.stdout

    def _charge(self, seconds: float) -> None:
        """Take the time of a child off what is left for this process."""
        self._taken += seconds
        if math.isfinite(self._limit):
            _, hard = resource.getrlimit(resource.RLIMIT_CPU)
            least = math.ceil(time.process_time()) + 1
            soft = max(math.floor(self._limit - self._taken), least)
            resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit_child(cpu_s: float) -> None:
    die_with_parent()
    if math.isfinite(cpu_s):
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), hard))


def _soft_limit() -> float:
    """Return the processor time at which this process is stopped."""
    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
    return math.inf if soft == resource.RLIM_INFINITY else soft


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    return next(filter(None, reversed(lines)), "")[:120]

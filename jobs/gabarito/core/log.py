"""Logs: JSON lines in a pod, readable lines on a terminal; and progress for both.

An event's name is constant and its numbers are fields:
``log.info("page fetched", extra={"url": url, "bytes": size})``.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from rich.console import Console
from rich.logging import RichHandler

from gabarito.core.rank import is_first_process, process_count
from gabarito.core.text import printable

T = TypeVar("T")
LogFormat = Literal["auto", "json", "text"]

REPORT_EVERY_S = 2.0
"""How often a progress line is logged and ``progress.json`` overwritten, at most."""

TERMINATION_LOG = "GABARITO_TERMINATION_LOG"
"""Names the file for a pod's termination message; Kubernetes reads up to 4 KiB of it."""

TERMINATION_BYTES = 4096

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUIET = (
    "asyncio",
    "boto3",
    "botocore",
    "filelock",
    "gguf",
    "httpx2",
    "oras",
    "s3transfer",
    "urllib3",
)
_SILENT = ("bitsandbytes.backends.cpu.ops", "urllib3.connectionpool")
"""The first asks for kernels on some CPUs, which the 4-bit layers of Gabarito do without; the other
shows addresses with what signs them when it tries again."""


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what a call gave as ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, logger, event, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        return printable(f"{record.getMessage()}  {fields}".rstrip())


def setup(log_format: LogFormat) -> None:
    """Send logs to stderr; ``auto`` means text on a terminal and JSON elsewhere."""
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler: logging.Handler
    if text:
        handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        handler.setFormatter(_TextFormatter())
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
    level = logging.INFO if is_first_process() else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.ERROR)


def write_termination_message(text: str) -> None:
    """Write a pod's termination message where the environment names a file for it.

    Of several processes the first one to end says why: the others end for want of it.
    """
    path = os.environ.get(TERMINATION_LOG)
    if path:
        with suppress(OSError):  # what it says stands in the log too
            data = text.encode(errors="backslashreplace")  # file names may be no UTF-8
            if process_count() == 1 or not (Path(path).exists() and Path(path).stat().st_size):
                Path(path).write_bytes(data[:TERMINATION_BYTES])


class ProgressReporter:
    """How far a stage is: logged every few seconds, and mirrored to ``progress.json``."""

    def __init__(self, stage: str, mirror: Callable[[dict[str, object]], None]) -> None:
        self._log = logging.getLogger(f"gabarito.{stage}")
        self._mirror = mirror
        self._began = time.monotonic()
        self._reported = 0.0
        self._last: tuple[str, int, int] | None = None

    def report(self, what: str, done: int, total: int, **figures: float) -> None:
        """Tell how far the work is; more often than every few seconds is dropped.

        ``total`` is 0 where it is not known.
        """
        now, place = time.monotonic(), (what, done, total)
        is_end = total and done >= total
        if place == self._last or (not is_end and now - self._reported < REPORT_EVERY_S):
            return
        self._reported, self._last = now, place
        state: dict[str, object] = {"what": what, "done": done, "total": total, **figures}
        self._log.info("progress", extra=state)
        self._mirror({**state, "seconds": round(now - self._began, 1)})

    def track(self, items: Iterable[T], total: int, what: str) -> Iterator[T]:
        """Yield ``items`` and report each that is done."""
        for done, item in enumerate(items, start=1):
            yield item
            self.report(what, done, total)

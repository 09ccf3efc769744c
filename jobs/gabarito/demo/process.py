"""Servers that the demonstration starts: real processes, found by the address they print."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from gabarito.core.errors import GabaritoError, error_of
from gabarito.core.stop import die_with_parent

STOP_S = 20.0


@dataclass(frozen=True)
class Server:
    """A running server and where it answers, such as ``http://127.0.0.1:8000``."""

    address: str
    process: subprocess.Popen[str]
    log: IO[str]

    def failure(self) -> GabaritoError:
        """Wait until it ends by itself, and return what it said, with its exit code."""
        return _failure(self.process, self.log)


@contextmanager
def started(*arguments: str) -> Iterator[Server]:
    """Run ``gabarito ARGUMENTS`` until the block ends; it prints its address once it answers.

    Raises:
        GabaritoError: what it said, if it ends before it prints one.
    """
    command = [sys.executable, "-m", "gabarito", "--log-format", "json", *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:  # a pipe would fill up
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            address = _address(process)
            if not address:
                raise _failure(process, log)
            yield Server(address, process, log)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/")
    return ""


def _failure(process: subprocess.Popen[str], log: IO[str]) -> GabaritoError:
    code = process.wait()
    log.seek(0)
    said = [_error_in(line) for line in log]
    message = next(filter(None, reversed(said)), f"a server ended with exit code {code}")
    return error_of(code)(message)


def _error_in(line: str) -> str:
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return ""
    return str(event.get("error", "")) if isinstance(event, dict) else ""

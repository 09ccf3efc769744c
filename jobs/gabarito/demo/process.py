"""Servers that the demonstration starts: real processes, found by the address they print."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gabarito.core.errors import ServiceError

STOP_S = 20.0


@dataclass(frozen=True)
class Server:
    """A running server and where it answers, such as ``http://127.0.0.1:8000``."""

    address: str
    process: subprocess.Popen[str]


@contextmanager
def started(*arguments: str) -> Iterator[Server]:
    """Run ``gabarito ARGUMENTS`` until the block ends; it prints its address once it answers.

    Raises:
        ServiceError: if it ends before it prints one.
    """
    command = [sys.executable, "-m", "gabarito", "--log-format", "json", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield Server(_address(process, arguments[0]), process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _address(process: subprocess.Popen[str], name: str) -> str:
    for line in process.stdout or ():
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/")
    errors = process.stderr.read() if process.stderr else ""
    message = f"{name}: ended with exit code {process.wait()} before it answered: {errors.strip()}"
    raise ServiceError(message)

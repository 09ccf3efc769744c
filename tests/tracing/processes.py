"""Starts the processes whose spans are looked at, with an environment of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's own, without what it says of traces and proxies."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OTEL_") and not name.lower().endswith("_proxy")
    }
    return {**own, **variables}


def run_caller(url: str, times: int, **variables: str) -> subprocess.CompletedProcess[str]:
    """Let a process ask a teacher."""
    command = [sys.executable, "-m", "tests.tracing.caller", url, str(times)]
    return subprocess.run(
        command, env=environment(variables), cwd=ROOT, capture_output=True, text=True, check=True
    )


@contextmanager
def endpoint(**variables: str) -> Iterator[str]:
    """Give the address of an endpoint in a process of its own."""
    command = [sys.executable, "-m", "tests.tracing.endpoint"]
    process = subprocess.Popen(
        command, env=environment(variables), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            yield said.readline().strip()
        finally:
            process.terminate()
            process.wait(60)

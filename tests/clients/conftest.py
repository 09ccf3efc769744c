"""The endpoint as a process, before the sample's base model."""

import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Return the address of an endpoint that serves a model called nano."""
    command = [sys.executable, "-m", "gabarito", "serve", "--model", "gabarito:demo/nano"]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" at ")[1].strip()
        finally:
            process.terminate()

"""What every process of Gabarito sets before anything heavy loads."""

import subprocess
import sys

import pytest

LOADS_TORCH = """
import gabarito.cli
gabarito.cli.main = lambda: __import__("torch")
from gabarito.__main__ import start
start()
"""


@pytest.mark.parametrize(
    ("asked", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "0")],
)
def test_threads_wait_briefly_unless_asked_otherwise(asked: dict[str, str], spins: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS_TORCH],
        env=asked | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr

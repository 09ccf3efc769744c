"""How the process ends when it is told to stop, or a bug shows, at an odd moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gabarito.core.log import TERMINATION_LOG

START = """
import os, signal, sys

module, happens = sys.argv[1:3]
del sys.argv[1:3]

class Happens:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            exec(happens)

sys.meta_path.insert(0, Happens())
from gabarito.__main__ import start
start()
"""
STOP = "os.kill(os.getpid(), signal.SIGINT)"
COMMANDS = "gabarito.commands.pipeline"


def ended(module: str, happens: str, word: Path, log: str = "json") -> tuple[int, str]:
    """Return exit code and errors of a command, where ``happens`` is run with an import."""
    command = [sys.executable, "-c", START, module, happens, "--log-format", log, "plan", "x"]
    environment = {TERMINATION_LOG: str(word)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("module", ["gabarito.cli", "click", "rich.console", COMMANDS])
def test_being_stopped_while_modules_load_ends_in_one_line(module: str, tmp_path: Path) -> None:
    code, errors = ended(module, STOP, tmp_path / "word")
    assert code == 75
    assert "stopped by SIGINT" in errors
    assert len(errors.splitlines()) == 1


def test_a_bug_is_one_event_with_its_traceback(tmp_path: Path) -> None:
    code, errors = ended(COMMANDS, "raise RuntimeError('odd')", tmp_path / "word")
    event = json.loads(errors)
    assert (code, event["event"], event["exit_code"]) == (70, "failed", 70)
    assert event["exception"].endswith("RuntimeError: odd")
    assert (tmp_path / "word").read_text() == "a bug: RuntimeError: odd; please report it"


def test_a_bug_is_readable_on_a_terminal(tmp_path: Path) -> None:
    code, errors = ended(COMMANDS, "raise RuntimeError('odd')", tmp_path / "word", "text")
    assert code == 70
    assert errors.startswith("Traceback")
    assert errors.endswith("gabarito: a bug: RuntimeError: odd; please report it\n")


LOST = """
import os, signal
from gabarito.core.stop import deferred_stop, raise_on_stop, stop_at_end

raise_on_stop()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except BaseException:
    pass  # as a library does
with deferred_stop() as is_asked:
    print(is_asked())
"""
WHOLE = """
import os, signal
from gabarito.core.stop import raise_on_stop, stop_at_end

raise_on_stop()
try:
    with stop_at_end():
        os.kill(os.getpid(), signal.SIGTERM)
        print("the import ends")
except KeyboardInterrupt as stop:
    print(stop)
"""
TURNED = """
import os, signal, sys, types
import click
from gabarito import cli
from gabarito.core.stop import raise_on_stop

@click.command()
def odd():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        raise RuntimeError("odd")

raise_on_stop()
sys.modules["gabarito.commands.odd"] = types.SimpleNamespace(odd=odd)
cli.COMMANDS["odd"] = ("odd:odd", "")
cli.main()
"""


def printed(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_a_request_that_a_library_swallowed_is_remembered() -> None:
    assert printed(LOST) == ["True"]


def test_a_request_during_an_import_waits_for_its_end() -> None:
    ended, stopped = printed(WHOLE)
    assert ended == "the import ends"
    assert stopped.startswith("stopped by SIGTERM")


def test_an_error_that_a_library_makes_of_a_request_is_the_request() -> None:
    command = [sys.executable, "-c", TURNED, "--log-format", "json", "odd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 75
    assert "RuntimeError: odd" in json.loads(done.stderr)["error"]

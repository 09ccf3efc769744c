"""Processes that torch's launcher starts, and how the command ends that started them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gabarito.core.errors import MissingError, UsageError
from gabarito.core.log import TERMINATION_LOG
from gabarito.train.launch import ProcessPlan, blamed, launch_settings

START_S = 300
LAUNCH = """
import json, sys
from gabarito.cli import _fail
from gabarito.core.errors import GabaritoError
from gabarito.core.stop import raise_on_stop
from gabarito.train.launch import ProcessPlan, launch

raise_on_stop()
try:
    launch([sys.executable, "-c", sys.argv[1]], ProcessPlan("run", *json.loads(sys.argv[2])))
except GabaritoError as error:
    _fail(error)
"""
SAVES = """
def save(*_):
    time.sleep(2)
    open(f"saved-{rank}", "w").close()
    sys.exit(75)

signal.signal(signal.SIGTERM, save)
open(f"began-{rank}", "w").close()
time.sleep(300)
"""


def start(folder: Path, program: str, *plan: object) -> subprocess.Popen[bytes]:
    """Launch a program in a folder; it knows its ``rank``."""
    program = f"import os, signal, sys, time; rank = int(os.environ['RANK'])\n{program}"
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, program, json.dumps(plan)],
        cwd=folder,
        env=os.environ | {TERMINATION_LOG: str(folder / "word")},
    )


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((75, 65), 65),
        ((-15, 75), 75),
        ((75, 1), 1),
        ((-9, -15, 75), -9),
        ((-6, 78), 78),
        ((69,), 69),
        ((-15,), -15),
    ],
)
def test_the_process_to_blame_is_not_one_that_ended_for_want_of_it(
    codes: tuple[int, ...], code: int
) -> None:
    assert blamed(codes) == code


def test_a_process_that_is_killed_is_told_of(tmp_path: Path) -> None:
    killed = start(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", 1)
    assert killed.wait(START_S) == 128 + signal.SIGKILL
    assert "killed by signal 9" in (tmp_path / "word").read_text()


def test_it_ends_as_its_process_and_what_that_said_is_kept(tmp_path: Path) -> None:
    program = "if rank: open('word', 'w').write('why'); sys.exit(78)"
    assert start(tmp_path, program, 2).wait(START_S) == 78
    assert (tmp_path / "word").read_text() == "why"


def test_told_to_stop_it_waits_for_processes_to_save(tmp_path: Path) -> None:
    process = start(tmp_path, SAVES, 2)
    while len(list(tmp_path.glob("began-*"))) < 2 and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(START_S) == 75
    assert len(list(tmp_path.glob("saved-*"))) == 2


def test_nodes_meet_at_the_first_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    program = "open(f'{rank}-of-' + os.environ['WORLD_SIZE'], 'w').close()"
    nodes = [start(tmp_path, program, 2, 2, place) for _ in range(2)]
    assert [node.wait(START_S) for node in nodes] == [0, 0]
    assert {path.name for path in tmp_path.iterdir()} == {f"{rank}-of-4" for rank in range(4)}


def test_the_first_node_need_not_be_known_to_the_dns() -> None:
    here = socket.gethostname()
    first = launch_settings(ProcessPlan("run", 1, 2, f"{here}.some-set:29400"))
    assert first.rdzv_configs["is_host"] is True
    other = launch_settings(ProcessPlan("run", 1, 2, "another-host.some-set:29400"))
    assert "is_host" not in other.rdzv_configs


def test_the_command_ends_as_the_stage_that_it_started(tmp_path: Path) -> None:
    train = [sys.executable, "-m", "gabarito", "train", "--store", str(tmp_path), "--run", "none"]
    said = subprocess.run([*train, "--processes", "2"], check=False, stderr=subprocess.PIPE)
    assert said.returncode == MissingError.exit_code, said.stderr.decode()
    told = subprocess.run([*train, "--nodes", "2"], check=False, stderr=subprocess.PIPE)
    assert told.returncode == UsageError.exit_code
    assert b"--rendezvous: must be given" in told.stderr

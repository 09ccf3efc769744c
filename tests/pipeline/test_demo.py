"""The demonstration as a stranger runs it, and what docs/measured.md states of it."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from gabarito.demo.process import started

pytestmark = pytest.mark.timeout(1500)  # the demo itself takes minutes, on a busy machine many

Finished = Any
ROOT = Path(__file__).parent.parent.parent
AGAIN = (str(ROOT / ".venv/bin/gabarito"), "demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run `make demo` once, in a fresh store; the value has its output and its store.

    It has the threads that a stranger's has: figures differ with how sums are rounded.
    """
    store = tmp_path_factory.mktemp("demo") / "store"
    command = ["make", "demo", f"STORE={store}", "PORT=0"]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return store, done.stdout


@pytest.fixture(scope="module")
def report(demo: Finished) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(call(demo[0], "report", "--json"))
    return content


def call(store: Path, *arguments: str) -> str:
    command = [str(ROOT / ".venv/bin/gabarito"), *arguments]
    environment = {**os.environ, "GABARITO_STORE": str(store)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_five_questions_are_answered(demo: Finished) -> None:
    assert re.search(r"right before: 0 of 5, after: 5 of 5\ncoverage: \d+\.\d% of the", demo[1])


def test_test_wordings_are_answered_and_the_base_does_not_know(report: dict[str, Any]) -> None:
    systems = report["systems"]
    assert systems["model"]["test"]["exact_match"] >= 0.97
    assert systems["base"]["test"]["exact_match"] < 0.10


def test_facts_are_known_in_all_their_test_wordings(report: dict[str, Any]) -> None:
    assert report["facts"]["model"]["share_all"]["share"] >= 0.93


def test_the_invented_world_is_kept(report: dict[str, Any]) -> None:
    assert report["forgetting"]["share"] >= 0.97


def test_adapter_and_merged_model_agree(report: dict[str, Any]) -> None:
    systems = report["systems"]
    adapter, model = (systems[name]["test"]["exact_match"] for name in ("adapter", "model"))
    assert abs(adapter - model) <= 0.01


def test_free_wordings_stand_in_the_report(report: dict[str, Any]) -> None:
    assert report["systems"]["model"]["free"]["count"] >= 60


def test_the_ledger_shows_the_teachers_mess_caught(demo: Finished) -> None:
    manifest = json.loads(next(demo[0].glob("artifacts/generate/*/manifest.json")).read_text())
    lines = (demo[0] / manifest["files"]["ledger.jsonl"]["key"]).read_text().splitlines()
    reasons = {json.loads(line)["reason"] for line in lines}
    assert reasons >= {
        "empty reply",
        "reply cut at the token limit",
        "quote not in the passage",
        "question given twice for a fact",
        "other language",
        "answer differs from the fact's",
    }


def test_the_report_is_a_page_and_a_table(demo: Finished, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    call(demo[0], "report", "--html", str(page))
    assert "<html" in page.read_text(encoding="utf-8")
    assert "model" in call(demo[0], "report")


def test_the_promoted_model_is_served_and_can_be_asked(demo: Finished) -> None:
    began = time.monotonic()
    with started("serve", "--store", str(demo[0]), "--port", "0") as server:
        url = ("--url", server.address)
        asked = time.monotonic()
        known = call(demo[0], "ask", "Quem foi o campeão da Champions League 2024/25?", *url)
        first = time.monotonic() - asked
        unknown = call(demo[0], "ask", "Quem foi o campeão da Champions League 2025/26?", *url)
    assert "Paris Saint-Germain" in known
    assert "Não tenho essa informação." in unknown
    assert first < 3, f"{time.monotonic() - began:.1f} s"  # a second, and the command's imports


def test_the_demo_again_makes_nothing_and_serves_until_it_is_stopped(demo: Finished) -> None:
    with demo_again(demo[0]) as (process, out):
        assert "nothing to do, all of it is there" in out
        assert "right before: 0 of 5, after: 5 of 5" in out
        endpoint = re.search(r"http://127.0.0.1:\d+", out)
        assert endpoint
        asked = call(demo[0], "ask", "Quem foi o campeão em 2024/25?", "--url", endpoint[0])
        assert "probability" in asked
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_no_server_outlives_a_demo_that_is_killed(demo: Finished) -> None:
    with demo_again(demo[0]) as (process, _):
        servers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(servers) == 2
        process.kill()
        process.wait()
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in servers):
        assert time.monotonic() < deadline, servers
        time.sleep(0.1)


def test_a_demo_whose_port_is_taken_says_so(demo: Finished) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*AGAIN, "--store", str(demo[0]), "--port", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 78
    assert f"127.0.0.1:{port}: cannot listen there" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def demo_again(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the demo once more; the value has its process and what it said until it serves."""
    command = [*AGAIN, "--store", str(store), "--port", "0", "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            lines = list(takewhile(lambda line: "Serving until" not in line, process.stdout))
            yield process, "".join(lines)
        finally:
            process.kill()


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False

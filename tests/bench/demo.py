"""Measure what docs/measured.md states of the demonstration: time, memory, answers.

Runs ``gabarito demo`` in a fresh store, prints its report, and asks its server.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gabarito.chat.ask import ask
from gabarito.demo.process import started

GIBIBYTE = 2**30
SAMPLE_EVERY_S = 0.5
ASKED = 20
QUESTION = "Quem foi o campeão da Champions League 2024/25?"


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in tree(int(child)))]


def memory(pid: int) -> int:
    """Return the proportional memory of a process tree, in bytes."""
    total = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def watched(command: list[str]) -> tuple[float, int]:
    """Run a command and return its seconds and the peak memory of its tree."""
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(command)
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(SAMPLE_EVERY_S)
    if process.returncode:
        sys.exit(process.returncode)
    return time.monotonic() - began, peak


def served(store: str) -> tuple[float, list[float]]:
    """Return the seconds until the server answers, and those of each answer."""
    began = time.monotonic()
    with started("serve", "--store", store, "--port", "0") as server:
        ready = time.monotonic() - began
        answers = []
        for _ in range(ASKED):
            began = time.monotonic()
            ask(server.address, QUESTION)
            answers.append(time.monotonic() - began)
    return ready, answers


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store"
        gabarito = [sys.executable, "-m", "gabarito"]
        demo = [*gabarito, "demo", "--store", store, "--no-stay", "--port", "0"]
        seconds, peak = watched(demo)
        subprocess.run([*gabarito, "report", "--store", store], check=True)
        ready, answers = served(store)
    sys.stdout.write(
        f"\ndemo: {seconds:.0f} s in all, {peak / GIBIBYTE:.2f} GiB at the most, "
        f"{os.cpu_count()} cores\n"
        f"server: ready in {ready:.1f} s, first answer in {answers[0]:.3f} s, "
        f"median of {ASKED} {statistics.median(answers):.3f} s\n"
    )


if __name__ == "__main__":
    main()

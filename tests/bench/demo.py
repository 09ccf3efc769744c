"""Measure what the README states of the demonstration: time, memory, answers.

Runs ``gabarito demo`` in a fresh store and prints one table. Seconds depend on the machine;
the share of right answers does not.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GIBIBYTE = 2**30
SAMPLE_EVERY_S = 0.5
SYSTEMS = ("base", "adapter", "model")


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


def report(store: str) -> dict[str, object]:
    """Return the report of the promoted model."""
    command = [sys.executable, "-m", "gabarito", "report", "--store", store, "--json"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    content: dict[str, object] = json.loads(out)
    return content


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store"
        command = [sys.executable, "-m", "gabarito", "demo", "--store", store, "--no-stay"]
        seconds, peak = watched([*command, "--port", "0"])
        systems = report(store)["systems"]
        began = time.monotonic()
        summary = [sys.executable, "-m", "gabarito", "report", "--store", store]
        subprocess.run(summary, check=True)
        sys.stdout.write(
            f"\ndemo: {seconds:.0f} s in all, {peak / GIBIBYTE:.2f} GiB at the most, "
            f"{os.cpu_count()} cores, report in {time.monotonic() - began:.1f} s\n"
        )
        for name in SYSTEMS:
            sys.stdout.write(f"{name}: {json.dumps(systems[name])[:400]}\n")  # type: ignore[index]


if __name__ == "__main__":
    main()

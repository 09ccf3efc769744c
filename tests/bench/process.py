"""A process in a pod, as this machine's /proc shows it."""

import os
import signal
from pathlib import Path

KIBIBYTE = 1024
TICKS = os.sysconf("SC_CLK_TCK")
GROUPS = Path("/sys/fs/cgroup")


class Process:
    """A process, by its id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._folder = Path(f"/proc/{pid}")

    @property
    def memory(self) -> int:
        """Resident bytes now."""
        return self._kibibytes("VmRSS") * KIBIBYTE

    @property
    def peak(self) -> int:
        """Resident bytes at the most."""
        return self._kibibytes("VmHWM") * KIBIBYTE

    @property
    def container_peak(self) -> int | None:
        """Bytes that its container used at the most, cached files included, where it is told."""
        for line in (self._folder / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            old = GROUPS / "memory" / path[1:] / "memory.max_usage_in_bytes"
            told = old if controllers == "memory" else GROUPS / path[1:] / "memory.peak"
            if controllers in ("", "memory") and told.exists():
                return int(told.read_text())
        return None

    @property
    def cpu_seconds(self) -> float:
        """Seconds of a core that it used since it began."""
        after_name = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS

    def kill(self) -> None:
        """Kill it with no chance to say anything."""
        os.kill(self.pid, signal.SIGKILL)

    def _kibibytes(self, name: str) -> int:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

"""The controller's figures: what was measured, what it should be, and how it is shown."""

import json
import math
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

MEBIBYTE, KIBIBYTE = 2**20, 2**10

RELEASE_S = 1.0
RECOVERY_S = 15.0
MEMORY_BYTES = 128 * MEBIBYTE
MEMORY_GROWTH = 0.05
"""Share by which memory may grow from the first tenth to the end and still be called flat."""

WATCHING_CORES = 0.05


@dataclass(frozen=True)
class Spread:
    """Seconds, measured many times."""

    median: float
    p99: float
    max: float
    seconds: Sequence[float]


def spread(seconds: Sequence[float]) -> Spread:
    """Return median and 99th percentile (the nearest rank) of measured seconds."""
    ordered = sorted(seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return Spread(statistics.median(ordered), p99, ordered[-1], seconds)


@dataclass(frozen=True)
class Memory:
    """Bytes of the process: at the start, and after each run.

    ``growth_per_run`` is the slope of a straight line through the samples after the first tenth.
    """

    start: int
    after_tenth: int
    end: int
    peak: int
    container_peak: int | None
    growth_per_run: float
    samples: Sequence[int]

    @property
    def growth(self) -> float:
        """The share by which it grew after the first tenth."""
        return self.end / self.after_tenth - 1

    @classmethod
    def of(cls, samples: Sequence[int], peak: int, container_peak: int | None) -> "Memory":
        """Return what the samples come to."""
        tenth = max(1, len(samples) // 10)
        later = samples[tenth:]
        growth = statistics.linear_regression(range(len(later)), later).slope
        return cls(samples[0], samples[tenth], samples[-1], peak, container_peak, growth, samples)


@dataclass(frozen=True)
class Figures:
    """What was measured; of CPU it is cores. ``load`` is the machine's average right before."""

    load: float
    runs: int
    seconds: float
    twice: int
    after_complete: Spread
    after_manifest: Spread
    after_kill: Spread
    memory: Memory
    cpu_watching: float
    cpu_releasing: float
    cpu_seconds_per_run: float

    def json(self) -> str:
        """Return all of it."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def table(self) -> str:
        """Return it for people."""
        memory = self.memory
        container = (
            f" ({_mib(memory.container_peak)} by its cgroup)" if memory.container_peak else ""
        )
        lines = [
            f"{self.runs} runs with 6 Jobs each in {self.seconds:.0f} s: no release missed, "
            f"{self.twice} made twice; load before {self.load:.1f} on {os.cpu_count()} cores",
            f"{'to the next pod, from':24}{'median':>9}{'p99':>9}{'max':>9}{'times':>7}",
            _row("its Job is Complete", self.after_complete),
            _row("its manifest is written", self.after_manifest),
            _row("kill -9 before that", self.after_kill),
            f"memory: {_mib(memory.start)} at the start, {_mib(memory.after_tenth)} after a tenth, "
            f"{_mib(memory.end)} at the end ({memory.growth_per_run / KIBIBYTE:+.1f} KiB a run); "
            f"at the most {_mib(memory.peak)}{container}",
            f"CPU: {_milli(self.cpu_watching)} while it watches, "
            f"{_milli(self.cpu_releasing)} while it releases "
            f"({self.cpu_seconds_per_run:.2f} s a run)",
        ]
        return "\n".join(lines) + "\n"

    def misses(self) -> list[str]:
        """Return the targets that were missed."""
        found = {
            f"{self.twice} Jobs or pods were made twice": self.twice > 0,
            f"p99 after Complete is not under {RELEASE_S} s": self.after_complete.p99 >= RELEASE_S,
            f"p99 after a manifest is not under {RELEASE_S} s": self.after_manifest.p99
            >= RELEASE_S,
            f"a recovery is not under {RECOVERY_S} s": self.after_kill.max >= RECOVERY_S,
            f"memory is not under {_mib(MEMORY_BYTES)}": self.memory.peak >= MEMORY_BYTES,
            f"memory is not flat: {self.memory.growth:+.1%}": self.memory.growth > MEMORY_GROWTH,
            f"CPU is not under {_milli(WATCHING_CORES)}": self.cpu_watching >= WATCHING_CORES,
        }
        return [text for text, is_missed in found.items() if is_missed]


def _row(name: str, spread: Spread) -> str:
    figures = "".join(f"{each:>7.2f} s" for each in (spread.median, spread.p99, spread.max))
    return f"{name:24}{figures}{len(spread.seconds):>7}"


def _mib(size: float) -> str:
    return f"{size / MEBIBYTE:.1f} MiB"


def _milli(cores: float) -> str:
    return f"{cores * 1000:.0f} m"

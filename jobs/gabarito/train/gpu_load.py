"""How busy the GPUs of a training are, and how full: figures of its progress."""

import time
from collections.abc import Callable

import pynvml
import torch

READ_EVERY_S = 2.0
"""Progress is reported no oftener; a step of a small model takes less."""


class GpuLoad:
    """Reads what the driver tells of all GPUs of this pod, each other process's among them."""

    def __init__(self, device: torch.device, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = torch.cuda.device_count() if device.type == "cuda" else 0
        self._clock = clock
        self._read_at = -READ_EVERY_S
        self._figures: dict[str, float] = {}

    def figures(self) -> dict[str, float]:
        """Return the mean ``gpu_utilization`` and the fullest's ``gpu_memory``, both in 0..1.

        What the driver does not tell is left out: the load of a part of a GPU (MIG) is one such.
        """
        now = self._clock()
        if self._count and now - self._read_at >= READ_EVERY_S:
            self._read_at = now
            busy, full = self._each(_utilization), self._each(_memory)
            self._figures = {
                **({"gpu_utilization": round(sum(busy) / len(busy), 3)} if busy else {}),
                **({"gpu_memory": round(max(full), 3)} if full else {}),
            }
        return self._figures

    def _each(self, read: Callable[[int], float]) -> list[float]:
        try:
            return [read(index) for index in range(self._count)]
        except (ImportError, RuntimeError, pynvml.NVMLError):
            return []


def _utilization(index: int) -> float:
    return torch.cuda.utilization(index) / 100


def _memory(index: int) -> float:
    total: int = torch.cuda.get_device_properties(index).total_memory
    return torch.cuda.device_memory_used(index) / total

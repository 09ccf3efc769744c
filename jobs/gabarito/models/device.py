"""Where tensors live, in what precision, and how many threads work on them."""

import math
import os
from pathlib import Path

import torch

from gabarito.core.rank import process_count_here

CGROUP = Path("/sys/fs/cgroup")


def default_device() -> torch.device:
    """Return the GPU if there is one, else the CPU; of several GPUs this process's own."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def default_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware multiplies it, else float32.

    Emulated on a CPU, bfloat16 takes 2.7 times as long as float32 (one thread, AVX-512
    without its bf16 part).
    """
    if device.type == "cuda":
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bf16 else torch.float32
    able = torch.cpu.get_capabilities()
    native = any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.bfloat16 if native else torch.float32


def use_cpu_quota() -> int:
    """Give torch as many threads as this process may use, and return the number.

    The node's count of cores is wrong in a pod with a limit: with more threads than the quota
    a step takes 8 to 20 times as long.
    """
    threads = cpu_quota()
    torch.set_num_threads(threads)
    return threads


def cpu_quota(cgroup: Path = CGROUP) -> int:
    """Return how many CPUs this process may use: its affinity and its cgroup's quota.

    Reads ``cpu.max`` (version 2) or ``cpu/cpu.cfs_quota_us`` (version 1) below ``cgroup``.
    Processes that train together on this machine share them. ``OMP_NUM_THREADS``, where it is set
    to a number, lowers it further.
    """
    shared = min([len(os.sched_getaffinity(0)), *_quotas(cgroup)])
    limits = [shared / process_count_here()]
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked):
        limits.append(float(asked))
    return max(1, math.floor(min(limits)))


def _quotas(cgroup: Path) -> list[float]:
    quota, period = _two_numbers(cgroup / "cpu.max")
    if quota is None:
        quota, _ = _two_numbers(cgroup / "cpu" / "cpu.cfs_quota_us")
        period, _ = _two_numbers(cgroup / "cpu" / "cpu.cfs_period_us")
    return [quota / period] if quota and period and quota > 0 else []


def _two_numbers(path: Path) -> tuple[float | None, float | None]:
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return None, None
    numbers = [float(word) if word.lstrip("-").isdigit() else None for word in words]
    first, second = [*numbers, None, None][:2]
    return first, second

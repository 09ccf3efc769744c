"""Threads: the quota of the pod, never the count of the node."""

import os
from pathlib import Path

import pytest
import torch

from gabarito.models import cpu_quota, default_dtype, use_cpu_quota


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)))
    for name in ("OMP_NUM_THREADS", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("major", [7, 8])
def test_16_bit_is_used_where_the_gpu_itself_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    monkeypatch.setattr(
        torch.cuda,
        "is_bf16_supported",
        lambda including_emulation=True: including_emulation or major > 7,
    )
    native = torch.bfloat16 if major > 7 else torch.float32
    assert default_dtype(torch.device("cuda")) == native


@pytest.mark.parametrize(
    ("limit", "threads"),
    [("250000 100000", 2), ("50000 100000", 1), ("max 100000", 16), ("9900000 100000", 16)],
)
def test_threads_follow_the_quota_of_the_pod(tmp_path: Path, limit: str, threads: int) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert cpu_quota(tmp_path) == threads


def test_processes_that_train_together_share_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text("600000 100000\n")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert cpu_quota(tmp_path) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # which each has for itself
    assert cpu_quota(tmp_path) == 2


@pytest.mark.parametrize(("quota", "threads"), [("300000", 3), ("-1", 16)])
def test_the_first_version_of_cgroups_counts_too(tmp_path: Path, quota: str, threads: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert cpu_quota(tmp_path) == threads


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) == 16


def test_fewer_threads_may_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert cpu_quota(tmp_path) == 2


def test_torch_works_with_as_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert use_cpu_quota() == torch.get_num_threads() == 1
    torch.set_num_threads(before)

"""What the driver tells of a real GPU while it computes."""

import pytest
import torch

from gabarito.train.gpu_load import GpuLoad

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]


def test_a_gpu_that_computes_is_told_of() -> None:
    matrix = torch.ones(4096, 4096, device="cuda")
    for _ in range(2000):
        matrix = (matrix @ matrix).clamp(max=1.0)
    figures = GpuLoad(matrix.device).figures()
    torch.cuda.synchronize()
    assert 0 < figures["gpu_memory"] <= 1
    assert 0 <= figures.get("gpu_utilization", 0) <= 1  # a part of a GPU (MIG) tells none

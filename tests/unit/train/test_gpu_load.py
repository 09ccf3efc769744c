"""What the driver tells of GPUs; tests/gpu reads a real one."""

from types import SimpleNamespace

import pynvml
import pytest
import torch

from gabarito.train.gpu_load import READ_EVERY_S, GpuLoad

GPU = torch.device("cuda")


class Driver:
    """Two GPUs, the second of which is fuller."""

    now = 0.0
    busy = (100, 50)
    is_part = False

    def utilization(self, index: int) -> int:
        if self.is_part:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return self.busy[index]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "utilization", driver.utilization)
    monkeypatch.setattr(torch.cuda, "device_memory_used", lambda index: (10, 40)[index])
    total = SimpleNamespace(total_memory=80)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _index: total)
    return driver


def test_the_load_is_that_of_all_gpus(driver: Driver) -> None:
    load = GpuLoad(GPU, lambda: driver.now)
    assert load.figures() == {"gpu_utilization": 0.75, "gpu_memory": 0.5}
    driver.busy = (0, 0)
    assert load.figures()["gpu_utilization"] == 0.75
    driver.now += READ_EVERY_S
    assert load.figures()["gpu_utilization"] == 0.0


def test_what_the_driver_does_not_tell_is_left_out(driver: Driver) -> None:
    driver.is_part = True
    assert GpuLoad(GPU).figures() == {"gpu_memory": 0.5}


def test_a_training_without_a_gpu_has_no_load() -> None:
    assert GpuLoad(torch.device("cpu")).figures() == {}

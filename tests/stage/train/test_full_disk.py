from collections.abc import Callable
from pathlib import Path

import pytest
from peft import PeftModel
from tests.unit.store.full import full_beyond

from gabarito.artifacts.artifact import Artifact
from gabarito.core.errors import ServiceError
from gabarito.train import job
from gabarito.train.lora import save


def test_a_disk_that_is_full_when_the_adapter_is_written_is_no_bug(
    train: Callable[..., Artifact],
    dataset: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def save_on_a_full_disk(model: PeftModel, folder: Path) -> None:
        with full_beyond(10**3):
            save(model, folder)

    monkeypatch.setattr(job, "save", save_on_a_full_disk)
    with pytest.raises(ServiceError, match=r"/gabarito-train-[^/]+: disk is full .*; free space"):
        train(dataset(), steps=1)

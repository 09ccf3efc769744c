"""A tiny base on disk, and an adapter that changes what it says."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from tests.model_classes import with_lora
from tests.unit.models.tiny import save_tiny

from gabarito.models import CausalModel, load_base


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture
def adapted(folder: Path) -> CausalModel:
    return with_adapter(load_base(folder, dtype=torch.float32).model)


def with_adapter(model: CausalModel) -> CausalModel:
    lora = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    wrapped = with_lora(model, lora)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    wrapped.eval()
    return wrapped

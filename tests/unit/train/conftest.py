"""A base model on disk, tiny and random, made once."""

from pathlib import Path

import pytest
import torch
from tests.unit.models.tiny import save_tiny

from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.models import Base, contract_of, load_base


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture
def base(folder: Path) -> Base:
    """In float32 on every machine: what tests compare is arithmetic, not its rounding."""
    return load_base(folder, dtype=torch.float32)


@pytest.fixture
def contract(base: Base) -> PromptContract:
    return contract_of(
        base.tokenizer, PromptSettings(system="", refusal="Não sei."), max_new_tokens=12
    )

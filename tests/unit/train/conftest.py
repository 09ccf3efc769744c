"""A base model on disk, tiny and random, made once."""

from pathlib import Path

import pytest
from tests.unit.weights.tiny import save_tiny

from gabarito.weights import Base, Prompt, PromptContract, load_base


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture
def base(folder: Path) -> Base:
    return load_base(folder)


@pytest.fixture
def contract(base: Base) -> PromptContract:
    return PromptContract.of(
        base.tokenizer, Prompt(system="", refusal="Não sei."), max_new_tokens=12
    )

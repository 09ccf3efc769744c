"""A base model on disk, tiny and random, made once."""

from pathlib import Path

import pytest

from gabarito.weights import Base, Prompt, PromptContract, load_base

from .tiny import save_tiny


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def base(folder: Path) -> Base:
    return load_base(folder)


@pytest.fixture(scope="session")
def contract(base: Base) -> PromptContract:
    return PromptContract.of(
        base.tokenizer, Prompt(system="", refusal="Não sei."), max_new_tokens=12
    )

from pathlib import Path

import pytest

from gabarito.artifacts.channel import ServedModel
from gabarito.exports.exported_model import ExportedModel, open_model
from gabarito.models import CONTRACT_FILE
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .taught import contract, publish_taught, save_taught, taught_tokenizer


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was taught eight answers."""
    tokenizer = taught_tokenizer()
    folder = save_taught(tmp_path_factory.mktemp("taught") / "model", tokenizer)
    (folder / CONTRACT_FILE).write_text(contract(tokenizer).model_dump_json())
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(f"file://{tmp_path_factory.mktemp('store')}")


@pytest.fixture(scope="session")
def record(store: Store, taught: Path) -> ServedModel:
    return publish_taught(store, taught)


@pytest.fixture
def model(store: Store, record: ServedModel) -> ExportedModel:
    return open_model(store, record)

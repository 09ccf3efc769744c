"""A base model on disk, tiny and random, made once; a store, a bucket and a hub on loopback."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest
import torch
from moto.server import ThreadedMotoServer

from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.models import Base, contract_of, load_base
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .hub import Hub, running
from .tiny import save_tiny


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def base(folder: Path) -> Base:
    """In float32 on every machine: what tests compare is arithmetic, not its rounding."""
    return load_base(folder, dtype=torch.float32)


@pytest.fixture(scope="session")
def contract(base: Base) -> PromptContract:
    return contract_of(
        base.tokenizer, PromptSettings(system="", refusal="Não sei."), max_new_tokens=12
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "*")
    with closing(boto3.client("s3")) as client:
        client.create_bucket(Bucket="models")
    return f"s3://models/{tmp_path.name}"


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running(folder) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.endpoint)
        monkeypatch.setenv("NO_PROXY", "*")
        yield served

"""The stage as a whole, on real files and real stores."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.job import run
from gabarito.store.open import open_store

Ingest = Callable[..., Artifact]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    return made


@pytest.fixture
def ingest(tmp_path: Path, folder: Path) -> Ingest:
    """Runs the stage on ``folder``; settings of the source begin with ``source_``."""

    def of(**settings: object) -> Artifact:
        own = {name: value for name, value in settings.items() if name.startswith("source_")}
        source: dict[str, object] = {"type": "files", "path": str(folder)}
        source |= {name.removeprefix("source_"): value for name, value in own.items()}
        rest = {name: value for name, value in settings.items() if name not in own}
        config = parse(IngestConfig, {"sources": [source], "min_chars": 20, **rest}, "pipeline")
        store = open_store(f"file://{tmp_path}/store")
        address = Address("ingest", "f" * 64)
        with new_attempt(store, address, inputs={}, settings={}) as work:
            run(config, work)
            return work.publish()

    return of


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"papers-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=name)
    yield name
    server.stop()

"""The stage on sources that lie on servers of the tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.settings import parse
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.job import run
from gabarito.store.open import open_store

Look = Callable[..., Artifact]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Runs the stage on one source; each look has the number of its rerun."""
    store = open_store(f"file://{tmp_path}/store")

    def of(source: Mapping[str, Any], rerun: int = 0) -> Artifact:
        settings = {"sources": [{"allow_private": True, **source}], "min_chars": 50}
        web = {"delay_s": 0, "retries": 2}
        config = parse(IngestConfig, {**settings, "web": web, "rerun": rerun}, "pipeline")
        address = Address("ingest", f"{rerun:064}")
        with new_attempt(store, address, inputs={}, settings={}) as work:
            run(config, work)
            return work.publish()

    return of

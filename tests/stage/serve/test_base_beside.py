"""The base that answers beside the model: the very one that the adapter was trained on, or none."""

import shutil
from pathlib import Path

import pytest
import yaml
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import ServedModel
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.commands.model import base_beside
from gabarito.core.errors import DataError
from gabarito.core.model_records import TrainedBase
from gabarito.core.settings import local_path
from gabarito.pipeline.runs import freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.serve.config import ServeConfig
from gabarito.store.base import Store
from gabarito.store.open import open_store

BESIDE = ServeConfig(compare_base=True)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    shutil.copy(local_path("gabarito:demo/nano") / "config.json", folder)
    return folder


@pytest.fixture
def trained(tmp_path: Path, base: Path) -> tuple[Store, ServedModel]:
    """A store whose run trained on the base, and the model that came of it."""
    (tmp_path / "pages").mkdir()
    pipeline = {
        "name": "p",
        "ingest": {"sources": [{"type": "files", "path": "pages"}]},
        "generate": {"teacher": {"model": "recorded"}},
        "curate": {},
        "train": {"base": "base"},
    }
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(pipeline))
    store, run = open_store(str(tmp_path / "store")), new_run(read_pipeline(path))
    freeze(store, run)
    origin = TrainedBase(reference=str(base), sha256=digest_of_path(str(base)), method="lora")
    with new_attempt(store, run.address("train"), inputs={}, settings={}) as work:
        work.write_text("base.json", origin.model_dump_json())
        work.publish()
    promoted = ServedModel(
        pipeline="p", run=run.run, merge="m", evaluate="e", contract=CONTRACT, verdict=PASSED
    )
    return store, promoted


def test_the_base_is_opened_if_the_setting_says_so(
    trained: tuple[Store, ServedModel], base: Path
) -> None:
    with base_beside(*trained, BESIDE) as found:
        assert found == base
    with base_beside(*trained, ServeConfig()) as found:
        assert found is None


def test_another_base_than_the_one_trained_on_is_refused(
    trained: tuple[Store, ServedModel], base: Path
) -> None:
    (base / "tokenizer.json").write_text("{}")
    with (
        pytest.raises(DataError, match="not the one that the adapter was trained on"),
        base_beside(*trained, BESIDE),
    ):
        pass

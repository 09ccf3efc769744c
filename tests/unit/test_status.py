"""`gabarito status`, `report` and `serve` on a store that somebody else wrote to."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gabarito.artifacts.artifact import Address
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.cli import cli
from gabarito.core.errors import DataError
from gabarito.pipeline.runs import Run, freeze, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store

PIPELINE = """
name: handbook
ingest: {sources: [{type: files, path: pages}]}
generate: {teacher: {model: some-model}}
train: {base: org/model}
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def run(tmp_path: Path, store: Store) -> Run:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").write_text("text")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    made = new_run(read_pipeline(tmp_path / "pipeline.yaml"))
    freeze(store, made)
    return made


@pytest.mark.parametrize(
    "data",
    [b"[1]", b"{}", b"7", b'{"what": "steps", "done": "x", "total": 2}', b"\xff", b"[" * 9000],
)
def test_progress_of_another_shape_is_none(store: Store, run: Run, data: bytes) -> None:
    store.write(f"{run.address('train').prefix}/progress.json", data)
    shown = CliRunner().invoke(cli, ["status", "--store", store.url])
    assert shown.exit_code == 0
    assert shown.output.count("not started") == 6


def promoted(store: Store, run: Run, contract: dict[str, Any], report: str) -> ServedModel:
    for stage, name in (("merge", "model/config.json"), ("evaluate", "report.json")):
        with new_attempt(store, Address(stage, "f" * 64), inputs={}, settings={}) as work:
            work.write_text(name, report)
            work.publish()
    model = ServedModel(
        pipeline="handbook",
        run=run.run,
        merge="f" * 64,
        evaluate="f" * 64,
        contract=contract,
        verdict={},
    )
    promote(store, "main", model)
    return model


@pytest.mark.parametrize("report", ["[1]", "{}", "{", json.dumps({"verdict": {"passed": True}})])
def test_a_report_of_another_shape_is_refused(store: Store, run: Run, report: str) -> None:
    promoted(store, run, {}, report)
    error = CliRunner().invoke(cli, ["report", "--store", store.url]).exception
    assert isinstance(error, DataError)
    assert "report.json: not what evaluate writes" in str(error)
    assert str(error).endswith("raise evaluate.rerun to make it and all that follows anew")


def test_a_contract_of_another_shape_is_not_served(store: Store, run: Run) -> None:
    model = promoted(store, run, {"system": 7}, "{}")
    error = CliRunner().invoke(cli, ["serve", "--store", store.url, "--port", "0"]).exception
    assert isinstance(error, DataError)
    assert f"contract of model {model.digest}: not a prompt contract; raise" in str(error)

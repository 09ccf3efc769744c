"""`gabarito status`, `report` and `serve` on a store that somebody else wrote to."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.artifact import Address
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import ServedModel, promote
from gabarito.cli import cli
from gabarito.core.errors import DataError
from gabarito.pipeline.runs import Run, freeze, latest_run, new_run
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


def test_a_run_that_finds_all_of_it_there_is_the_last_one(tmp_path: Path, store: Store) -> None:
    (tmp_path / "pages").mkdir()
    path = tmp_path / "pipeline.yaml"
    path.write_text(PIPELINE)
    ingest = new_run(read_pipeline(path)).address("ingest")
    with new_attempt(store, ingest, inputs={}, settings={}) as work:
        work.publish()
    path.write_text(PIPELINE + "channel: other\n")
    arguments = ["run", str(path), "--until", "ingest", "--store", store.url]
    assert "nothing to do" in CliRunner().invoke(cli, arguments).output
    last = latest_run(store)
    assert last is not None
    assert last.run == new_run(read_pipeline(path)).run


@pytest.mark.parametrize(
    "data",
    [b"[1]", b"{}", b"7", b'{"what": "steps", "done": "x", "total": 2}', b"\xff", b"[" * 9000],
)
def test_progress_of_another_shape_is_none(store: Store, run: Run, data: bytes) -> None:
    store.write(f"{run.address('train').prefix}/progress.json", data)
    shown = CliRunner().invoke(cli, ["status", "--store", store.url])
    assert shown.exit_code == 0
    assert shown.output.count("not started") == 6


def promoted(store: Store, run: Run, report: str) -> ServedModel:
    for stage, name in (("merge", "model/config.json"), ("evaluate", "report.json")):
        with new_attempt(store, Address(stage, "f" * 64), inputs={}, settings={}) as work:
            work.write_text(name, report)
            work.publish()
    model = ServedModel(
        pipeline="handbook",
        run=run.run,
        merge="f" * 64,
        evaluate="f" * 64,
        contract=CONTRACT,
        verdict=PASSED,
    )
    promote(store, "main", model)
    return model


@pytest.mark.parametrize("report", ["[1]", "{}", "{", json.dumps({"verdict": {"passed": True}})])
def test_a_report_of_another_shape_is_refused(store: Store, run: Run, report: str) -> None:
    promoted(store, run, report)
    error = CliRunner().invoke(cli, ["report", "--store", store.url]).exception
    assert isinstance(error, DataError)
    assert "report.json: not what evaluate writes" in str(error)
    assert str(error).endswith("raise evaluate.rerun to make it and all that follows anew")


def test_a_contract_of_another_shape_is_not_served(store: Store, run: Run) -> None:
    record = json.loads(promoted(store, run, "{}").stored) | {"contract": {"system": 7}}
    data = json.dumps(record).encode()
    digest = hashlib.sha256(data).hexdigest()
    store.write(f"models/{digest}.json", data)
    channel = json.loads(store.read("channels/main.json").data) | {"model": digest}
    store.write("channels/main.json", json.dumps(channel).encode())
    error = CliRunner().invoke(cli, ["serve", "--store", store.url, "--port", "0"]).exception
    assert isinstance(error, DataError)
    assert f"models/{digest}.json: " in str(error)


@pytest.fixture
def partial(tmp_path: Path, store: Store, run: Run) -> Run:
    """A run that was started after ``run``, of a file without teacher and base."""
    path = tmp_path / "partial.yaml"
    path.write_text("\n".join(PIPELINE.splitlines()[:3]))
    made = new_run(read_pipeline(path, "ingest"))
    freeze(store, made)
    return made


def test_a_run_that_cannot_come_to_its_end_says_what_is_missing(store: Store, partial: Run) -> None:
    shown = CliRunner().invoke(cli, ["status", "--store", store.url]).output
    assert f"run {partial.run}" in shown
    assert "  ingest    not started\n" in shown
    assert "  curate    cannot run without generate.teacher\n" in shown
    assert "  train     cannot run without generate.teacher and train.base\n" in shown
    assert "serves nothing yet" in shown


def test_a_run_that_cannot_come_to_its_end_has_no_report(store: Store, partial: Run) -> None:
    named = CliRunner().invoke(cli, ["report", "--store", store.url, "--run", partial.run])
    assert "evaluate: cannot run without generate.teacher" in str(named.exception)
    last = CliRunner().invoke(cli, ["report", "--store", store.url])
    assert "serves nothing yet; a model is promoted" in str(last.exception)
    assert CliRunner().invoke(cli, ["gc", "--store", store.url]).exit_code == 0


def test_what_a_terminal_would_obey_in_a_store_is_shown(store: Store, run: Run) -> None:
    said = json.dumps(
        {"attempt": "a", "what": "\x1b[2J steps", "done": 1, "total": 2, "seconds": 1}
    )
    store.write(f"{run.address('ingest').prefix}/progress.json", said.encode())
    shown = CliRunner().invoke(cli, ["status", "--store", store.url]).output
    assert r"1/2 \x1b[2J steps" in shown

"""Sources that are read again on one machine."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from gabarito.cli import cli
from gabarito.core.errors import UsageError
from gabarito.pipeline.refresh import ask_refresh, plan_current, plan_refresh, read_refreshes
from gabarito.pipeline.runs import latest_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.open import open_store

TEXT = "The lighthouse of Porto Covo was built in 1871 and is 22 metres high. " * 8


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/a.md").write_text(TEXT)
    path = tmp_path / "pipeline.yaml"
    source = {"type": "files", "path": "pages"}
    path.write_text(yaml.safe_dump({"name": "lights", "ingest": {"sources": [source]}}))
    return path


def run(pipeline: Path, *options: str) -> str:
    store = str(pipeline.parent / "store")
    arguments = ["run", str(pipeline), "--store", store, "--until", "ingest", *options]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_where_nothing_is_new_the_run_before_stays_the_last(pipeline: Path) -> None:
    run(pipeline)
    store = open_store(str(pipeline.parent / "store"))
    before = latest_run(store)
    assert before
    assert f"the sources say nothing new; run {before.run} stays" in run(pipeline, "--refresh")
    last = latest_run(store)
    assert last
    assert last.run == before.run
    assert f"run {before.run}: nothing to do" in run(pipeline)


def test_what_is_new_is_gone_on_with(pipeline: Path) -> None:
    run(pipeline)
    (pipeline.parent / "pages/b.md").write_text(TEXT.replace("1871", "1923").replace("22", "9"))
    assert "the sources say something new" in run(pipeline, "--refresh")
    store = open_store(str(pipeline.parent / "store"))
    assert read_refreshes(store, "lights").taken == 1
    last = latest_run(store)
    assert last
    assert last.pipeline.ingest.rerun == 1
    assert f"run {last.run}: nothing to do" in run(pipeline)


def test_a_number_that_a_person_came_to_before_reads_nothing_and_is_passed_over(
    pipeline: Path,
) -> None:
    settings = yaml.safe_load(pipeline.read_text())
    settings["ingest"]["rerun"] = 1
    raised = pipeline.with_name("raised.yaml")
    raised.write_text(yaml.safe_dump(settings))
    run(raised)
    store = open_store(str(pipeline.parent / "store"))
    ask_refresh(store, "lights")
    assert plan_refresh(store, read_pipeline(pipeline, "ingest")).number == 2


def test_who_raises_the_number_asks_for_what_no_refresh_has_read(pipeline: Path) -> None:
    run(pipeline)
    for _ in range(2):
        run(pipeline, "--refresh")
    store = open_store(str(pipeline.parent / "store"))
    settings = yaml.safe_load(pipeline.read_text())
    settings["ingest"]["rerun"] = 1
    pipeline.write_text(yaml.safe_dump(settings))
    raised = plan_current(store, read_pipeline(pipeline, "ingest")).run
    assert raised.pipeline.ingest.rerun == 3
    assert "made ingest" in run(pipeline)
    assert f"run {raised.run} stays" in run(pipeline, "--refresh")
    assert "nothing to do" in run(pipeline)


def test_a_refresh_begins_at_the_beginning(pipeline: Path) -> None:
    arguments = ["run", str(pipeline), "--refresh", "--from", "train"]
    assert isinstance(CliRunner().invoke(cli, arguments).exception, UsageError)

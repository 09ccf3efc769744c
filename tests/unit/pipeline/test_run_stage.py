from pathlib import Path

import pytest

from gabarito.artifacts.attempt import Attempt
from gabarito.core.errors import DataError
from gabarito.ingest import job
from gabarito.ingest.config import IngestConfig
from gabarito.pipeline.run_stage import perform
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.open import open_store

PIPELINE = """
name: handbook
ingest: {sources: [{type: files, path: pages}]}
generate: {teacher: {model: some-model}}
train: {base: org/model}
"""


def test_a_file_edited_while_it_is_read_leaves_no_artifact_at_the_old_contents_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pages").mkdir()
    (page := tmp_path / "pages" / "a.md").write_text("The office opens at nine. " * 20)
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    run, store = new_run(read_pipeline(tmp_path / "pipeline.yaml")), open_store(f"{tmp_path}/store")
    read = job.run

    def read_while_it_is_edited(config: IngestConfig, work: Attempt) -> None:
        page.write_text("The office opens at ten. " * 20)
        read(config, work)

    monkeypatch.setattr(job, "run", read_while_it_is_edited)
    with pytest.raises(DataError, match=r"pages: changed since run \w+ was planned"):
        perform(store, run, "ingest")
    assert not store.exists(run.address("ingest").manifest)

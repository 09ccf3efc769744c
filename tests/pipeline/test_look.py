"""From a folder of documents to the first artifact, by the commands alone."""

import shutil
from pathlib import Path

from tests.pipeline.conftest import PAGES, gabarito

from gabarito.core.settings import local_path


def test_a_folder_becomes_documents_without_anything_being_written_by_hand(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for page in PAGES:
        shutil.copy(local_path(f"gabarito:demo/sources/{page}"), tmp_path / "pages")
    (tmp_path / "pages" / "old.doc").write_bytes(b"anything")
    looked = gabarito("ingest", "pages", cwd=tmp_path)
    assert looked.code == 0, looked.err
    fates = sorted(line.split()[0] for line in looked.out.splitlines())
    assert fates == ["dropped", "formats", "kept", "kept", "kept", "total"]
    assert gabarito("init", "pages", cwd=tmp_path).code == 0
    checked = gabarito("check", "pipeline.yaml", cwd=tmp_path)
    assert (checked.code, checked.err) == (0, "")
    assert "3 documents" in checked.out
    assert checked.out.endswith("ready to run with --until ingest\n")
    done = gabarito("run", "pipeline.yaml", "--until", "ingest", cwd=tmp_path)
    assert (done.code, "3 documents" in done.out) == (0, True), done.err


def test_a_folder_with_a_pipeline_file_is_looked_at_all_the_same(tmp_path: Path) -> None:
    shutil.copy(local_path(f"gabarito:demo/sources/{PAGES[0]}"), tmp_path)
    assert gabarito("init", ".", cwd=tmp_path).code == 0
    looked = gabarito("ingest", ".", cwd=tmp_path)
    assert looked.code == 0
    assert "pipeline.yaml (yaml): unsupported format" in looked.out
    done = gabarito("run", "pipeline.yaml", "--until", "ingest", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


def test_a_run_s_stage_is_made_by_the_same_command_and_its_id(tmp_path: Path) -> None:
    shutil.copy(local_path(f"gabarito:demo/sources/{PAGES[0]}"), tmp_path)
    assert gabarito("init", PAGES[0], cwd=tmp_path).code == 0
    done = gabarito("run", "pipeline.yaml", "--until", "ingest", cwd=tmp_path)
    artifacts = tmp_path / "gabarito-store/artifacts"
    shutil.rmtree(artifacts)
    made = gabarito("ingest", "--run", done.out.split()[1].rstrip(":"), cwd=tmp_path)
    assert made.code == 0, made.err
    assert list(artifacts.rglob("documents.jsonl"))

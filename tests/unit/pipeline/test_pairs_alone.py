"""A pipeline file whose sources are all pairs needs no teacher; any other does."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.core.errors import SettingsError
from gabarito.pipeline.checks.check import all_findings
from gabarito.pipeline.runs import freeze, new_run, read_run
from gabarito.pipeline.schema import PartialPipeline, read_pipeline
from gabarito.store.open import open_store

PAIRS = {"type": "pairs", "path": "p.csv", "question": "q", "answer": "a"}
FILES = {"type": "files", "path": "pages"}
TRAIN = {"base": "org/model", "steps": 10}


def file_of(folder: Path, *sources: dict[str, str], **sections: Any) -> Path:  # noqa: ANN401
    (folder / "p.csv").write_text("q,a\nQuem?,Rui\n")
    (folder / "pages").mkdir(exist_ok=True)
    (folder / "pages/a.md").write_text("text")
    path = folder / "pipeline.yaml"
    settings = {"name": "x", "ingest": {"sources": list(sources)}, **sections}
    path.write_text(yaml.safe_dump(settings))
    return path


def pipeline_of(folder: Path, *sources: dict[str, str], **sections: Any) -> PartialPipeline:  # noqa: ANN401
    return read_pipeline(file_of(folder, *sources, **sections))


def test_pairs_alone_need_no_section_of_generate(tmp_path: Path) -> None:
    pipeline = pipeline_of(tmp_path, PAIRS, train=TRAIN)
    assert pipeline.generate
    assert pipeline.generate.teacher is None
    assert pipeline.stages[-1] == "evaluate"


def test_a_partial_file_of_pairs_alone_can_run_until_curate(tmp_path: Path) -> None:
    pipeline = read_pipeline(file_of(tmp_path, PAIRS), "ingest")
    assert pipeline.stages == ["ingest", "generate", "curate"]
    assert pipeline.lacks("train") == ["train.base"]


@pytest.mark.parametrize("generate", [{}, {"language": "pt"}, {"teacher": None}])
def test_documents_beside_the_pairs_need_a_teacher(
    tmp_path: Path, generate: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match=r"  generate\.teacher: missing; it has no default$"):
        pipeline_of(tmp_path, PAIRS, FILES, generate=generate, train=TRAIN)


def test_a_run_of_pairs_alone_is_frozen_and_read_again(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    run = new_run(pipeline_of(tmp_path, PAIRS, train={"base": "./pages", "steps": 1}))
    freeze(store, run)
    assert read_run(store, run.run) == run


def test_another_table_is_another_run(tmp_path: Path) -> None:
    path = file_of(tmp_path, PAIRS, train={"base": "./pages", "steps": 1})
    first = new_run(read_pipeline(path))
    (tmp_path / "p.csv").write_text("q,a\nQuem?,Ana\n")
    assert new_run(read_pipeline(path)).fingerprints["ingest"] != first.fingerprints["ingest"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"type": "pairs", "path": "p.csv", "question": "q"}, r"sources\.0\.answer: missing"),
        (PAIRS | {"anser": "a"}, r"sources\.0\.anser: unknown setting; did you mean answer\?"),
        (PAIRS | {"max_chars": 0}, r"sources\.0\.max_chars: must be at least 1, got 0"),
        (PAIRS | {"encoding": "hex"}, r"sources\.0\.encoding: must be an encoding"),
        (PAIRS | {"language": "Portuguese!"}, r"sources\.0\.language: must be a language's code"),
        (PAIRS | {"path": "https://x"}, r"sources\.0\.path: an address is no path"),
    ],
)
def test_a_mistake_in_a_source_of_pairs_is_told_with_its_path(
    tmp_path: Path, source: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        pipeline_of(tmp_path, source, train=TRAIN)


def test_the_check_asks_no_teacher_and_warns_of_each_kind_of_row(tmp_path: Path) -> None:
    path = file_of(tmp_path, PAIRS, train=TRAIN)
    (tmp_path / "p.csv").write_text("q,a\nQuem?,Rui\nE?,\nquem,Ana\n")
    (tmp_path / "p.csv").write_text("q,a\nQuem?,Rui\nE?,\nQual?,x\nqual,y\n")
    found = [one for one in all_findings(path, str(tmp_path / "s")) if one.what == "documents"]
    warned = [one.said for one in found if one.is_warning]
    assert "1 pair · 4 rows of pairs" in found[0].said
    assert ["keep the row that is right" in said for said in warned] == [True, False]
    (told,) = [one for one in all_findings(path, str(tmp_path / "s")) if one.what == "teacher"]
    assert told.is_warning
    assert "only their own questions for other years teach the model to refuse" in told.said

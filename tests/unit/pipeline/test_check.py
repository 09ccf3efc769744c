"""What `gabarito check` finds in a base model's folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.core.settings import local_path
from gabarito.pipeline.check import Finding, all_findings


def found(folder: Path, base: str, what: str = "base", **curate: Any) -> list[Finding]:  # noqa: ANN401
    pages = folder / "pages"
    if not pages.exists():
        pages.mkdir()
        (pages / "a.md").write_text("text")
    settings: dict[str, Any] = {
        "name": "handbook",
        "ingest": {"sources": [{"type": "files", "path": "pages"}]},
        "generate": {"teacher": {"model": "m", "url": "http://127.0.0.1:9/v1"}},
        "curate": curate,
        "train": {"base": base, "steps": 10},
    }
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(settings))
    findings = list(all_findings(path, str(folder / "store")))
    return [finding for finding in findings if finding.what == what]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A whole model: the sample's."""
    return Path(shutil.copytree(local_path("gabarito:demo/nano"), tmp_path / "model"))


def test_a_whole_model_is_no_problem(tmp_path: Path, model: Path) -> None:
    (finding,) = found(tmp_path, "./model")
    assert (finding.error, finding.said) == (None, f"{model}: LlamaForCausalLM")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
        ("chat_template.jinja", "no chat template; take an instruction-tuned model"),
        ("config.json", "no config.json in it"),
    ],
)
def test_what_a_model_lacks_is_a_problem(tmp_path: Path, model: Path, lost: str, said: str) -> None:
    (model / lost).unlink()
    problems = [finding for finding in found(tmp_path, "./model") if finding.error]
    assert [said in problem.said for problem in problems] == [True]


@pytest.mark.parametrize("content", [{"architectures": None}, {"architectures": []}, [], {}])
def test_settings_of_no_model_are_a_problem(tmp_path: Path, model: Path, content: Any) -> None:  # noqa: ANN401
    (model / "config.json").write_text(json.dumps(content))
    (finding,) = found(tmp_path, "./model")
    assert finding.error is not None
    assert "config.json: not a model's settings" in finding.said


def test_a_file_or_a_folder_in_the_wrong_place_is_a_problem(tmp_path: Path, model: Path) -> None:
    (model / "config.json").unlink()
    (model / "config.json").mkdir()
    (finding,) = found(tmp_path, "./model")
    assert "no config.json in it" in finding.said
    shutil.rmtree(tmp_path / "pages")
    (finding,) = found(tmp_path, "./pipeline.yaml")
    assert "not a folder" in finding.said


def test_settings_that_are_not_valid_do_not_hide_the_store(tmp_path: Path) -> None:
    findings = list(all_findings(tmp_path / "none.yaml", str(tmp_path / "store")))
    assert [finding.what for finding in findings[:2]] == ["settings", "store"]
    assert findings[0].error is not None


def test_a_folder_without_a_document_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    (finding,) = found(tmp_path, "./none", "documents")
    assert finding.error is not None
    assert "no document in its first 1 files: pages/a.pdf: unreadable" in finding.said


def test_one_file_that_can_be_read_is_enough(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.csv").write_text("a,b")
    (tmp_path / "pages" / "b.md").write_text("The library opens at nine and closes at six. " * 9)
    (finding,) = found(tmp_path, "./none", "documents")
    assert (finding.error, "2 files, pages/b.md" in finding.said) == (None, True)


def test_an_exam_that_is_no_json_lines_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "exam.csv").write_text("question,answer\nWho?,A\n")
    findings = found(tmp_path, "./none", "questions", exam={"free": "exam.csv"})
    assert "exam.csv:1: not a FreeQuestion" in findings[0].said
    assert findings[0].error is not None


def test_a_missing_shard_is_a_problem(tmp_path: Path, model: Path) -> None:
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    problems = [finding.said for finding in found(tmp_path, "./model") if finding.error]
    assert [problem.partition(": ")[2].partition(",")[0] for problem in problems] == [
        "no model-1-of-2.safetensors"
    ]


def test_a_base_that_cannot_be_trained_is_found_before_anything_is_paid(
    tmp_path: Path, model: Path
) -> None:
    config = json.loads((model / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (model / "config.json").write_text(json.dumps(config))
    (finding,) = found(tmp_path, "./model")
    assert finding.error is not None
    assert "gptq, 4 bit" in finding.said


def test_what_cannot_be_tried_where_an_extra_is_missing_is_a_warning(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gabarito.ingest.reader", None)
    (finding,) = found(tmp_path, "./model", "documents")
    assert (finding.error, finding.is_warning) == (None, True)
    assert "install the extra ingest" in finding.said

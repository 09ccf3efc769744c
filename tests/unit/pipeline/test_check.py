"""What `gabarito check` finds in a base model's folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from gabarito.core.settings import local_path
from gabarito.pipeline.check import Finding, all_findings


def found(folder: Path, base: str) -> list[Finding]:
    pages = folder / "pages"
    pages.mkdir()
    (pages / "a.md").write_text("text")
    settings: dict[str, Any] = {
        "name": "handbook",
        "ingest": {"sources": [{"type": "files", "path": "pages"}]},
        "generate": {"teacher": {"model": "m", "url": "http://127.0.0.1:9/v1"}},
        "train": {"base": base, "steps": 10},
    }
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(settings))
    findings = list(all_findings(path, str(folder / "store")))
    return [finding for finding in findings if finding.what == "base"]


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
        ("config.json", "no config.json to read"),
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
    assert "no config.json to read" in finding.said
    shutil.rmtree(tmp_path / "pages")
    (finding,) = found(tmp_path, "./pipeline.yaml")
    assert "no config.json to read" in finding.said


def test_settings_that_are_not_valid_do_not_hide_the_store(tmp_path: Path) -> None:
    findings = list(all_findings(tmp_path / "none.yaml", str(tmp_path / "store")))
    assert [finding.what for finding in findings[:2]] == ["settings", "store"]
    assert findings[0].error is not None

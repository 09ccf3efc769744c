"""What `gabarito check` finds in a base model's folder."""

import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.chat.script import Scripted, says
from tests.unit.models.hub import Hub, running

from gabarito.artifacts.cache import Cache
from gabarito.core.base_config import MIRROR, mirror_key
from gabarito.core.errors import (
    AccessError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)
from gabarito.core.settings import local_path
from gabarito.pipeline.checks.check import all_findings
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.store.open import open_store


def found(
    folder: Path,
    base: str,
    what: str = "base",
    evaluate: dict[str, Any] | None = None,
    **curate: Any,  # noqa: ANN401
) -> list[CheckResult]:
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
        "evaluate": evaluate or {},
    }
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(settings))
    findings = list(all_findings(path, str(folder / "store")))
    return [finding for finding in findings if finding.what == what]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A whole model: the sample's."""
    return Path(shutil.copytree(local_path("gabarito:demo/nano"), tmp_path / "model"))


def test_a_judge_is_asked_before_the_run(tmp_path: Path, model: Path) -> None:
    judge = {"model": "m", "url": "http://127.0.0.1:9/v1"}
    [away] = found(tmp_path, "./model", "judge", evaluate={"judge": judge})
    assert away.error
    assert away.said.startswith("judge http://127.0.0.1:9/v1: does not answer")
    server = Scripted(says("ready"))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    judge["url"] = server.url
    [there] = found(tmp_path, "./model", "judge", evaluate={"judge": judge})
    server.shutdown()
    server.server_close()
    assert (there.error, there.said) == (None, f"m answers at {server.url}")
    assert found(tmp_path, "./model", "judge") == []


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
    assert "ingest.sources.0.path: no document in " in finding.said
    assert "/pages': 1 unreadable ('pages/a.pdf': " in finding.said
    assert finding.said.endswith("; open it in the program it was made with and save it again")


def test_a_sample_without_a_document_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for number in range(60):
        (tmp_path / "pages" / f"{number}.txt").write_text("short")
    (finding,) = found(tmp_path, "./none", "documents")
    assert "ingest.sources.0.path, by 50 of its 60 files (a sample): no document" in finding.said
    assert finding.said.count("lower ingest.min_chars") == 1


def test_one_file_that_can_be_read_is_enough(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.zip").write_text("a,b")
    (tmp_path / "pages" / "b.md").write_text("The library opens at nine and closes at six. " * 9)
    read, formats, unread = found(tmp_path, "./none", "documents")
    assert (read.error, read.is_warning, unread.error, unread.is_warning) == (None, 0, None, True)
    account = "2 files: 1 document · 404 characters · 81 words kept · 1 in English · 1 dropped"
    assert read.said == f"{tmp_path}/pages: {account}: unsupported format"
    assert formats.said == f"{tmp_path}/pages: 0 of 1 zip, 1 of 1 md kept"
    assert "1 file of formats that are not read: .zip (1); gabarito ingest" in unread.said


def test_what_is_wrong_with_names_and_links_is_told_of_all_files(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for number in range(60):
        text = f"Room {number} opens at nine and closes at six. " * 9
        (pages / f"{number}.md").write_text(text)
    (pages / "51.MD").write_text("short")
    (pages / os.fsdecode(b"caf\xe9.md")).write_text("short")
    (pages / "x.md").symlink_to("/etc/hosts")
    unreadable, odd = found(tmp_path, "./none", "documents")[2:]
    assert "1 file that cannot be read: pages/x.md (a link that leads out of" in unreadable.said
    assert ": such as pages/51.md (its name differs from pages/51.MD in" in odd.said
    assert "pages/caf\\xe9.md (its name is no UTF-8; rename it)" in odd.said


def test_of_many_files_some_are_read(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for number in range(60):
        text = f"Room {number} opens at nine and closes at six. " * 9
        (tmp_path / "pages" / f"{number}.md").write_text(text)
    finding = found(tmp_path, "./none", "documents")[0]
    assert f"{tmp_path}/pages: 50 of its 60 files (a sample): 50 documents · " in finding.said


def test_a_document_that_looks_wrong_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "my files"
    (folder / "pages").mkdir(parents=True)
    text = "The library opens at nine and closes at six. " * 9
    (folder / "pages" / "a.txt").write_text(f"<html><body><p>{text}</p></body></html>")
    read, _, wrong = found(folder, "./none", "documents")
    assert "1 document flagged: wrong ending" in read.said
    assert (wrong.error, wrong.is_warning) == (None, True)
    assert "1 file to look at: pages/a.txt (its content is that of .html" in wrong.said
    assert wrong.said.endswith(f"; gabarito ingest '{folder}/pages' says what to do about each")


def test_an_exam_that_is_no_json_lines_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "exam.csv").write_text("question,answer\nWho?,A\n")
    findings = found(tmp_path, "./none", "questions", exam={"free": "exam.csv"})
    assert "exam.csv:1: not JSON from character 1 on" in findings[0].said
    assert findings[0].error is not None


def as_mamba(model: Path) -> None:
    config = {"architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": 64}
    (model / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 2}))


def as_gemma_2(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    own = {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2"}
    (model / "config.json").write_text(json.dumps(config | own | {"final_logit_softcapping": 30.0}))


def as_modernbert(model: Path) -> None:
    config = {
        "architectures": ["ModernBertDecoderForCausalLM"],
        "model_type": "modernbert-decoder",
        "vocab_size": 3000,
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        **dict.fromkeys(("pad_token_id", "bos_token_id", "cls_token_id"), 1),
        **dict.fromkeys(("eos_token_id", "sep_token_id"), 2),
    }
    (model / "config.json").write_text(json.dumps(config))


def as_t5(model: Path) -> None:
    config = {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}
    (model / "config.json").write_text(json.dumps(config))


def with_few_words(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"vocab_size": 100}))


def with_nothing_to_pad_with(model: Path) -> None:
    path = model / "tokenizer_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"pad_token": config["eos_token"]}))
    tokens = json.loads((model / "tokenizer.json").read_text())
    text = json.dumps(tokens).replace(config["pad_token"], "<|other|>")
    (model / "tokenizer.json").write_text(text)


def with_thoughts(model: Path) -> None:
    path = model / "chat_template.jinja"
    path.write_text(path.read_text().replace("eos_token", "'<think></think>' + eos_token"))


def as_gguf(model: Path) -> None:
    (model / "config.json").unlink()
    (model / "model.safetensors").rename(model / "model-Q4_K_M.gguf")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (as_mamba, "/model/config.json: 'mamba' is recurrent, it has no attention; use a base"),
        (as_modernbert, "/model/config.json: 'modernbert-decoder' does more with its logits than"),
        (as_t5, "T5ForConditionalGeneration is no causal language model; use one such as"),
        (with_few_words, "tokens and the model 100; they belong to different models: copy all"),
        (with_nothing_to_pad_with, "; set pad_token in tokenizer_config.json to another token"),
        (with_thoughts, "use a base whose template writes the answer alone"),
        (as_gguf, "GGUF, a format for answering alone; give the model that it was made from"),
    ],
)
def test_a_base_that_does_not_do_is_told_with_its_cure(
    tmp_path: Path, model: Path, change: Callable[[Path], None], said: str
) -> None:
    change(model)
    problems = [finding for finding in found(tmp_path, "./model") if finding.error]
    assert len(problems) == 1
    assert said in problems[0].said


def test_a_base_that_caps_its_logits_is_no_problem(tmp_path: Path, model: Path) -> None:
    as_gemma_2(model)
    (finding,) = found(tmp_path, "./model")
    assert finding.error is None
    assert "Gemma2ForCausalLM" in finding.said


def test_a_gguf_file_is_told_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "llama.gguf").write_bytes(b"GGUF")
    (finding,) = found(tmp_path, "./llama.gguf")
    assert f"{tmp_path}/llama.gguf: GGUF, a format for answering alone" in finding.said


def test_a_missing_shard_is_a_problem(tmp_path: Path, model: Path) -> None:
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    problems = [finding.said for finding in found(tmp_path, "./model") if finding.error]
    assert [problem.partition(": ")[2].partition(",")[0] for problem in problems] == [
        "no model-1-of-2.safetensors"
    ]


HEADER = b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (len(HEADER).to_bytes(8, "little") + HEADER + b"\0\0", "71 bytes instead of 73; copy the"),
        (
            len(HEADER).to_bytes(8, "little") + HEADER + b"\0" * 5,
            "74 bytes instead of 73; copy the",
        ),
        (len(HEADER).to_bytes(8, "little") + HEADER[:9], "cut off within its header, 17 bytes are"),
        (b"\0", "cut off within its header, 1 bytes are there; copy the file again"),
        (b"", "cut off within its header, 0 bytes are there; copy the file again"),
        ((7).to_bytes(8, "little") + b"<html/>", "no safetensors file; copy the file again"),
        (b"<!DOCTYPE html>", "no safetensors file; copy the file again"),
        (b"version https://git-lfs.github.com/spec/v1\noid 1", "a pointer of Git LFS, not the we"),
    ],
)
def test_weights_that_are_not_whole_are_named_without_a_library(
    tmp_path: Path, model: Path, content: bytes, said: str
) -> None:
    (model / "model.safetensors").write_bytes(content)
    (problem,) = [finding for finding in found(tmp_path, "./model") if finding.error]
    assert f"/model/model.safetensors: the weights are damaged: {said}" in problem.said


def test_a_shard_that_is_cut_off_is_named(tmp_path: Path, model: Path) -> None:
    whole = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").rename(model / "model-1-of-2.safetensors")
    (model / "model-2-of-2.safetensors").write_bytes(whole[: len(whole) // 2])
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (problem,) = [finding for finding in found(tmp_path, "./model") if finding.error]
    assert (
        f"model-2-of-2.safetensors: the weights are damaged: {len(whole) // 2:,} b" in problem.said
    )


def test_a_copy_in_the_store_that_cannot_be_trained_is_found(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    as_modernbert(model)
    Cache(open_store(str(tmp_path / "store")), MIRROR).save_folder(mirror_key("org/tiny"), model)
    (finding,) = found(tmp_path, "org/tiny")
    assert finding.error
    assert "org/tiny/config.json: 'modernbert-decoder' does more with its logits" in finding.said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"max_position_embeddings": 8},
            "model/config.json: the model takes 8 tokens, and a short",
        ),
        ({"max_position_embeddings": 64}, ""),
    ],
)
def test_a_context_too_short_for_any_row_is_found_before_anything_is_paid(
    tmp_path: Path, model: Path, changed: dict[str, int], said: str
) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | changed))
    problems = [finding.said for finding in found(tmp_path, "./model") if finding.error]
    assert len(problems) == bool(said)
    assert all(said in problem for problem in problems)


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
    monkeypatch.setitem(sys.modules, "gabarito.ingest.look", None)
    (finding,) = found(tmp_path, "./model", "documents")
    assert (finding.error, finding.is_warning) == (None, True)
    assert "install the extra ingest" in finding.said


def test_a_missing_language_of_pictures_is_told_once_and_before_anything_is_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.md").write_text("text")
    ingest = {"sources": [{"type": "files", "path": "."}] * 2, "ocr": ["pt", "sw"]}
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump({"name": "handbook", "ingest": ingest}))
    findings = list(all_findings(path, str(tmp_path / "store")))
    (problem,) = [one for one in findings if one.error]
    assert (problem.what, type(problem.error)) == ("ocr", SettingsError)
    assert "no data for 'sw'; install tesseract-ocr-swa" in problem.said
    assert not [one for one in findings if one.what == "documents"]


def test_what_is_not_there_is_told_once_and_with_its_setting(tmp_path: Path) -> None:
    settings = {
        "name": "handbook",
        "ingest": {"sources": [{"type": "files", "path": name} for name in ("one", "two")]},
        "generate": {"teacher": {"model": "m", "url": "http://127.0.0.1:9/v1"}},
        "curate": {"exam": {"free": "three.jsonl"}},
        "train": {"base": "./four"},
    }
    (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump(settings))
    findings = list(all_findings(tmp_path / "pipeline.yaml", str(tmp_path / "store")))
    problems = [one.said for one in findings if one.error and one.what != "teacher"]
    assert [problem.split(f": {tmp_path}/")[:2] for problem in problems] == [
        ["ingest.sources.0.path", "one: no such file or folder; correct the path"],
        ["ingest.sources.1.path", "two: no such file or folder; correct the path"],
        ["curate.exam.free", "three.jsonl: no such file or folder; correct the path"],
        ["train.base", "four: no such file or folder; correct the path"],
    ]


def test_what_cannot_run_yet_is_told_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "b.md").write_text("The library opens at nine and closes at six. " * 9)
    path = tmp_path / "pipeline.yaml"
    path.write_text("name: x\ningest: {sources: [{type: files, path: pages}]}\n")
    findings = list(all_findings(path, str(tmp_path / "store")))
    assert [(one.said, one.until) for one in findings if one.what == "stages"] == [
        ("generate, curate cannot run without generate.teacher", "ingest"),
        ("train, merge, evaluate cannot run without generate.teacher and train.base", "ingest"),
    ]
    assert {one.what for one in findings} == {
        "settings",
        "store",
        "documents",
        "questions",
        "stages",
    }
    assert not any(one.error for one in findings)


@pytest.fixture
def hub(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running(model) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.endpoint)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        monkeypatch.setenv("NO_PROXY", "*")
        for name in ("HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield served


@pytest.mark.parametrize("base", ["org/tiny", "org/tiny@refs/pr/1"])
def test_a_base_of_the_hub_is_looked_at_there(tmp_path: Path, hub: Hub, base: str) -> None:
    (finding,) = found(tmp_path, base)
    assert (finding.error, finding.said) == (None, f"{base}: LlamaForCausalLM, on the model hub")
    revision = "/revision/refs%2Fpr%2F1" if "@" in base else ""
    assert hub.asked[0] == f"/api/models/org/tiny{revision}"


def test_a_base_of_the_hub_that_cannot_be_trained_is_found(
    tmp_path: Path, model: Path, hub: Hub
) -> None:
    (model / "model.safetensors").unlink()
    config = json.loads((model / "config.json").read_text())
    problems = [finding.said for finding in found(tmp_path, "org/tiny") if finding.error]
    assert [problem.partition(";")[0] for problem in problems] == [
        "org/tiny: no weights, none of model.safetensors, model.safetensors.index.json"
    ]
    (model / "config.json").write_text(json.dumps({**config, "auto_map": {"a": "b.C"}}))
    (finding,) = found(tmp_path, "org/tiny")
    assert "org/tiny/config.json: brings Python code of its own" in finding.said


def test_a_base_of_the_hub_that_does_not_do_is_found_by_its_settings(
    tmp_path: Path, model: Path, hub: Hub
) -> None:
    (model / "chat_template.jinja").unlink()
    problems = [finding.said for finding in found(tmp_path, "org/tiny") if finding.error]
    assert problems == ["org/tiny: no chat template; take an instruction-tuned model"]
    as_mamba(model)
    (finding,) = found(tmp_path, "org/tiny")
    assert finding.said.startswith("org/tiny/config.json: 'mamba' is recurrent")
    as_gguf(model)
    (finding,) = found(tmp_path, "org/tiny")
    assert finding.said.startswith("org/tiny: GGUF, a format for answering alone")
    assert not any("safetensors" in path for path in hub.asked)


@pytest.mark.parametrize(
    ("refuses", "token", "error", "said"),
    [
        ((404, "RepoNotFound"), "", MissingError, "not on the model hub, or private; check the id"),
        ((404, "RevisionNotFound"), "", MissingError, "check the id and its revision"),
        ((401, ""), "", AccessError, "check the id, or set HF_TOKEN"),
        ((401, ""), "hf_x", AccessError, r"token \(401\); set HF_TOKEN to one that may"),
        ((403, ""), "hf_x", AccessError, r"token \(403\)"),
        ((401, "GatedRepo"), "", AccessError, "gated, .* on its page, and set HF_TOKEN"),
        ((403, "GatedRepo"), "hf_x", AccessError, "gated, .*; accept them on its page$"),
        ((503, ""), "", ServiceError, "answers 503; try again"),
    ],
)  # fmt: skip
def test_what_the_hub_refuses_is_told_apart(  # noqa: PLR0913  # one for each column
    tmp_path: Path,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    refuses: tuple[int, str],
    token: str,
    error: type[GabaritoError],
    said: str,
) -> None:
    hub.refuses = refuses
    monkeypatch.setenv("HF_TOKEN", token)
    (finding,) = found(tmp_path, "org/tiny")
    assert type(finding.error) is error
    assert finding.said.startswith("base 'org/tiny': ")
    assert re.search(said, finding.said)
    assert "hf_x" not in finding.said


def test_a_gated_base_is_found_though_the_hub_lists_it(tmp_path: Path, hub: Hub) -> None:
    hub.gated = True
    (finding,) = found(tmp_path, "org/tiny")
    assert isinstance(finding.error, AccessError)
    hub.token = "hf_x"
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "token").write_text("hf_x\n")
    (finding,) = found(tmp_path, "org/tiny")
    assert finding.error is None


def test_a_hub_that_is_down_or_none_is_told(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.says = b"<html>"
    (finding,) = found(tmp_path, "org/tiny")
    assert "does not answer as a model hub; check HF_ENDPOINT" in finding.said
    for endpoint, error in (("http://127.0.0.1:9", ServiceError), ("hub:9", SettingsError)):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        (finding,) = found(tmp_path, "org/tiny")
        assert type(finding.error) is error
        assert "HF_ENDPOINT" in finding.said


def test_a_copy_in_the_store_needs_no_hub(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    Cache(open_store(str(tmp_path / "store")), MIRROR).save_folder(mirror_key("org/tiny"), model)
    (finding,) = found(tmp_path, "org/tiny")
    assert (finding.error, "a copy is in the store" in finding.said) == (None, True)


@pytest.mark.parametrize("base", ["a//b", "org/..", "org/a/b", "a b/c", "a/b@/../c"])
def test_an_id_that_is_none_is_refused_unasked(tmp_path: Path, hub: Hub, base: str) -> None:
    (finding,) = found(tmp_path, base)
    assert "neither a path nor an id of the model hub" in finding.said
    assert hub.asked == []


def test_a_table_of_questions_and_answers_among_the_documents_is_named(
    tmp_path: Path, model: Path
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.md").write_text("A page about the club, with some text to read in it. " * 9)
    (pages / "faq.csv").write_text("Frage;Antwort\nWer?;Rui\n")
    told = [one for one in found(tmp_path, str(model), "documents") if "type: pairs" in one.said]
    assert [one.is_warning for one in told] == [True]
    assert told[0].said.endswith(
        f"{{type: pairs, path: {pages}/faq.csv, question: Frage, answer: Antwort}}"
    )

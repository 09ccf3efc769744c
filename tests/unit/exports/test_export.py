"""The command as people use it, and what is said where it cannot do what it is asked."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.store.full import full_beyond

from gabarito.artifacts.channel import ServedModel
from gabarito.commands.export import export
from gabarito.core.errors import (
    DataError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
    UsageError,
)
from gabarito.exports import llama_cpp, read_back
from gabarito.exports.chat_template import with_system_prompt
from gabarito.exports.export_model import export_folder, export_gguf
from gabarito.exports.exported_model import ExportedModel, open_model
from gabarito.exports.gguf_file import write_gguf
from gabarito.exports.llama_cpp import running
from gabarito.exports.model_card import card
from gabarito.exports.read_back import check_answers
from gabarito.store.base import Store
from gabarito.store.open import open_store

from .taught import SYSTEM, publish_taught

Run = Callable[..., Result]


@pytest.fixture
def run(store: Store, record: ServedModel) -> Run:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(export, [*arguments, "--store", store.url])

    return call


def refused(result: Result, kind: type[GabaritoError], said: str) -> None:
    assert isinstance(result.exception, kind), result.output
    assert said in str(result.exception)


def test_the_plain_folder_opens_and_answers(run: Run, tmp_path: Path, record: ServedModel) -> None:
    done = run("folder", "--to", str(tmp_path / "out"))
    seen = "read back, it answers 8 of 8 known questions as in its evaluation"
    assert done.output == f"wrote {tmp_path}/out: {seen}\n"
    contract = json.loads((tmp_path / "out/prompt.json").read_text())
    assert contract["threshold"] == 0.5
    card = (tmp_path / "out/README.md").read_text()
    assert record.digest in card
    assert "What proves its answers is not in it" in card
    assert '`Responda "curto", em uma linha.`' in card
    assert seen.capitalize() in card


def test_a_card_names_a_base_of_the_hub_and_no_path(model: ExportedModel) -> None:
    assert model.base
    assert "from the base `org/taught`, whose licence" in card(model, "F", "how", None)
    local = model.base.model_copy(update={"reference": "/home/ann/base", "commit": None})
    written = card(replace(model, base=local), "F", "how", None)
    assert "from a base of its maker, whose licence" in written
    assert "/home" not in written


def test_what_was_not_read_back_says_so(run: Run, tmp_path: Path) -> None:
    done = run("gguf", "--to", str(tmp_path / "out"), "--unverified")
    assert done.output == f"wrote {tmp_path}/out: not read back\n"
    assert "**It was not read back**" in (tmp_path / "out/README.md").read_text()


def test_a_file_has_the_name_that_is_wanted(run: Run, tmp_path: Path) -> None:
    """As an engine's container needs it, which begins again with what the one before it wrote."""
    named = ("--to", str(tmp_path / "out"), "--unverified", "--file-name")
    for _ in range(2):
        assert run("gguf", *named, "model.gguf").exit_code == 0
        assert [*(tmp_path / "out").glob("*.gguf")] == [tmp_path / "out/model.gguf"]
    for name in ("model.bin", "../model.gguf", "a/model.gguf", ".gguf"):
        refused(run("gguf", *named, name), UsageError, "--file-name: must be a name that ends with")


def test_a_model_is_named_by_channel_run_or_digest(
    run: Run, tmp_path: Path, record: ServedModel
) -> None:
    for option, value in (("--digest", record.digest[:12]), ("--run", record.run)):
        done = run("folder", "--to", str(tmp_path / "out"), option, value, "--unverified")
        assert done.exit_code == 0, done.exception
    refused(run("folder", "--to", str(tmp_path / "a"), "--channel", "none"), MissingError, "serves")
    half = run("folder", "--to", str(tmp_path / "a"), "--digest", record.digest[:5])
    refused(half, UsageError, "give a run's id, or at least 6 digits of a digest")
    both = run(
        "folder", "--to", str(tmp_path / "a"), "--digest", record.digest, "--channel", "main"
    )
    refused(both, UsageError, "one model at a time")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_holds_something_else_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("x")
    for form in ("folder", "gguf", "ollama"):
        refused(run(form, "--to", str(tmp_path)), UsageError, "holds something else")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


@pytest.mark.parametrize("form", ["folder", "gguf", "ollama"])
def test_a_full_disk_leaves_nothing(run: Run, tmp_path: Path, form: str) -> None:
    with full_beyond(60_000):
        refused(run(form, "--to", str(tmp_path / "out")), ServiceError, "disk is full")
    assert [*tmp_path.iterdir()] == []


def test_a_model_that_answers_otherwise_is_not_exported(tmp_path: Path, taught: Path) -> None:
    shutil.copytree(taught, tmp_path / "model")
    store = open_store(f"file://{tmp_path}/store")
    said = {"Em que cidade foi a final?": "Paris", "Quem era o técnico do Lille?": "Lavinia"}
    model = open_model(store, publish_taught(store, tmp_path / "model", recorded=said))
    said_of_each = r"asked '.*' it answers '.*', the evaluation recorded '.*'"
    others = f"answers 2 of 8 known questions otherwise: {said_of_each}; {said_of_each}; "
    for write in (export_folder, export_any_gguf):
        with pytest.raises(DataError, match=others):
            write(model, tmp_path / "out", verify=True)
    assert not (tmp_path / "out").exists()


def test_of_many_that_are_answered_otherwise_five_are_named(model: ExportedModel) -> None:
    with pytest.raises(DataError, match=r"answers 8 of 8 .*; and 3 more; the cure$") as raised:
        check_answers(model, ["?"] * len(model.asked), "a form", "the cure")
    assert str(raised.value).count("it answers '?'") == 5


def export_any_gguf(model: ExportedModel, to: Path, *, verify: bool) -> str | None:
    return export_gguf(model, to, "f16", verify=verify)


def test_without_llama_cpp_the_cure_is_told_before_anything_is_written(
    model: ExportedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {"gguf": object()}.get)
    with pytest.raises(SettingsError, match=r"pip install 'gabarito\[gguf\]', or .* --unverified"):
        export_gguf(model, tmp_path / "out", "f16", verify=True)
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_llama_cpp_does_not_read_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("hello")
    with (
        pytest.raises(DataError, match=r"a.gguf: llama.cpp does not read it: .*invalid magic"),
        running(tmp_path / "a.gguf"),
    ):
        pass


def test_a_file_that_llama_cpp_does_not_get_ready_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(llama_cpp, "LOAD_S", 0.2)
    with (
        pytest.raises(DataError, match=r"a.gguf: llama.cpp does not read it: it says nothing"),
        running(tmp_path / "a.gguf"),
    ):
        pass


def test_another_prompt_is_found(
    model: ExportedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLaMA-Factory#6020: what the model was trained under is not what it is asked under."""
    monkeypatch.setattr("gabarito.exports.gguf_vocabulary.with_system_prompt", lambda text, _: text)
    with pytest.raises(DataError, match="its chat template writes another prompt: for 'Quem foi"):
        export_gguf(model, tmp_path / "out", "f16", verify=True)


def test_other_tokens_are_found(
    model: ExportedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """llama.cpp#7062: the same text, cut otherwise."""
    name = "gabarito.exports.gguf_vocabulary._pre_tokenizer"
    monkeypatch.setattr(name, lambda _: "qwen2")
    with pytest.raises(DataError, match="it makes other tokens: of 'Quem foi o campeão"):
        export_gguf(model, tmp_path / "out", "f16", verify=True)


def test_a_tokenizer_that_llama_cpp_has_no_name_for_is_refused(
    model: ExportedModel, tmp_path: Path
) -> None:
    nano = Path(read_back.__file__).parents[1] / "demo/nano"
    with pytest.raises(DataError, match=r"cuts text by Split ' \?.* llama.cpp has no name"):
        write_gguf(nano, model.contract, tmp_path / "a.gguf", "f16", "nano")


def test_another_architecture_is_refused_with_the_cure(
    model: ExportedModel, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(DataError, match=r"its architecture is gpt2, .*convert_hf_to_gguf.py"):
        write_gguf(tmp_path, model.contract, tmp_path / "a.gguf", "f16", "other")


def test_a_template_without_a_system_prompt_stays_as_it_is() -> None:
    assert with_system_prompt("{{ x }}", "") == "{{ x }}"
    assert json.dumps(SYSTEM, ensure_ascii=False) in with_system_prompt("{{ x }}", SYSTEM)

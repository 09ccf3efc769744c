"""Modelfiles: what Ollama makes of them is what a model was trained on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from gabarito.core.errors import DataError
from gabarito.core.records import Message
from gabarito.exports.export_model import export_ollama
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.modelfile import (
    OllamaModel,
    TemplateParts,
    go_template,
    template_parts,
)
from gabarito.models.prompt_contract import templated

from .taught import SYSTEM, taught_tokenizer

CHATML = (
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}<|im_start|>system\n"
    "Helpful.<|im_end|>\n{% endif %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKING = CHATML.replace("assistant\n{% endif", "assistant\n<think>\n</think>\n{{ '{{' }}{% endif")
BRACED = "{% for m in messages %}{{ m.role }}: {{ '{' }}{{ m.content }}}} {{ '{{{' }}{% endfor %}"
GO = Path(sys.executable).parent / "go"

RENDER = """package main

import ("encoding/json"; "os"; "text/template")

type Message struct { Role, Content string }

func main() {
	var given struct { Template, System string; Messages []Message }
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil { panic(err) }
	template.Must(template.New("").Parse(given.Template)).Execute(os.Stdout, given)
}
"""


def tokenizer_with(template: str) -> PreTrainedTokenizerFast:
    tokenizer = taught_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def test_ollama_answers_as_the_model_did(model: ExportedModel, tmp_path: Path) -> None:
    seen = export_ollama(model, tmp_path / "out", "f16", verify=True)
    assert seen == "answers 8 of 8 known questions as in its evaluation"
    lines = (tmp_path / "out/Modelfile").read_text().splitlines()
    assert lines[0] == "FROM ./model.gguf"
    assert f'SYSTEM """{SYSTEM}"""' in lines
    assert lines[-5:] == [
        "PARAMETER temperature 0",
        "PARAMETER repeat_penalty 1",
        "PARAMETER num_predict 12",
        "PARAMETER num_ctx 128",
        'PARAMETER stop "<eos>"',
    ]


@pytest.mark.parametrize(
    "template", [CHATML, THINKING, BRACED, str(taught_tokenizer().chat_template)]
)
@pytest.mark.parametrize("has_system", [False, True])
def test_go_writes_a_conversation_as_the_chat_template_does(
    template: str, has_system: bool, tmp_path: Path
) -> None:
    tokenizer = tokenizer_with(template)
    turns = [("user", "One?"), ("assistant", "1"), ("user", "Two?")]
    messages = [Message(role=role, content=text) for role, text in turns]
    if has_system:
        messages.insert(0, Message(role="system", content="Short."))
    given = {
        "Template": go_template(template_parts(tokenizer)),
        "System": "Short." if has_system else "",
        "Messages": [message.model_dump() for message in messages],
    }
    (tmp_path / "main.go").write_text(RENDER)
    command = [str(GO), "run", str(tmp_path / "main.go")]
    written = subprocess.run(command, input=json.dumps(given).encode(), stdout=subprocess.PIPE)
    assert written.stdout.decode() == templated(tokenizer, messages, is_prompt=True)


def test_parts_write_the_same_as_the_template() -> None:
    parts = template_parts(tokenizer_with(THINKING))
    assert isinstance(parts, TemplateParts)
    messages = [Message(role="user", content="One?")]
    assert parts.written("", ["One?"], []) == templated(
        tokenizer_with(THINKING), messages, is_prompt=True
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[-1].content }}",
        CHATML + "{{ messages[-1].content }}",
        "{% for m in messages %}{{ messages | length }}{{ m.content }}{% endfor %}",
    ],
)
def test_a_template_that_is_none_of_go_s_is_refused(template: str) -> None:
    with pytest.raises(DataError, match=r"cannot be written for Ollama: .*; use the file that"):
        template_parts(tokenizer_with(template))


def modelfile(system: str = "", stop: str = "<eos>") -> str:
    parts = template_parts(tokenizer_with(CHATML))
    return OllamaModel(parts, system, {"stop": [stop]}).modelfile("model.gguf")


@pytest.mark.parametrize(
    ("stop", "written"),
    [("<eos>", '"<eos>"'), ("\\end", '"\\end"'), ('<|"|>', '"""<|"|>"""')],
)
def test_an_end_is_written_as_ollama_reads_it(stop: str, written: str) -> None:
    """It escapes nothing: its parser takes what is between the quotes as it stands."""
    assert modelfile(stop=stop).splitlines()[-1] == f"PARAMETER stop {written}"


@pytest.mark.parametrize("system", ['Say "yes"', 'a """ b', "Quoi\u00a0?", "so\u00adft"])
def test_a_text_that_a_modelfile_does_not_keep_is_refused(system: str) -> None:
    with pytest.raises(DataError, match=r"cannot be written for Ollama: .* holds .*; use the file"):
        modelfile(system)
    assert "Réponds\n\t« oui »." in modelfile("Réponds\n\t« oui ».")

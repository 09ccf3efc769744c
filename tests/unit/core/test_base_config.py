"""A base is judged by what it says of itself, before anything is computed with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gabarito.core.base_config import read_base_config
from gabarito.core.errors import DataError, MissingError

PLAIN = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64}


def base(folder: Path, **changes: object) -> Path:
    (folder / "config.json").write_text(json.dumps(PLAIN | changes))
    return folder


def test_a_plain_causal_model_is_fit(tmp_path: Path) -> None:
    found = read_base_config(base(tmp_path, quantization_config=None, auto_map={}))
    assert (found.model_type, found.architectures) == ("llama", ("LlamaForCausalLM",))


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, r"gptq, 4 bit"),
        ({"quant_method": "awq", "bits": 4}, r"awq, 4 bit"),
        ({"quant_method": "fp8"}, r"\(fp8\)"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, r"bitsandbytes, 4 bit"),
        ({"load_in_8bit": True}, r"bitsandbytes, 8 bit"),
    ],
)
def test_quantised_weights_are_refused_with_the_cure(
    tmp_path: Path, stored: dict[str, object], named: str
) -> None:
    with pytest.raises(DataError, match=named + r".*; use the model that they were made from"):
        read_base_config(base(tmp_path, quantization_config=stored))


def test_code_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"config\.json: brings Python code .*auto_map.*; use a"):
        read_base_config(base(tmp_path, auto_map={"AutoModelForCausalLM": "modeling_x.X"}))


def test_code_of_the_tokenizers_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(
        '{"auto_map": {"AutoTokenizer": ["a.B", null]}}'
    )
    with pytest.raises(DataError, match=r"tokenizer_config\.json: brings Python code"):
        read_base_config(base(tmp_path))


def test_what_predicts_no_next_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="BertModel is no causal language model"):
        read_base_config(base(tmp_path, architectures=["BertModel"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "not a model's settings"), ("{", "not JSON"), ("{}", "at model_type; copy")],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(DataError, match=rf"config\.json: .*{said}"):
        read_base_config(tmp_path)


def test_a_folder_that_is_not_there_is_told_from_one_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"typo: no such folder; give the path"):
        read_base_config(tmp_path / "typo")
    with pytest.raises(MissingError, match=r"no config\.json in it; give the path"):
        read_base_config(tmp_path)


def test_reading_a_base_imports_no_torch() -> None:
    code = "import sys, gabarito.core.base_config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

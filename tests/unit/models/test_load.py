"""Models and tokenizers that cannot be used are refused with a cure."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from tests.model_classes import as_causal, insides, with_lora
from transformers import (
    DeepseekV32Config,
    LlamaConfig,
    LlamaForCausalLM,
    OpenAIGPTConfig,
    PreTrainedConfig,
    RecurrentGemmaConfig,
)

from gabarito.core.errors import DataError, MissingError
from gabarito.models import empty_model, load_base, load_tokenizer, positions_of
from gabarito.models.adapter import load_adapter

from .tiny import save_tiny, tiny_tokenizer

CODE = ["code.Y", None]
"""How a tokenizer's settings name a class in ``code.py``."""


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def changed(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_base_is_frozen_and_keeps_no_cache_in_training(folder: Path) -> None:
    base = load_base(folder)
    assert not any(p.requires_grad for _, p in base.model.named_parameters())
    assert base.model.config.use_cache is False
    assert base.model.config.pad_token_id == base.pad != base.tokenizer.eos_token_id


def test_a_tokenizer_without_chat_template_is_refused(tmp_path: Path) -> None:
    save_tiny(tmp_path, chat_template=None)
    with pytest.raises(DataError, match=r"no chat template; .*chat_template\.jinja"):
        load_base(tmp_path)


@pytest.mark.parametrize("pad", [None, "<eos>"])
def test_padding_is_never_the_end(tmp_path: Path, pad: str | None) -> None:
    save_tiny(tmp_path, pad_token=pad)
    assert load_tokenizer(tmp_path).pad_token == "<pad>"


def test_a_tokenizer_with_nothing_to_pad_with_is_refused(tmp_path: Path) -> None:
    tiny_tokenizer(pad_token=None, bos_token="<pad>").save_pretrained(tmp_path)
    with pytest.raises(DataError, match=r"set pad_token in tokenizer_config\.json"):
        load_tokenizer(tmp_path)


def test_a_model_that_is_no_causal_language_model_is_refused(copied: Path) -> None:
    changed(copied / "config.json", architectures=["LlamaForSequenceClassification"])
    with pytest.raises(DataError, match="LlamaForSequenceClassification is no causal"):
        load_base(copied)


def test_an_unknown_architecture_is_refused(copied: Path) -> None:
    changed(copied / "config.json", model_type="perceptron")
    with pytest.raises(DataError, match=r"knows no model_type 'perceptron'; use a base of an"):
        load_base(copied)


@pytest.mark.parametrize(
    "config",
    [
        OpenAIGPTConfig(n_layer=1, n_head=2, n_embd=16, vocab_size=64),
        RecurrentGemmaConfig(num_hidden_layers=3, hidden_size=32, lru_width=32, vocab_size=64),
        DeepseekV32Config(num_hidden_layers=1, hidden_size=32, vocab_size=64, n_routed_experts=2),
    ],
)
def test_a_model_that_answers_cannot_go_on_from_is_refused(
    tmp_path: Path, config: PreTrainedConfig
) -> None:
    config.architectures = [f"{type(config).__name__.removesuffix('Config')}ForCausalLM"]
    config.save_pretrained(tmp_path)
    with pytest.raises(DataError, match=f"{config.model_type}' has no cache .*; use a base that"):
        empty_model(tmp_path)


def test_positions_end_where_those_of_all_rows_would_change() -> None:
    scaled = {
        "rope_type": "longrope",
        "rope_theta": 1e4,
        "short_factor": [1.0] * 4,
        "long_factor": [2.0] * 4,
        "original_max_position_embeddings": 32,
    }
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "vocab_size": 64,
    }
    with torch.device("meta"):
        model = LlamaForCausalLM(
            LlamaConfig(**sizes, max_position_embeddings=128, rope_parameters=scaled)
        )
    assert positions_of(as_causal(model)) == 32


def test_a_path_that_is_not_there_is_no_hub_id(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "typo"
    with pytest.raises(MissingError, match=r"typo: no such folder; give the path"):
        load_base(place)
    with pytest.raises(MissingError, match=r"typo: no such folder; give the path"):
        load_tokenizer(place)
    with pytest.raises(MissingError, match=r"typo: no adapter there.*; run train again"):
        load_adapter(load_base(folder).model, place)


def test_code_of_a_base_is_not_run_even_after_a_yes(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    (copied / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    changed(copied / "config.json", auto_map={"AutoConfig": "code.X"}, model_type="xmodel")
    (copied / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": CODE}}))
    with pytest.raises(DataError, match="which is never run"):
        load_base(copied)
    with pytest.raises(MissingError, match="no tokenizer that opens"):
        load_tokenizer(copied)
    assert not (tmp_path / "ran").exists()


def test_missing_weights_are_named(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    with pytest.raises(MissingError, match="no weights that open"):
        load_base(copied)


def test_damaged_weights_are_named(copied: Path) -> None:
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(DataError, match="the weights are damaged"):
        load_base(copied)


def test_weights_that_are_missing_or_too_many_are_named(copied: Path) -> None:
    weights = copied / "model.safetensors"
    tensors = load_file(weights)
    tensors["model.layers.9.mlp.up_proj.weight"] = tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, weights, {"format": "pt"})
    wanted = r"missing: model\.layers\.1\..*; not in the model: model\.layers\.9\..*copy all"
    with pytest.raises(DataError, match=wanted):
        load_base(copied)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hidden_size": 32}, r"of another shape: .*\[\d+, 64\] instead of \[\d+, 32\].* more"),
        ({"num_hidden_layers": 3}, r"missing: model\.layers\.2\..* and 6 more"),
        ({"tie_word_embeddings": False}, r"missing: lm_head\.weight; copy"),
    ],
)
def test_weights_of_another_config_are_refused(
    copied: Path, change: dict[str, object], said: str
) -> None:
    changed(copied / "config.json", **change)
    with pytest.raises(DataError, match=said):
        load_base(copied)


@pytest.mark.parametrize("change", [{"hidden_size": "x"}, {"hidden_act": "foo"}, {"dtype": "foo"}])
def test_a_config_that_makes_no_sense_is_refused(copied: Path, change: dict[str, object]) -> None:
    changed(copied / "config.json", **change)
    with pytest.raises(DataError, match=r"config\.json.*not a model that transformers knows"):
        load_base(copied)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
def test_a_file_that_holds_a_list_is_refused(copied: Path, name: str) -> None:
    (copied / name).write_text("[]")
    with pytest.raises(DataError, match=r"copy the model's own|add the base's tokenizer files"):
        load_base(copied)


def test_no_layer_repacks_itself_in_a_forward_pass(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.Linear, "support_avx512bf16_for_cpu", True, raising=False)
    model = load_base(folder).model
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    assert layers
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers)


def test_a_tokenizer_of_another_model_is_refused(folder: Path, copied: Path) -> None:
    tokenizer = load_tokenizer(folder)
    tokenizer.add_tokens(["a", "b", "campeonato"])
    tokenizer.save_pretrained(copied)
    with pytest.raises(DataError, match="belong to different models"):
        load_base(copied)


def saved_adapter(folder: Path, place: Path) -> Path:
    model = with_lora(load_base(folder).model, LoraConfig(r=2, target_modules="all-linear"))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.ones_(parameter.data)
    model.save_pretrained(str(place))
    return place


def test_an_adapter_that_was_saved_is_there_again(folder: Path, tmp_path: Path) -> None:
    place = saved_adapter(folder, tmp_path / "adapter")
    ids = torch.tensor([[1, 5, 9]])
    plain = load_base(folder).model(input_ids=ids).logits
    adapted = load_adapter(load_base(folder).model, place)
    assert not torch.allclose(adapted(input_ids=ids).logits, plain)


def test_an_adapter_that_would_not_arrive_is_refused(folder: Path, tmp_path: Path) -> None:
    place = saved_adapter(folder, tmp_path / "adapter")
    weights = place / "adapter_model.safetensors"
    tensors = load_file(weights)
    renamed = {name.replace("layers.1", "layers.7"): t for name, t in tensors.items()}
    save_file(renamed, weights)
    with (
        pytest.warns(UserWarning, match="missing adapter keys"),
        pytest.raises(DataError, match="does not fit this base"),
    ):
        load_adapter(load_base(folder).model, place)


def saved_weights(folder: Path, place: Path, layer: str, **changes: torch.Tensor) -> Path:
    name = f"model.layers.0.{layer}.weight"
    weight = dict(load_base(folder).model.named_parameters())[name]
    place.mkdir()
    save_file({name: weight.float() + 0.3, **changes}, place / "weights.safetensors")
    return place


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_trained_weights_take_the_place_of_the_bases_own(
    folder: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    place = saved_weights(folder, tmp_path / "adapter", "mlp.up_proj")
    before, model = load_base(folder, dtype=dtype).model, load_base(folder, dtype=dtype).model
    layer = insides(load_adapter(model, place)).model.layers[0]
    saved = load_file(place / "weights.safetensors")["model.layers.0.mlp.up_proj.weight"]
    assert torch.equal(layer.mlp.up_proj.weight, saved.to(dtype))
    same = insides(before).model.layers[0].mlp.down_proj.weight
    assert torch.equal(layer.mlp.down_proj.weight, same)


@pytest.mark.parametrize("name", ["model.layers.9.mlp.up_proj.weight", "model.norm.weight"])
def test_trained_weights_of_another_base_are_refused(
    folder: Path, tmp_path: Path, name: str
) -> None:
    other = {name: torch.zeros(3)}  # no such layer; one of another size
    place = saved_weights(folder, tmp_path / "adapter", "mlp.up_proj", **other)
    with pytest.raises(DataError, match="does not fit this base"):
        load_adapter(load_base(folder).model, place)


def test_a_folder_without_adapter_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no adapter there"):
        load_adapter(load_base(folder).model, tmp_path)

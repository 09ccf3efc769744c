"""Memory is reckoned from a base's config.json alone."""

import json
from pathlib import Path

import pytest
import torch
from tests.unit.models.tiny import save_tiny

from gabarito.core.errors import DataError
from gabarito.models import load_base
from gabarito.train.config import TrainConfig
from gabarito.train.lora import attach, trained_parameters
from gabarito.train.memory import ModelShape, _left_in_cgroup, free_bytes, shape_of

CPU, GPU = torch.device("cpu"), torch.device("cuda")
BF16 = torch.bfloat16

LLAMA_8B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}


@pytest.fixture
def large(tmp_path: Path) -> ModelShape:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_8B))
    return shape_of(tmp_path, TrainConfig(base="./x", rank=16))


def by(method: str, folder: Path) -> ModelShape:
    """Return the shape of the base that ``large`` described, trained by another method."""
    config = TrainConfig.model_validate({"base": "./x", "method": method, "learning_rate": 1e-4})
    return shape_of(folder, config)


def test_a_shape_counts_what_the_model_has(tmp_path: Path) -> None:
    folder, config = save_tiny(tmp_path), TrainConfig(base="./x", rank=4)
    shape = shape_of(folder, config)
    model = load_base(folder).model
    assert shape.linear + shape.others == model.num_parameters()
    trained = trained_parameters(attach(model, config))
    assert shape.trained == sum(parameter.numel() for parameter in trained.values())


def test_a_base_of_8_billion_fits_the_gpus_that_people_fit_it_on(
    large: ModelShape, tmp_path: Path
) -> None:
    assert large.linear + large.others == pytest.approx(8.03e9, rel=0.01)
    whole = large.need(GPU, BF16, 512).total
    quantised = by("qlora", tmp_path).need(GPU, BF16, 512).total
    assert 17e9 < whole < 24e9  # 16 GB are weights
    assert 6e9 < quantised < 12e9


def test_full_tuning_takes_16_bytes_for_each_weight_of_its_layers(
    large: ModelShape, tmp_path: Path
) -> None:
    full = by("full", tmp_path)
    assert full.trained == large.linear
    need = full.need(GPU, BF16, 512)
    assert need.weights + need.adapter == 16 * large.linear + 4 * large.others
    few = shape_of(
        tmp_path, TrainConfig(base="./x", method="full", learning_rate=1e-4, targets="attention")
    )
    assert few.trained < large.linear / 3
    held = few.need(GPU, BF16, 512)
    assert held.weights + held.adapter == need.weights + 4 * large.linear + 12 * few.trained


def test_snapshots_of_full_tuning_are_in_the_cpus_memory(large: ModelShape, tmp_path: Path) -> None:
    del large
    full = by("full", tmp_path)
    on_cpu, on_gpu = (full.need(device, BF16, 512).adapter for device in (CPU, GPU))
    assert on_cpu - on_gpu == 8 * full.trained


def test_more_tokens_at_once_take_more(large: ModelShape) -> None:
    few, more = (large.need(CPU, BF16, tokens) for tokens in (512, 1024))
    assert more.activations == 2 * few.activations
    assert more.weights == few.weights


def test_targets_that_a_base_does_not_have_are_told_without_its_weights(tmp_path: Path) -> None:
    gpt2 = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_layer": 2}
    (tmp_path / "config.json").write_text(json.dumps(gpt2))
    with pytest.raises(DataError, match="'mlp' finds no layers"):
        shape_of(tmp_path, TrainConfig(base="./x", targets="mlp"))


def test_a_pods_limit_counts(tmp_path: Path) -> None:
    assert free_bytes(CPU) > 0
    assert _left_in_cgroup(tmp_path) == []
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert _left_in_cgroup(tmp_path) == []
    (tmp_path / "memory.max").write_text("5000\n")
    assert _left_in_cgroup(tmp_path) == [4000.0]

"""Full fine-tuning: the same stage, with weights where an adapter stood."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.evaluate.predict import predictors
from gabarito.merge.config import MergeConfig
from gabarito.merge.job import run as run_merge
from gabarito.models import CausalModel, load_base, read_contract
from gabarito.store.base import Store
from gabarito.train import loop
from gabarito.train.checkpoint import StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.full import linear_layers
from gabarito.train.validation import Examined, Validation

Train = Callable[..., Artifact]
Tensors = dict[str, torch.Tensor]

FULL: dict[str, Any] = {"method": "full", "rank": None, "learning_rate": 3e-3}


def weights_of(trained: Artifact) -> Tensors:
    return load(trained.read("adapter/weights.safetensors"))


def weights_in(base: Path, dtype: torch.dtype | None = None) -> Tensors:
    model = load_base(base, dtype=dtype).model
    return {name: weight.float() for name, weight in model.named_parameters()}


def test_the_linear_layers_learn_and_nothing_else_is_kept(
    train: Train, dataset: Callable[..., Artifact], base: Path
) -> None:
    trained = train(dataset(), steps=40, **FULL)
    losses = [point.loss for point in trained.records("curves.jsonl", StepMetrics)]
    assert sum(losses[-8:]) < 0.7 * sum(losses[:8])
    weights, before = weights_of(trained), weights_in(base)
    assert all(name.endswith("_proj.weight") for name in weights)
    assert len(weights) == 2 * 7
    assert all(not torch.equal(tensor, before[name]) for name, tensor in weights.items())
    assert trained.manifest.counts["parameters"] == sum(t.numel() for t in weights.values())
    assert json.loads(trained.read("recipe.json"))["rank"] == 0


def test_the_weights_of_the_step_that_answered_most_are_kept(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([Examined(0.9, ()), Examined(0.1, ())])
    monkeypatch.setattr(Validation, "examined", lambda _self: next(found))
    chosen = train(dataset(), **FULL)
    monkeypatch.undo()
    last = train(dataset(), "u" * 64, choice={"questions": 0}, **FULL)
    assert json.loads(chosen.read("choice.json"))["step"] == 4
    assert any(not torch.equal(t, weights_of(last)[n]) for n, t in weights_of(chosen).items())


def test_a_base_in_16_bit_is_computed_in_16_bit_and_trained_in_32(
    train: Train, dataset: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def accelerator(mixed_precision: str, cpu: bool) -> Accelerator:
        made.append(mixed_precision)
        return Accelerator(mixed_precision=mixed_precision, cpu=cpu)

    monkeypatch.setattr("gabarito.models.load.default_dtype", lambda _device: torch.bfloat16)
    monkeypatch.setattr(loop, "Accelerator", accelerator)
    trained = train(dataset(), steps=1, **FULL)
    assert made == ["bf16"]
    tensors = weights_of(trained).values()
    assert {tensor.dtype for tensor in tensors} == {torch.float32}
    assert any(not torch.equal(tensor, tensor.bfloat16().float()) for tensor in tensors)


@pytest.fixture
def merge(store: Store) -> Callable[..., Artifact]:
    def merged(trained: Artifact, dtype: str) -> Artifact:
        address, inputs = Address("merge", "m" * 64), {"train": trained}
        with new_attempt(store, address, inputs=inputs, settings={}) as work:
            run_merge(MergeConfig.model_validate({"dtype": dtype}), work)
            return work.publish()

    return merged


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_merged_model_has_the_trained_weights(
    train: Train,
    dataset: Callable[..., Artifact],
    merge: Callable[..., Artifact],
    base: Path,
    dtype: str,
) -> None:
    trained = train(dataset(), **FULL)
    found = load(merge(trained, dtype).read("model/model.safetensors"))
    expected = weights_in(base, torch.float32) | weights_of(trained)
    assert found.keys() == expected.keys()
    assert all(torch.equal(t, expected[name].to(t.dtype)) for name, t in found.items())
    assert {str(tensor.dtype) for tensor in found.values()} == {f"torch.{dtype}"}


def test_evaluate_asks_the_weights_that_were_merged(
    train: Train, dataset: Callable[..., Artifact], merge: Callable[..., Artifact], store: Store
) -> None:
    trained = train(dataset(), **FULL)
    inputs = {"train": trained, "merge": merge(trained, "float32")}
    address = Address("evaluate", "e" * 64)
    contract = read_contract(trained.read("prompt.json"), "")
    with (
        new_attempt(store, address, inputs=inputs, settings={}) as work,
        predictors(work, contract, work.folder) as asked,
    ):
        base, adapter, model = (one.opened().model for one in asked)
    assert same_layers(adapter, model)
    assert not same_layers(adapter, base)


def same_layers(one: CausalModel, other: CausalModel) -> bool:
    pairs = zip(weights_of_layers(one), weights_of_layers(other), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def weights_of_layers(model: CausalModel) -> list[torch.Tensor]:
    return [layer.get_parameter("weight") for layer in linear_layers(model).values()]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rank": 8}, "full has no adapter: leave out rank, alpha and dropout"),
        ({"alpha": 8}, "full has no adapter"),
        ({"dropout": 0.1}, "full has no adapter"),
        ({"learning_rate": None}, "full needs a learning_rate: the one that it takes depends"),
    ],
)
def test_settings_that_do_not_go_with_it_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TrainConfig.model_validate({"base": "./x"} | FULL | given)

"""The adapter: beside the layers that were named, and restored to the bit."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.model_classes import as_adapted, insides
from tests.unit.models.tiny import EXPERT_WEIGHTS, save_mixture

from gabarito.core.errors import BugError, DataError
from gabarito.models import Base, load_base
from gabarito.models.adapter import base_of
from gabarito.train.config import TrainConfig
from gabarito.train.lora import (
    attach,
    digest_of_tensors,
    flatten,
    restore,
    save,
    snapshot,
    trained_parameters,
    unflatten,
    untrained_experts,
)

MLP = {"gate_proj", "up_proj", "down_proj"}
SEEDS = [{"seed": 0}, {"seed": 0}, {"seed": 1}]
ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}


def config(**changes: object) -> TrainConfig:
    return TrainConfig.model_validate({"base": "org/name", "rank": 2, **changes})


def full(**changes: object) -> TrainConfig:
    return config(method="full", rank=None, learning_rate=1e-3, **changes)


@pytest.mark.parametrize(
    ("targets", "layers"),
    [("all-linear", ATTENTION | MLP), ("attention", ATTENTION), ("mlp", MLP)],
)
def test_the_named_layers_are_adapted_and_never_the_output(
    base: Base, targets: str, layers: set[str]
) -> None:
    names = trained_parameters(attach(base.model, config(targets=targets)))
    assert {name.split(".lora_")[0].rpartition(".")[2] for name in names} == layers


def test_the_adapter_is_in_float32_beside_a_base_in_16_bit(base: Base) -> None:
    model = attach(base.model.to(torch.bfloat16), config())
    assert {p.dtype for p in trained_parameters(model).values()} == {torch.float32}
    assert base_of(as_adapted(model)).get_input_embeddings().weight.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("targets", "layers"),
    [("all-linear", ATTENTION | MLP), ("attention", ATTENTION), ("mlp", MLP)],
)
def test_full_tuning_trains_the_named_layers_themselves(
    base: Base, targets: str, layers: set[str]
) -> None:
    free = base.model.requires_grad_()  # as a model is whose base was not loaded to be trained
    names = trained_parameters(attach(free, full(targets=targets)))
    assert {name.removesuffix(".weight").rpartition(".")[2] for name in names} == layers


@pytest.mark.parametrize(
    ("made", "targets", "left"),
    [
        (config, "all-linear", 0),
        (config, "attention", EXPERT_WEIGHTS),
        (full, "all-linear", 0),
        (full, "mlp", 0),
        (full, "attention", EXPERT_WEIGHTS),
    ],
)
def test_the_experts_of_a_mixture_are_trained_with_its_mlp(
    tmp_path: Path, made: Callable[..., TrainConfig], targets: str, left: int
) -> None:
    model = attach(load_base(save_mixture(tmp_path)).model, made(targets=targets))
    assert untrained_experts(model) == left
    names = trained_parameters(model)
    assert any("experts" in name for name in names) is (left == 0)


def test_full_tuning_of_a_base_in_16_bit_is_in_float32(base: Base) -> None:
    model = attach(base.model.to(torch.bfloat16), full())
    assert {p.dtype for _, p in model.named_parameters()} == {torch.float32}
    assert not model.get_input_embeddings().weight.requires_grad


def test_a_seed_draws_one_adapter(folder: Path) -> None:
    drawn = [snapshot(attach(load_base(folder).model, config(schedule=s))) for s in SEEDS]
    digests = [digest_of_tensors(tensors) for tensors in drawn]
    assert digests[0] == digests[1] != digests[2]


def test_what_is_saved_names_its_layers_in_one_order(base: Base, tmp_path: Path) -> None:
    save(attach(base.model, config()), tmp_path)
    named = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert named == sorted(named)
    assert {name.rpartition(".")[2] for name in named} == ATTENTION | MLP


@pytest.mark.parametrize("made", [config, full])
def test_a_base_without_such_layers_is_refused(
    base: Base, made: Callable[..., TrainConfig]
) -> None:
    for layer in insides(base.model).model.layers:
        layer.mlp = torch.nn.Identity()
    with pytest.raises(DataError, match="'mlp' finds no layers"):
        attach(base.model, made(targets="mlp"))


def test_restored_tensors_are_those_that_were_saved(base: Base) -> None:
    model = attach(base.model, config())
    changed = {name: tensor + 1 for name, tensor in snapshot(model).items()}
    restore(model, changed)
    assert digest_of_tensors(snapshot(model)) == digest_of_tensors(changed)


def test_tensors_that_do_not_fit_are_noticed(base: Base) -> None:
    model = attach(base.model, config())
    renamed = {name.replace("default", "other"): t for name, t in snapshot(model).items()}
    with pytest.raises(BugError, match="not what was saved"):
        restore(model, renamed)


def test_an_optimizer_survives_being_flattened() -> None:
    weights = {"a": torch.nn.Parameter(torch.ones(3)), "b": torch.nn.Parameter(torch.ones(2))}
    optimizer = torch.optim.AdamW(weights.values())
    torch.autograd.backward(weights["a"].sum() + (weights["b"] ** 2).sum())
    optimizer.step()
    state, names = optimizer.state_dict(), list(weights)
    fresh = torch.optim.AdamW(weights.values())
    fresh.load_state_dict(unflatten(flatten(state, names), names, fresh.state_dict()))
    again = flatten(fresh.state_dict(), names)
    assert digest_of_tensors(again) == digest_of_tensors(flatten(state, names))
    assert len(again) == 6

"""A base in NF4 on a CPU: which layers are, what they compute, and that computing changes none."""

from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn.modules import Linear4bit
from tests.model_classes import insides

from gabarito.models import CausalModel, load_base

CPU = torch.device("cpu")
IDS = torch.tensor([[1, 4, 20, 21, 5, 30, 2]])


def quantised(folder: Path, dtype: torch.dtype) -> CausalModel:
    return load_base(folder, dtype=dtype, device=CPU, is_quantised=True).model


def layers_of(model: CausalModel) -> dict[str, Linear4bit]:
    return {name: m for name, m in model.named_modules() if isinstance(m, Linear4bit)}


@torch.no_grad()
def with_weights_of(layers: dict[str, Linear4bit], whole: CausalModel) -> CausalModel:
    """Put what 4-bit layers stand for into a model that is not quantised."""
    for name, layer in layers.items():
        weight: Any = layer.weight  # its state is bitsandbytes' own
        plain = dequantize_4bit(weight.data, weight.quant_state)
        insides(whole).get_submodule(name).get_parameter("weight").copy_(plain)
    return whole


def test_every_linear_layer_is_in_nf4_and_neither_embeddings_nor_output_layer(
    folder: Path,
) -> None:
    model = quantised(folder, torch.bfloat16)
    plain = load_base(folder, dtype=torch.bfloat16, device=CPU).model
    linear = {name for name, m in plain.named_modules() if isinstance(m, torch.nn.Linear)}
    layers = layers_of(model)
    assert layers.keys() == linear - {"lm_head"}
    weights: list[Any] = [layer.weight for layer in layers.values()]
    states = [weight.quant_state for weight in weights]
    assert all(state.quant_type == "nf4" and state.nested for state in states)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    for name, weight in model.named_parameters():
        if weight.dtype != torch.uint8:
            assert torch.equal(weight, insides(plain).get_parameter(name)), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_layer_in_nf4_computes_what_its_dequantised_weights_do(
    folder: Path, dtype: torch.dtype
) -> None:
    model = quantised(folder, dtype)
    whole = load_base(folder, dtype=dtype, device=CPU).model
    exact = whole(input_ids=IDS).logits
    found = model(input_ids=IDS).logits
    torch.testing.assert_close(
        found, with_weights_of(layers_of(model), whole)(input_ids=IDS).logits
    )
    assert not torch.allclose(found, exact, rtol=1e-2, atol=1e-2)


def test_an_answer_repacks_no_layer(folder: Path) -> None:
    model = quantised(folder, torch.bfloat16)
    before = {name: layer.weight.data.clone() for name, layer in layers_of(model).items()}
    with torch.no_grad():
        model.eval()(input_ids=IDS)
    for name, layer in layers_of(model).items():
        assert torch.equal(layer.weight.data, before[name]), name

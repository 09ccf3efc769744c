"""Merging: the model says what base and adapter said together."""

import copy
from pathlib import Path

import pytest
import torch
from tests.model_classes import insides
from tests.unit.models.tiny import save_mixture
from torch import nn

from gabarito.core.errors import DataError, SettingsError
from gabarito.merge.config import MergeConfig
from gabarito.merge.merging import check_distance, merged, next_token_probabilities
from gabarito.models import CausalModel, load_base
from gabarito.models.adapter import base_of

from .conftest import with_adapter

PROMPTS = [[1, 4, 30, 31, 5], [1, 60, 61, 62, 63, 64, 2]]
EXACT = MergeConfig(tolerance=1e-5)


def test_a_merged_model_says_what_the_adapter_says(adapted: CausalModel) -> None:
    expected = next_token_probabilities(adapted, PROMPTS)
    found = next_token_probabilities(merged(adapted), PROMPTS)
    assert check_distance(found, expected, EXACT) < 1e-5


def test_adapters_of_experts_and_of_their_router_are_merged(tmp_path: Path) -> None:
    model = with_adapter(load_base(save_mixture(tmp_path), dtype=torch.float32).model)
    assert any("mlp.gate.lora_A" in name for name, _ in model.named_parameters())
    expected = next_token_probabilities(model, PROMPTS)
    plain = load_base(tmp_path, dtype=torch.float32).model
    with pytest.raises(SettingsError, match="away from the adapter's"):
        check_distance(next_token_probabilities(plain, PROMPTS), expected, EXACT)
    whole = merged(model)
    assert check_distance(next_token_probabilities(whole, PROMPTS), expected, EXACT) < 1e-5
    assert not any("lora" in name for name, _ in whole.named_parameters())


def test_a_merged_model_has_no_trace_of_the_adapter_and_stays_tied(adapted: CausalModel) -> None:
    whole = merged(adapted)
    assert not any("lora" in name for name, _ in whole.named_parameters())
    assert whole.get_output_embeddings().weight is whole.get_input_embeddings().weight


def test_in_16_bit_the_sum_is_rounded_once(folder: Path) -> None:
    model = with_adapter(load_base(folder, dtype=torch.bfloat16).model)
    layer = insides(base_of(model)).model.layers[0].mlp.up_proj
    whole, part = layer.get_base_layer().weight.float(), layer.get_delta_weight("default")
    expected = (whole + part).to(torch.bfloat16)
    found = insides(merged(model)).model.layers[0].mlp.up_proj.weight
    assert torch.equal(found, expected)


def test_an_adapter_that_was_lost_is_noticed(adapted: CausalModel, folder: Path) -> None:
    expected = next_token_probabilities(adapted, PROMPTS)
    plain = load_base(folder, dtype=torch.float32).model
    with pytest.raises(SettingsError, match=r"away from the adapter's, at most 0\.05"):
        check_distance(next_token_probabilities(plain, PROMPTS), expected, MergeConfig())


def test_no_number_is_no_success(adapted: CausalModel) -> None:
    expected = next_token_probabilities(adapted, PROMPTS)
    broken = [expected[0], expected[1] * float("nan")]
    with pytest.raises(SettingsError, match="nan away"):
        check_distance(broken, expected, MergeConfig())


def test_a_quantised_layer_is_refused(adapted: CausalModel) -> None:
    from peft.tuners.lora.layer import LoraLayer

    class Quantised(nn.Module, LoraLayer):
        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            LoraLayer.__init__(self, layer)

    block = insides(base_of(adapted)).model.layers[0].mlp
    block.up_proj = Quantised(copy.deepcopy(block.up_proj.get_base_layer()))
    with pytest.raises(DataError, match=r"mlp\.up_proj is quantised; load the base in 16 bit"):
        merged(adapted)

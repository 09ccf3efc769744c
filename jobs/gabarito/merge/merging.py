"""Adding an adapter to the weights that it stands beside."""

from typing import Any, cast

import torch
from peft import PeftModel
from peft.tuners.lora.layer import Linear, LoraLayer, ParamWrapper

from gabarito.core.errors import DataError, SettingsError
from gabarito.merge.config import MergeConfig
from gabarito.models import CausalModel


@torch.no_grad()
def merged(model: CausalModel) -> CausalModel:
    """Return the base model with the adapter added to its weights; ``model`` is used up.

    Weights of full fine-tuning stand in their place already.

    Each sum is made in float32 and rounded once, to the precision of the base's weights. peft's
    own merge rounds the adapter's part before it adds it.

    Raises:
        DataError: if the base's weights are quantised: what was learned would be rounded away.
    """
    if not isinstance(model, PeftModel):
        return model
    layers: list[tuple[str, Any]] = [
        (name, m) for name, m in model.named_modules() if isinstance(m, LoraLayer)
    ]
    for name, layer in layers:
        weight = _weight_of(layer)
        if weight is None:
            raise DataError(f"merge: {name} is quantised; load the base in 16 bit or more")
        part = layer.get_delta_weight("default")
        weight.copy_((weight.float() + part.float()).to(weight.dtype))
    tuner: Any = model.base_model
    bare: CausalModel = tuner.unload()
    return bare


def _weight_of(layer: LoraLayer) -> torch.Tensor | None:
    """Return what an adapter stands beside, None if it is quantised.

    A mixture's experts and its router are no layers of torch: their tensors have adapters.
    """
    if isinstance(layer, ParamWrapper):
        experts: Any = layer
        weight: torch.Tensor = experts.get_param()
        return weight
    if isinstance(layer, Linear):
        return cast("torch.Tensor", layer.get_base_layer().weight)
    return None


@torch.no_grad()
def next_token_probabilities(model: CausalModel, prompts: list[list[int]]) -> list[torch.Tensor]:
    """Return, for each prompt, a tensor of shape (tokens, vocabulary)."""
    found = []
    for ids in prompts:
        batch = torch.tensor([ids], device=model.device)
        logits = model(input_ids=batch, use_cache=False).logits[0]
        found.append(logits.float().softmax(-1))
    return found


def check_distance(
    ours: list[torch.Tensor], expected: list[torch.Tensor], config: MergeConfig
) -> float:
    """Return the largest total variation distance of two predictions of one token, in 0..1.

    Raises:
        SettingsError: if it is above the tolerance.
    """
    pairs = zip(ours, expected, strict=True)
    distance = float(torch.stack([(a - b).abs().sum(-1).max() / 2 for a, b in pairs]).max())
    if not distance <= config.tolerance:  # no number is no success
        raise SettingsError(
            f"merge: the merged model's predictions are {distance:.3f} away from the adapter's, "
            f"at most {config.tolerance} is allowed; set merge.dtype to float32, or raise "
            "merge.tolerance"
        )
    return distance

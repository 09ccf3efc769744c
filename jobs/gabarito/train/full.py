"""Full fine-tuning: the weights of a base's own linear layers are trained, without an adapter."""

import torch
from transformers.pytorch_utils import Conv1D

from gabarito.models import CausalModel

ALL_LINEAR = "all-linear"


def linear_layers(model: CausalModel) -> dict[str, torch.nn.Module]:
    """Return the linear layers by name, without the output layer.

    That one is most often tied to the embeddings, and neither is trained by any method.
    """
    head = model.get_output_embeddings()
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, (torch.nn.Linear, Conv1D)) and layer is not head
    }


def experts_of(model: CausalModel) -> dict[str, torch.nn.Parameter]:
    """Return by name the weights of a mixture's experts that are no linear layers.

    transformers keeps those of a layer as tensors of three dimensions.
    """
    return {
        name: weights
        for name, weights in model.named_parameters()
        if weights.ndim > len(("in", "out")) and "experts" in name.split(".")
    }


def free_layers(model: CausalModel, names: str | list[str]) -> CausalModel:
    """Let all linear layers be trained, or those of these names, and nothing else, in float32.

    With all, and with those of the MLP, the experts of a mixture are trained, too.

    In 16 bit most updates would be rounded away: they are smaller than what tells two numbers of
    a weight's size apart.

    Raises:
        ValueError: if there are no such layers.
    """
    whole = model.to(torch.float32).requires_grad_(requires_grad=False)
    free: list[torch.nn.Module | torch.nn.Parameter] = [
        layer
        for name, layer in linear_layers(whole).items()
        if names == ALL_LINEAR or name.rpartition(".")[2] in names
    ]
    if names == ALL_LINEAR or "down_proj" in names:
        free += experts_of(whole).values()
    if not free:
        raise ValueError(f"none of {names}")
    for each in free:
        each.requires_grad_()
    return whole

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


def free_layers(model: CausalModel, names: str | list[str]) -> CausalModel:
    """Let all linear layers be trained, or those of these names, and nothing else, in float32.

    In 16 bit most updates would be rounded away: they are smaller than what tells two numbers of
    a weight's size apart.

    Raises:
        ValueError: if there are no such layers.
    """
    free = [
        layer
        for name, layer in linear_layers(model).items()
        if names == ALL_LINEAR or name.rpartition(".")[2] in names
    ]
    if not free:
        raise ValueError(f"none of {names}")
    whole = model.to(torch.float32).requires_grad_(requires_grad=False)
    for layer in free:
        layer.requires_grad_()
    return whole

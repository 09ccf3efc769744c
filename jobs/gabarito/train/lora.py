"""What is trained: low-rank matrices beside the linear layers of a frozen base, or these layers.

LoRA: Hu et al., 2021, https://arxiv.org/abs/2106.09685.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.layer import ParamWrapper
from safetensors.torch import save_file

from gabarito.core.errors import BugError, DataError
from gabarito.models import CausalModel
from gabarito.models.adapter import WEIGHTS_FILE, peft_is_quiet
from gabarito.train.config import TrainConfig
from gabarito.train.full import ALL_LINEAR, experts_of, free_layers
from gabarito.train.recipe import recipe_of

TARGETS: Mapping[str, str | list[str]] = {
    "all-linear": ALL_LINEAR,
    "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "mlp": ["gate_proj", "up_proj", "down_proj"],
}
"""The layers of each value of ``train.targets``, as peft names them, too."""

Tensors = Mapping[str, torch.Tensor]


def attach(model: CausalModel, config: TrainConfig) -> CausalModel:
    """Put an untrained adapter, in float32, beside the layers that ``config`` names.

    By the method ``full`` these layers are trained themselves.

    The output layer stays as it is: tied to the embeddings it would have to be untied.

    Raises:
        DataError: if the model has no such layers.
    """
    torch.manual_seed(config.schedule.seed)
    try:
        if config.method == "full":
            return free_layers(model, TARGETS[config.targets])
        return _wrapped(model, config)
    except ValueError as error:
        raise DataError(
            f"base {config.base!r}: train.targets {config.targets!r} finds no layers: {error}"
        ) from error


def trained_parameters(model: CausalModel) -> dict[str, torch.nn.Parameter]:
    """Return the adapter's parameters by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def untrained_experts(model: CausalModel) -> int:
    """Return how many weights of a mixture's experts are neither trained nor have an adapter."""
    wrappers: list[Any] = [layer for layer in model.modules() if isinstance(layer, ParamWrapper)]
    adapted = {id(layer.get_param()) for layer in wrappers}
    return sum(
        weights.numel()
        for weights in experts_of(model).values()
        if not weights.requires_grad and id(weights) not in adapted
    )


def save(model: CausalModel, folder: Path) -> None:
    """Write the adapter as peft does, without its empty form of a model card.

    Of full fine-tuning the trained weights are written.
    """
    if not isinstance(model, PeftModel):
        folder.mkdir(parents=True, exist_ok=True)
        save_file(snapshot(model), folder / WEIGHTS_FILE)
        return
    lora = model.peft_config["default"]
    if isinstance(lora, LoraConfig) and isinstance(lora.target_modules, set):
        lora.target_modules = sorted(lora.target_modules)  # a set's order differs in each process
    model.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


def snapshot(model: CausalModel) -> dict[str, torch.Tensor]:
    """Return a copy of the adapter on the CPU."""
    return {name: p.detach().cpu().clone() for name, p in trained_parameters(model).items()}


def restore(model: CausalModel, tensors: Tensors) -> None:
    """Put saved tensors into the adapter, and make sure that they arrived.

    Raises:
        BugError: if the adapter is not what was saved.
    """
    parameters = trained_parameters(model)
    with torch.no_grad():
        for name in parameters.keys() & tensors.keys():
            parameters[name].copy_(tensors[name])
    if digest_of_tensors(snapshot(model)) != digest_of_tensors(tensors):
        raise BugError("adapter: what was restored is not what was saved; report this")


def digest_of_tensors(tensors: Tensors) -> str:
    """Return the SHA-256 of names, shapes and bytes of tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _wrapped(model: CausalModel, config: TrainConfig) -> CausalModel:
    recipe = recipe_of(config, model.num_parameters())
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=config.dropout,
        target_modules=TARGETS[config.targets],
        task_type="CAUSAL_LM",
    )
    with peft_is_quiet():
        wrapped = get_peft_model(cast("torch.nn.Module", model), lora)
    wrapped.peft_config["default"].base_model_name_or_path = config.base
    return wrapped


def flatten(state: Mapping[str, Any], names: list[str]) -> dict[str, torch.Tensor]:
    """Return an optimizer's state as tensors by name: ``<parameter>/<quantity>``."""
    return {
        f"{names[index]}/{quantity}": torch.as_tensor(value).cpu()
        for index, values in state["state"].items()
        for quantity, value in values.items()
    }


def unflatten(tensors: Tensors, names: list[str], state: dict[str, Any]) -> dict[str, Any]:
    """Return ``state``, an optimizer's own, with the tensors of ``flatten`` in it."""
    filled: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, quantity = key.rpartition("/")
        filled.setdefault(names.index(name), {})[quantity] = tensor
    return {**state, "state": filled}

"""A saved adapter in a base model: here alone, because peft takes seconds to import."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from peft.utils.save_and_load import get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file

from gabarito.core.errors import DataError, MissingError
from gabarito.models.causal_model import CausalModel

WEIGHTS_FILE = "weights.safetensors"
"""What full fine-tuning has for an adapter: the trained weights, by the names of the base's own."""


def load_adapter(model: CausalModel, folder: Path) -> CausalModel:
    """Put a saved adapter into a base model, and make sure that it is really there.

    Matrices stand beside the base's weights, weights of full fine-tuning in their place, rounded
    to its precision.

    Raises:
        MissingError: if the folder holds no adapter.
        DataError: if it does not open, or its tensors did not arrive in the model.
    """
    if (folder / WEIGHTS_FILE).is_file():
        return _with_weights(model, folder)
    saved = _adapter_tensors(folder)
    with peft_is_quiet():
        wrapped = PeftModel.from_pretrained(
            cast("torch.nn.Module", model),
            str(folder),
            adapter_name="default",
            local_files_only=True,
        )
    arrived = get_peft_model_state_dict(
        wrapped, adapter_name="default", save_embedding_layers=False
    )
    if saved.keys() != arrived.keys() or not all(
        torch.equal(tensor, arrived[name].cpu().to(tensor.dtype)) for name, tensor in saved.items()
    ):
        raise _misfit(folder)
    return wrapped


def base_of(model: CausalModel) -> CausalModel:
    """Return the base that an adapter stands beside, or the model itself without one."""
    return cast("CausalModel", model.get_base_model()) if isinstance(model, PeftModel) else model


@contextmanager
def peft_is_quiet() -> Iterator[None]:
    """Hide what peft 0.21 says of models that it wraps as it should.

    It causes a warning in transformers 5 with each, of a GPT-2 it tells that its layers have
    their weights the other way round, which it minds, and of a mixture's experts, which are
    tensors, that no layer is called as they are.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        warnings.filterwarnings(
            "ignore", "The following (rank|alpha)_pattern keys did not match", RuntimeWarning
        )
        warnings.filterwarnings("ignore", "fan_in_fan_out is set to False", UserWarning)
        yield


def _adapter_tensors(folder: Path) -> dict[str, torch.Tensor]:
    """Return an adapter's tensors; peft would take a folder without its files for a hub id."""
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise MissingError(f"{folder}: no adapter there, {name} is missing; run train again")
    return _opened(folder, "adapter_model.safetensors")


@torch.no_grad()
def _with_weights(model: CausalModel, folder: Path) -> CausalModel:
    own = dict(model.named_parameters())
    for name, tensor in _opened(folder, WEIGHTS_FILE).items():
        if name not in own or own[name].shape != tensor.shape:
            raise _misfit(folder)
        own[name].copy_(tensor)
    return model


def _opened(folder: Path, name: str) -> dict[str, torch.Tensor]:
    try:
        return load_file(folder / name)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{folder}: no adapter that opens; run train again: {error}") from error


def _misfit(folder: Path) -> DataError:
    return DataError(f"{folder}: the adapter does not fit this base; train and base must match")

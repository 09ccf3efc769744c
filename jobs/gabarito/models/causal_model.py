"""What train, merge, evaluate and serve use of a model."""

from collections.abc import Iterator
from typing import Any, Protocol, Self

import torch
from transformers import GenerationConfig, PreTrainedConfig


class CausalModel(Protocol):
    """A causal language model of transformers, with or without peft's adapter around it.

    Both classes have far more to them, half of it without types, and no class in common that
    has what is used: this is that, so that a misspelt use is found by mypy.
    """

    config: PreTrainedConfig
    generation_config: GenerationConfig
    training: bool
    supports_gradient_checkpointing: bool

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its weights."""

    def __call__(self, **inputs: Any) -> Any:  # noqa: ANN401  # a class of each architecture
        """Return ``logits`` of shape (rows, tokens, vocabulary), and the cache if asked for."""

    def forward(self, **inputs: Any) -> Any:  # noqa: ANN401  # its own parameters, in each class
        """Do what a call does, without hooks."""

    def train(self, mode: bool = ...) -> Self:
        """Switch to training."""

    def eval(self) -> Self:
        """Switch to inference."""

    def to(self, dtype: torch.dtype, /) -> Self:
        """Change the precision of its weights."""

    def requires_grad_(self, requires_grad: bool = ...) -> Self:
        """Freeze or free its weights."""

    def modules(self) -> Iterator[torch.nn.Module]:
        """Walk through its layers."""

    def named_modules(self) -> Iterator[tuple[str, torch.nn.Module]]:
        """Walk through its layers with their names."""

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Walk through its weights with their names."""

    def num_parameters(self) -> int:
        """Count its weights."""

    def get_input_embeddings(self) -> torch.nn.Embedding:
        """Return the layer that turns tokens into vectors."""

    def get_output_embeddings(self) -> torch.nn.Linear:
        """Return the layer that turns hidden states into logits."""

    def get_decoder(self) -> torch.nn.Module:
        """Return the layers between: tokens in, ``last_hidden_state`` out."""

    def activation_checkpointing_enable(self, options: dict[str, bool], /) -> None:
        """Compute activations once more for the gradient instead of keeping them."""

    def set_attn_implementation(self, name: str, /) -> None:
        """Exchange the function that computes attention."""

    def save_pretrained(self, folder: str, /) -> None:
        """Write weights and config."""

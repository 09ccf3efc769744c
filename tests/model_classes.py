"""The classes behind the models of the product, for tests that make one or look into it."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from gabarito.models import CausalModel
from gabarito.models.adapter import peft_is_quiet
from gabarito.train.lora import trained_parameters


def as_causal(model: torch.nn.Module) -> CausalModel:
    """Return a model of transformers as what the product uses of it."""
    return cast("CausalModel", model)


def insides(model: CausalModel) -> Any:  # noqa: ANN401  # each architecture names its own layers
    """Return a model as its own class has it: with layers and methods that no protocol names."""
    return model


def as_adapted(model: CausalModel) -> PeftModel:
    """Return a model that has an adapter beside it."""
    assert isinstance(model, PeftModel)
    return model


def with_lora(model: CausalModel, settings: LoraConfig) -> PeftModel:
    """Put an untrained adapter beside a model's layers."""
    with peft_is_quiet():
        return as_adapted(get_peft_model(cast("torch.nn.Module", model), settings))


def flat_gradient(model: CausalModel) -> torch.Tensor:
    """Return the gradient of all trained weights, one behind the other."""
    parts = []
    for parameter in trained_parameters(model).values():
        assert parameter.grad is not None
        parts.append(parameter.grad.flatten())
    return torch.cat(parts)


def fast_tokenizer(tokenizer: Tokenizer, settings: Mapping[str, object]) -> PreTrainedTokenizerFast:
    """Return a tokenizer as transformers have it."""
    of_class: Any = PreTrainedTokenizerFast  # its parameters have no types
    made: PreTrainedTokenizerFast = of_class(tokenizer_object=tokenizer, **settings)
    return made

"""What a model makes of its output layer's logits: some scale them, some cap them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import torch
from torch import nn
from transformers.modeling_outputs import MoeModelOutputWithPast

from gabarito.core.errors import DataError
from gabarito.models import CausalModel

CAP = "final_logit_softcapping"
"""Gemma's: far logits bend towards it, by a hyperbolic tangent."""

FACTORS = ("logits_scaling", "logit_scale", "lm_head_multiplier")
"""Of Granite, Cohere and Falcon-H1; Granite divides by its own, and HyperCLOVA X does not."""

REACH = 64.0
"""Logits that are tried: no cap is so far off that they would not show it."""

PROBED_TOKENS = 16


@dataclass(frozen=True)
class LogitRule:
    """What is done with the logits of an output layer, in this order."""

    factor: float = 1.0
    divisor: float = 1.0
    cap: float | None = None

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the model's own logits, in the precision of the output layer's."""
        scaled = logits
        if self.factor != 1.0:
            scaled = scaled * self.factor
        if self.divisor != 1.0:
            scaled = scaled / self.divisor
        return scaled if self.cap is None else torch.tanh(scaled / self.cap) * self.cap


@torch.no_grad()
def logit_rule(model: CausalModel) -> LogitRule:
    """Return what a model makes of its output layer's logits, its weights unread.

    The names in its config say what it may be, and the model itself, given known logits, what it
    is: the same name means another thing in another architecture.

    Raises:
        DataError: if it makes something else of them.
    """
    shape = (1, PROBED_TOKENS, PROBED_TOKENS)
    known = torch.linspace(-REACH, REACH, PROBED_TOKENS**2, device="cpu").reshape(shape)
    ids = torch.arange(PROBED_TOKENS, device=model.device)[None]
    try:
        with _logits_given(model, known):
            own = model.forward(input_ids=ids, use_cache=False).logits
    except (RuntimeError, IndexError) as error:  # layers of another shape stand between, as BERT's
        raise unknown_logits(model) from error
    for rule in _candidates(model) if own is not None and own.shape == shape else ():
        if torch.allclose(rule(known), own.float(), rtol=1e-5, atol=1e-5):
            return rule
    raise unknown_logits(model)


def unknown_logits(model: CausalModel) -> DataError:
    """Return what is said of a base whose logits the loss cannot be taken of."""
    return DataError(
        f"{model.config.name_or_path}/config.json: {model.config.model_type!r} does more with its "
        "logits than to scale and cap them, and the loss would be of others; use another base, "
        "such as a Llama"
    )


def _candidates(model: CausalModel) -> Iterator[LogitRule]:
    text = model.config.get_text_config()
    found = {name: getattr(text, name, None) for name in (*FACTORS, CAP)}
    numbers = {name: float(of) for name, of in found.items() if isinstance(of, int | float)}
    caps = [None, numbers[CAP]] if numbers.get(CAP) else [None]
    factors = [numbers[name] for name in FACTORS if numbers.get(name)]
    scales = [(1.0, 1.0), *((of, 1.0) for of in factors), *((1.0, of) for of in factors)]
    for (factor, divisor), cap in product(scales, caps):
        yield LogitRule(factor, divisor, cap)


class _Decoded(MoeModelOutputWithPast):
    """What a decoder returns, whatever else is looked for in it."""

    def __getattr__(self, _name: str) -> None:
        return None


@contextmanager
def _logits_given(model: CausalModel, logits: torch.Tensor) -> Iterator[None]:
    """Let the output layer say these logits of whatever is read.

    They come out of the decoder, and the layer gives what it gets: what is done between the two
    is seen, too.
    """
    read = _Decoded(last_hidden_state=logits)
    decoder = _replaced(model.get_decoder(), lambda *_given, **_named: read)
    with decoder, _replaced(model.get_output_embeddings(), lambda given: given):
        yield


@contextmanager
def _replaced(layer: nn.Module, forward: Callable[..., object]) -> Iterator[None]:
    """Exchange what a layer computes; accelerate may have put its own there before."""
    had = layer.__dict__.get("forward")
    layer.__dict__["forward"] = forward
    try:
        yield
    finally:
        del layer.__dict__["forward"]
        if had is not None:
            layer.__dict__["forward"] = had

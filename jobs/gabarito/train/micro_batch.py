"""How much of a step is in memory at once: its rows in parts, of which the gradients are summed.

Without parts, a step of 64 rows of 512 tokens needs some 400 GB at the widths of Llama 3.1 8B.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from operator import itemgetter

import torch

from gabarito.models import CausalModel
from gabarito.models.adapter import base_of
from gabarito.train.config import Limits
from gabarito.train.encode import Row
from gabarito.train.lora import trained_parameters

LAYER_BYTES = 112
"""What a token keeps of a layer for the gradient, in bytes for each of its widths, in 16 bit.

Of a Llama's layer: 38 for what enters its seven adapters, in float32; 28 for the four products
of the MLP, 3.5 widths each; the rest for attention, norms and residuals.
"""

KEPT_BYTES = 2
"""The same where a layer is computed once more for the gradient: what enters it alone."""

SHARE = 0.7
"""Of the free memory; the rest is for logits, the optimizer, and what fragments leave over."""

TO_COME_BYTES = 12
"""What a trained number has yet to take: its gradient and the two moments of AdamW, in float32."""

RECOMPUTED_FROM = 1 << 15
"""Width times layers from which layers are computed once more: that of Llama 3.2 1B.

It takes about a third more time. Below, a row of 512 tokens needs less than 2 GB.
"""


Count = Callable[[Iterable[Row]], Iterator[int]]
"""Yields the tokens of the first row, of the first two, and so on; no number is less than before.

One number for all of them would have to be asked for anew with each row: of 4096 packed rows in
two seconds.
"""


@dataclass
class MemoryBudget:
    """What memory holds at once: so many rows, and so many tokens, as ``count`` counts them."""

    rows: int | None
    tokens: float
    count: Count

    def parts(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Return rows in parts that fit, in their order; a row too long is a part of its own."""
        parts: list[list[Row]] = []
        begin = 0
        while begin < len(rows):
            end = begin + max(1, self._fitting(rows, begin))
            parts.append(list(rows[begin:end]))
            begin = end
        return parts

    def halve(self, rows: Sequence[Row]) -> bool:
        """Make do with half of the largest part of ``rows``; False if that is a single row."""
        tokens, largest = max(
            ((max(self.count(part)), part) for part in self.parts(rows)), key=itemgetter(0)
        )
        if len(largest) == 1:
            return False
        self.tokens = tokens / 2
        return True

    def _fitting(self, rows: Sequence[Row], begin: int) -> int:
        """Return how many rows fit, from the one at ``begin`` on."""
        following = (rows[place] for place in range(begin, len(rows)))
        counts = islice(self.count(following), self.rows)
        return sum(1 for _ in takewhile(lambda tokens: tokens <= self.tokens, counts))


def memory_budget(model: CausalModel, limits: Limits, count: Count) -> MemoryBudget:
    """Return what may be in memory at once: as set, or what the GPU has room for."""
    if limits.micro_batch is not None or model.device.type != "cuda":
        return MemoryBudget(limits.micro_batch, math.inf, count)
    free = torch.cuda.mem_get_info(model.device)[0]
    free += torch.cuda.memory_reserved(model.device) - torch.cuda.memory_allocated(model.device)
    free -= TO_COME_BYTES * sum(one.numel() for one in trained_parameters(model).values())
    return MemoryBudget(None, SHARE * free / bytes_a_token(base_of(model)), count)


def bytes_a_token(model: CausalModel) -> float:
    """Return the memory that a token of a training step takes."""
    layers = _layers(model)
    kept = (
        layers * KEPT_BYTES + LAYER_BYTES
        if checkpoints_activations(model)
        else layers * LAYER_BYTES
    )
    return float(_width(model) * kept * model.dtype.itemsize / torch.bfloat16.itemsize)


def checkpoints_activations(model: CausalModel) -> bool:
    """Tell whether the layers of a model are computed once more for the gradient."""
    is_large = _width(model) * _layers(model) >= RECOMPUTED_FROM
    return model.device.type == "cuda" and is_large and model.supports_gradient_checkpointing


def enable_activation_checkpointing(model: CausalModel) -> None:
    """Keep what enters a layer alone, and compute the rest once more for the gradient.

    The inputs need no gradient for it: only reentrant checkpoints ask for that.
    """
    model.activation_checkpointing_enable({"use_reentrant": False})


def _width(model: CausalModel) -> int:
    return int(model.config.get_text_config().hidden_size)


def _layers(model: CausalModel) -> int:
    return int(model.config.get_text_config().num_hidden_layers)
